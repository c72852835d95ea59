"""NVIDIA Dynamo."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.deployments._dynamo_frontend import frontend_adapter, installed
from portable_tpl.targets.deployments._wheels import Wheel

_FORMATTERS = "Dynamo lib/renderer/src/template/formatters.rs"
_OAI = "Dynamo lib/renderer/src/template/oai.rs"
_WHEEL = "the ai-dynamo-runtime 1.6.1 wheel"

DEPLOYMENT = Deployment(
    id="dynamo",
    summary="NVIDIA Dynamo: minijinja, messages reshaped to what a template takes, tool schemas completed",
    build=Build(
        "2.24.0",
        {
            "pycompat": True,
            "trim_blocks": True,
            "lstrip_blocks": True,
            "lenient_length": True,
            "fromjson": True,
            "contrib": False,
        },
        json_arguments=(),
    ),
    steps=(
        "generation-blocks-as-scopes",
        "items-method-as-filter",
        "fitting-request-required",
        "unknown-fields-lost",
        "arguments-to-text",
        "tool-description-filled",
        "tool-parameters-completed",
        "later-systems-demoted",
        "consecutive-users-merged",
        "media-parts-as-placeholders",
        "string-to-needed-parts",
        "parts-joined-unless-needed",
        "arguments-parsed-unless-printed",
        "reasoning-put-into-content",
        "own-variables-kept",
        "messages-as-sent",
        "documents-omitted-when-none",
        "tokens-bos-eos-and-unk",
    ),
    wheel=Wheel("ai-dynamo-runtime", "1.6.1"),
    facts=(
        Fact("minijinja 2.24.0 with pycompat, trim_blocks and lstrip_blocks", _WHEEL),
        Fact("no striptags, truncate, joiner and what else minijinja-contrib has beside pycompat", _WHEEL),
        Fact("length of none and of what is undefined is 0; filters fromjson and from_json", _FORMATTERS),
        Fact("tojson as json.dumps writes it", "Dynamo lib/renderer/src/template/tokcfg.rs"),
    ),
    limits=(
        Fact("names in letters beyond ASCII do not parse there", _WHEEL),
        Fact("strip, splitlines and isspace know all of Python's white space there", _WHEEL),
        Fact("floats past 16 digits, or with an exponent, are printed with other digits", _WHEEL),
        Fact("ensure_ascii, sort_keys and separators of tojson are taken and have no effect", "limit of this model"),
        Fact("image placeholders in templates of LLaVA and Phi-3", _FORMATTERS),
        Fact("a template is tried out without tools only", _OAI),
        Fact("the patches of MiniMax M2's and Gemma 4's templates", _FORMATTERS),
    ),
)
MODEL = deployment_adapter(DEPLOYMENT)
# The real frontend where its package is installed; the model of it for who has none.
ADAPTERS = (frontend_adapter(MODEL) if installed() else MODEL,)
