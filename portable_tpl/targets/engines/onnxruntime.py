"""ONNX Runtime's tokenizer extension, a fork of google/minja: ONNX Runtime GenAI, Foundry Local."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._contexts import if_json, json_context
from portable_tpl.targets.processes._python_engine import PythonEngine

_TOKENS = ("bos_token", "eos_token")
ENGINE = PythonEngine(
    Package("onnxruntime", "pip", "onnxruntime-extensions"),
    "onnxruntime_worker",
    "pip install 'portable-tpl[onnxruntime]'",
)
_ID = ENGINE.package.engine


def stack_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """What ``apply_chat_template`` takes, and the special tokens of the tokenizer; variables cannot be given."""
    tokens = conversation.tokens_for(container_tokens)
    return if_json(
        {
            "messages": conversation.messages,
            "tools": conversation.tools,
            "add_generation_prompt": bool(conversation.add_generation_prompt),
            "tokens": {name: tokens[name] for name in _TOKENS if name in tokens},
        }
    )


STEPS = (
    "variables-not-passed",
    "messages-as-sent",
    "plain-schemas-required",
    "tools-flattened",
    "tools-omitted-when-none",
    "documents-not-passed",
    "tokens-bos-and-eos-or-empty",
)
_BARE = Adapter(
    id="onnxruntime-engine",
    engine=ENGINE.name,
    launch=ENGINE.launch,
    available=ENGINE.available,
    options={"engine": True},
    context=json_context,
    package=ENGINE.package,
    summary="the template engine of ONNX Runtime's tokenizer extension alone, given the reference's own context",
)
ADAPTERS = (
    Adapter(
        id=_ID,
        engine=ENGINE.name,
        launch=ENGINE.launch,
        available=ENGINE.available,
        aliases=("foundry-local",),
        context=stack_context,
        package=ENGINE.package,
        summary="ONNX Runtime GenAI, Foundry Local: a fork of google/minja without trimming, flattened tools",
        steps=STEPS,
        bare=_BARE,
    ),
    _BARE,
)
