"""Which of a model's special tokens deployments give to a template."""

from __future__ import annotations

from collections.abc import Callable

from portable_tpl.model.conversation import Conversation
from portable_tpl.targets.steps._base import Context, Step

# Those that transformers.js looks for in a tokenizer's configuration.
_NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


def _only_tokens(*names: str, absent: str | None = None) -> Callable[[Context, Conversation], Context]:
    """A change after which these special tokens are there, ``absent`` where the model has none, and no others."""

    def on_context(context: Context, conversation: Conversation) -> Context:
        tokens = conversation.special_tokens or {}
        lost = {name for name in tokens if name not in names and name not in conversation.variables}
        out = {name: value for name, value in context.items() if name not in lost}
        return {**dict.fromkeys(names, absent), **out}

    return on_context


def _named_and_filled(context: Context, conversation: Conversation) -> Context:
    tokens = conversation.special_tokens or {}
    kept = {name for name in _NAMED if tokens.get(name)}
    lost = {name for name in tokens if name not in kept and name not in conversation.variables}
    return {name: value for name, value in context.items() if name not in lost} if lost else context


STEPS = (
    Step(
        "tokens-bos-and-eos",
        "Of the special tokens there are bos_token and eos_token, which are none where the model has none.",
        "text-generation-inference router/src/infer/chat_template.rs, ChatTemplateInputs",
        "In the reference, a token that the model has not is undefined, and all others it has are there, too.",
        on_context=_only_tokens("bos_token", "eos_token"),
    ),
    Step(
        "tokens-bos-eos-and-unk",
        "Of the special tokens there are bos_token, eos_token and unk_token, which are none where the model "
        "has none.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs; Dynamo lib/renderer/src/template/oai.rs",
        "In the reference, a token that the model has not is undefined, and all others it has are there, too.",
        on_context=_only_tokens("bos_token", "eos_token", "unk_token"),
    ),
    Step(
        "tokens-bos-and-eos-or-empty",
        "Of the special tokens there are bos_token and eos_token, which are empty where the model has none.",
        "llama-cpp-python 0.3.36, llama_cpp/llama.py; onnxruntime-extensions shared/api/chat_template.cc",
        "In the reference, a token that the model has not is undefined, and all others it has are there, too.",
        on_context=_only_tokens("bos_token", "eos_token", absent=""),
    ),
    Step(
        "tokens-named-and-filled",
        "Of the special tokens there are seven by their names, and of these the ones that are not empty.",
        "transformers.js 4.3.1, src/tokenization_utils.js, SPECIAL_TOKEN_ATTRIBUTES",
        "They are those of beginning, end, unknown, separator, padding, class and mask. A token that is empty "
        "is undefined there, and so is every other that a tokenizer names.",
        on_context=_named_and_filled,
    ),
)
