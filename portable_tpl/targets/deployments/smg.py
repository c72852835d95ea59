"""smg, the gateway that was SGLang's router."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.deployments._wheels import Wheel

_SOURCE = "smg crates/tokenizer/src/chat_template.rs (f8daa88)"
_WHEEL = "the smg 1.13.0 wheel"

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
        "absent-answer-to-null",
        "media-parts-as-placeholders",
        "unstructured-parts-joined",
        "messages-as-sent",
        "tools-omitted-when-none",
        "documents-omitted-when-none",
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
    ),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
