"""google/minja as OpenVINO GenAI runs it: the stack with its polyfills, and its engine alone."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._contexts import chat_request, if_json, json_context
from portable_tpl.targets.processes._python_engine import PythonEngine

_TOKENS = ("bos_token", "eos_token", "pad_token")
ENGINE = PythonEngine(
    Package("minja", "pip", "openvino-genai"),
    "minja_worker",
    "pip install 'portable-tpl[openvino]'",
    needs=("transformers",),
    environment={"MALLOC_ARENA_MAX": "2", "HF_HUB_OFFLINE": "1"},
    start_seconds=300.0,  # the first start on a machine converts a tokenizer, and imports transformers for it
)
_ID = ENGINE.package.engine


def stack_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """The request, and the special tokens of the tokenizer that it goes to."""
    tokens = conversation.tokens_for(container_tokens)
    known = {name: tokens[name] for name in _TOKENS if name in tokens}
    return if_json({"body": chat_request(conversation), "tokens": known})


# The polyfills, of which it takes those that it finds a template to need.
STEPS = (
    "string-to-parts",
    "system-to-user",
    "arguments-parsed",
    "tools-empty-to-none",
    "calls-as-content",
    "answers-as-user",
    "tools-in-system-prompt",
    "tools-omitted-when-none",
    "documents-omitted-when-none",
)
_BARE = Adapter(
    id="minja-engine",
    engine="minja",
    launch=ENGINE.launch,
    available=ENGINE.available,
    options={"engine": True},
    context=json_context,
    package=ENGINE.package,
    summary="google/minja's template engine alone, given the reference's own context",
)
ADAPTERS = (
    Adapter(
        id=_ID,
        engine="minja",
        launch=ENGINE.launch,
        available=ENGINE.available,
        aliases=("openvino",),
        context=stack_context,
        package=ENGINE.package,
        summary="google/minja in OpenVINO GenAI, with the polyfills that its users get",
        steps=STEPS,
        steps_vary=True,
        bare=_BARE,
    ),
    _BARE,
)
