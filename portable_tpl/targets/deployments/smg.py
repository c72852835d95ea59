"""smg, the gateway that was SGLang's router."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.deployments._wheels import Wheel

_SOURCE = "smg crates/tokenizer/src/chat_template.rs (f8daa88)"
_WHEEL = "the smg 1.13.0 wheel"
_MEASURED = "smg 1.13.0, measured on its gateway"

DEPLOYMENT = Deployment(
    id="smg",
    summary="smg, SGLang's former gateway: minijinja, content format guessed",
    build=Build(
        "2.24.0",
        {
            "pycompat": True,
            "trim_blocks": True,
            "lstrip_blocks": True,
            "dict_function": True,
            "contrib": False,
            "urlencode": False,
        },
        json_arguments=("ensure_ascii", "sort_keys", "separators"),
    ),
    steps=(
        "jinja-file-trimmed",
        "generation-blocks-as-conditions",
        "gateway-request-required",
        "gateway-fields-kept",
        "arguments-parsed",
        "absent-answer-to-null",
        "part-keys-dropped",
        "media-parts-as-placeholders",
        "unstructured-parts-joined",
        "string-to-structured-parts",
        "tools-empty-to-none",
        "documents-lost",
        "messages-as-sent",
        "generation-prompt-always",
    ),
    wheel=Wheel("smg", "1.13.0"),
    facts=(
        Fact("minijinja 2.24.0 with pycompat, loop controls, trim_blocks and lstrip_blocks", _WHEEL),
        Fact("tojson as json.dumps writes it, with indent, ensure_ascii, sort_keys and separators", _SOURCE),
        Fact("no urlencode, striptags, truncate, joiner and what else its binary does not name", _WHEEL),
        Fact("raise_exception, strftime_now and dict()", _WHEEL),
    ),
    limits=(
        Fact("the thinking flag that a request's reasoning_effort sets under the name a template uses", _SOURCE),
        Fact(
            "templates of DeepSeek V3.2, V4, Kimi K2.5 and K3, for which code of its own stands in",
            "smg crates/tokenizer",
        ),
        Fact("media parts go before text parts", "smg model_gateway, transform_content_field"),
        Fact("none is not iterable there, and here it is", _MEASURED),
        Fact("a part with an image is refused, unless it knows the model", _MEASURED),
        Fact("a backend that is asked over HTTP gets the messages, and renders itself", _MEASURED),
    ),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
