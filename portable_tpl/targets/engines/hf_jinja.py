"""@huggingface/jinja on Node.js: the engine of transformers.js, LM Studio, node-llama-cpp, the hub's own widgets."""

from __future__ import annotations

from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._contexts import json_context
from portable_tpl.targets.processes._node_engine import NodeEngine

ENGINE = NodeEngine("@huggingface/jinja", Package("hf-jinja", "npm", "@huggingface/jinja"), "hf_jinja_worker.mjs")

ADAPTERS = (
    Adapter(
        id=ENGINE.package.engine,
        engine=ENGINE.name,
        launch=ENGINE.launch,
        available=ENGINE.available,
        package=ENGINE.package,
        context=json_context,
        summary="@huggingface/jinja on Node.js, with values as JSON.parse gives them",
    ),
)
