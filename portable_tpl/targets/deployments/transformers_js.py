"""transformers.js."""

from __future__ import annotations

from portable_tpl.targets.deployments._build import Build
from portable_tpl.targets.deployments._deployment import Deployment, Fact, deployment_adapter
from portable_tpl.targets.deployments._wheels import Wheel
from portable_tpl.targets.engines.hf_jinja import ENGINE

_SOURCE = "transformers.js 4.3.1, src/tokenization_utils.js, apply_chat_template"

DEPLOYMENT = Deployment(
    id="transformers.js",
    summary="transformers.js: @huggingface/jinja as it bundles it, messages as they come",
    build=Build("0.5.10", engine=ENGINE),
    steps=("messages-as-sent", "tokens-named-and-filled"),
    wheel=Wheel("@huggingface/transformers", "4.3.1", "npm"),
    facts=(
        Fact("@huggingface/jinja 0.5.10", "the @huggingface/transformers 4.3.1 package"),
        Fact("tools and documents that were not given are null, as in the reference", _SOURCE),
        Fact("a conversation without messages is rendered", _SOURCE),
    ),
    limits=(
        Fact(
            "a tokenizer reads tokenizer_config.json only; a processor reads chat_template.jinja, too",
            "transformers.js 4.3.1, src/processing_utils.js",
        ),
        Fact(
            "options of the call by the names tokenize, padding, truncation and max_length are no variables", _SOURCE
        ),
    ),
)
ADAPTERS = (deployment_adapter(DEPLOYMENT),)
