"""LM Studio: a closed program, known by its errors."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.engines.hf_jinja import ENGINE

_TRACKER = "lmstudio-ai/lmstudio-bug-tracker"

DEPLOYMENT = Deployment(
    id="lm-studio",
    summary="LM Studio, as far as it is known: @huggingface/jinja, messages as they come",
    build=Build("0.5.5", engine=ENGINE),
    steps=("messages-as-sent", "tools-omitted-when-none", "documents-omitted-when-none"),
    facts=(
        Fact(
            "@huggingface/jinja: the errors that its users quote are this engine's, word for word", f"{_TRACKER}#630"
        ),
        Fact("the engine here is 0.5.5, the last without the filter safe and the test sequence", f"{_TRACKER}#1342"),
        Fact("a content that is null reaches a template as null", f"{_TRACKER}#812"),
    ),
    limits=(
        Fact(
            "the version is a guess: safe failed in LM Studio 0.3.36 and was reported again in June 2026; "
            "a newer LM Studio may bundle a newer engine",
            f"{_TRACKER}#535 and #1342",
        ),
        Fact("that tools and documents are undefined where they were not given is a guess", "no source is public"),
        Fact("what it does to parts of images, and which variables it adds, is not known", "no source is public"),
    ),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
