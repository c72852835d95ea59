"""mistral.rs."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.deployments._wheels import Wheel

_WHEEL = "the mistralrs 0.9.5 wheel"
_SOURCE = "mistral.rs mistralrs-core/src/pipeline/chat_template.rs"

DEPLOYMENT = Deployment(
    id="mistral.rs",
    summary="mistral.rs: minijinja without loop controls, source patches, dates in UTC",
    build=Build(
        "2.14.0",
        {"pycompat": True, "trim_blocks": True, "lstrip_blocks": True, "contrib": False, "urlencode": False},
        json_arguments=(),
        loop_controls=False,
    ),
    steps=(
        "typed-tools-required",
        "arguments-object-parsed",
        "tool-schema-reordered",
        "variables-limited",
        "long-date-set",
        "enable-thinking-set",
        "reasoning-effort-set",
        "messages-as-sent",
        "tools-omitted-when-empty",
        "tool-variables-added",
        "documents-not-passed",
        "tokens-bos-eos-and-unk",
        "reverse-slice",
        "descending-range",
        "meta-lines-removed",
        "generation-tags-removed",
    ),
    wheel=Wheel("mistralrs", "0.9.5"),
    facts=(
        Fact("minijinja 2.14.0 with pycompat, trim_blocks and lstrip_blocks", _WHEEL),
        Fact("no urlencode, striptags, truncate, joiner and what else its binary does not name", _WHEEL),
        Fact("no loop controls: a template with break or continue does not load", "mistral.rs Cargo.toml, features"),
        Fact("tojson writes ', ' and ': ' and no HTML escapes, and takes any keyword argument", _SOURCE),
        Fact("strftime_now and date_string are in UTC; the clock of a conversation is taken for that", _SOURCE),
    ),
    limits=(
        Fact(
            "compared with the package's Runner, which takes role and content only; calls are from the source",
            _WHEEL,
        ),
        Fact("a tojson that is only named, as in map('tojson'), is minijinja's own", "limit of this model"),
        Fact("the rewriting of Gemma 4's and Liquid's tool messages, and one SmolLM patch", _SOURCE),
    ),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
