"""ONNX Runtime's tokenizer extension, a fork of google/minja: ONNX Runtime GenAI, Foundry Local."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import stack_and_engine
from portable_tpl.targets.processes._contexts import given_tokens, if_json
from portable_tpl.targets.processes._python_engine import PythonEngine

_TOKENS = ("bos_token", "eos_token")
ENGINE = PythonEngine(
    Package("onnxruntime", "pip", "onnxruntime-extensions"),
    "onnxruntime_worker",
    "pip install 'portable-tpl[onnxruntime]'",
)


def stack_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """What ``apply_chat_template`` takes, and the special tokens of the tokenizer; variables cannot be given."""
    return if_json(
        {
            "messages": conversation.messages,
            "tools": conversation.tools,
            "add_generation_prompt": bool(conversation.add_generation_prompt),
            "tokens": given_tokens(conversation, container_tokens, _TOKENS),
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
ADAPTERS = stack_and_engine(
    ENGINE,
    "onnxruntime",
    "ONNX Runtime GenAI, Foundry Local: a fork of google/minja without trimming, flattened tools",
    "the template engine of ONNX Runtime's tokenizer extension alone, given the reference's own context",
    context=stack_context,
    steps=STEPS,
    aliases=("foundry-local",),
)
