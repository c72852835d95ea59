"""Hugging Face text-generation-inference."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter

_SOURCE = "text-generation-inference router/src/infer/chat_template.rs"

DEPLOYMENT = Deployment(
    id="tgi",
    summary="Hugging Face text-generation-inference: minijinja without trimming, messages flattened",
    build=Build(
        "2.9.0",
        {"pycompat": True, "trim_blocks": False, "lstrip_blocks": False, "contrib": False, "urlencode": False},
    ),
    steps=(
        "messages-flattened",
        "content-required",
        "tools-described",
        "tool-prompt-added",
        "tools-and-prompt-added",
        "variables-not-passed",
        "keys-sorted",
        "documents-not-passed",
        "tokens-bos-and-eos",
        "generation-prompt-always",
        "first-message-text",
        "reverse-slice",
        "generation-tags-removed-exactly",
        "cut-behind-answer",
    ),
    facts=(
        Fact("minijinja 2.8.0 with pycompat and loop controls", "text-generation-inference Cargo.lock"),
        Fact(
            "no urlencode, and of minijinja-contrib nothing but pycompat: no striptags, no truncate, no joiner",
            "Cargo.toml, features json and loop_controls; contrib's feature pycompat",
        ),
        Fact("no trim_blocks, no lstrip_blocks, tojson as built in: compact, HTML escaped", _SOURCE),
    ),
    limits=(
        Fact(
            "the engine here is 2.9.0, the first whose Python package has pycompat",
            "minijinja's releases on PyPI; what changed between the two is not made up for",
        ),
        Fact("the keys of objects that are written in the template are not sorted", "Cargo.toml features"),
    ),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
