"""vLLM."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.engines.transformers import ENGINE

_SOURCE = "vLLM vllm/renderers/hf.py (e7ad92e)"

DEPLOYMENT = Deployment(
    id="vllm",
    summary="vLLM: the reference, with messages in the content format that it guesses",
    build=Build(engine=ENGINE),
    steps=(
        "empty-conversation-refused",
        "messages-rebuilt-with-strings",
        "messages-rebuilt-with-parts",
        "empty-calls-dropped",
        "arguments-parsed-or-empty",
    ),
    facts=(Fact("transformers' own apply_chat_template", _SOURCE),),
    limits=(Fact("media parts, and the choice between the templates of processor and tokenizer", _SOURCE),),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
