"""What deployments do to the finished prompt."""

from __future__ import annotations

from portable_tpl.model.conversation import Conversation
from portable_tpl.targets.steps._base import Step

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"


def _bos_stripped(text: str, conversation: Conversation) -> str:
    token = conversation.tokens_for({}).get("bos_token", "")
    return text.removeprefix(token)


def _eos_stripped(text: str, conversation: Conversation) -> str:
    token = conversation.tokens_for({}).get("eos_token", "")
    return text.removesuffix(token) if token else text


def _cut_behind_answer(text: str, conversation: Conversation) -> str:
    last = conversation.messages[-1] if conversation.messages else {}
    content = last.get("content")
    if last.get("role") != "assistant" or not isinstance(content, str):
        return text
    place = text.rfind(content)
    return text if place < 0 else text[: place + len(content)].rstrip()


STEPS = (
    Step(
        "bos-stripped",
        "A beginning-of-text token at the start of the prompt is removed, as the tokenizer adds its own.",
        _CHAT_CPP,
        "The tokens are the same in the end: the tokenizer puts it back.",
        on_prompt=_bos_stripped,
    ),
    Step(
        "eos-stripped",
        "An end-of-text token at the end of the prompt is removed, as the tokenizer adds its own.",
        _CHAT_CPP,
        "The tokens are the same in the end: the tokenizer puts it back.",
        on_prompt=_eos_stripped,
    ),
    Step(
        "cut-behind-answer",
        "After a final assistant message the prompt is cut behind its content, and its end trimmed.",
        "text-generation-inference router/src/infer/chat_template.rs",
        "The model is to go on with that message: the end of turn that a template prints is not wanted.",
        on_prompt=_cut_behind_answer,
    ),
)
