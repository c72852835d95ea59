"""What deployments do to the finished prompt."""

from __future__ import annotations

from portable_tpl.model.conversation import Conversation
from portable_tpl.targets.steps._base import Normalisation

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"


def _bos_stripped(text: str, conversation: Conversation) -> str:
    token = conversation.tokens_for({}).get("bos_token", "")
    return text.removeprefix(token)


def _eos_stripped(text: str, conversation: Conversation) -> str:
    token = conversation.tokens_for({}).get("eos_token", "")
    return text.removesuffix(token) if token else text


NORMALISATIONS = (
    Normalisation(
        "bos-stripped",
        "A beginning-of-text token at the start of the prompt is removed, as the tokenizer adds its own.",
        _CHAT_CPP,
        ("llama.cpp",),
        finish=_bos_stripped,
    ),
    Normalisation(
        "eos-stripped",
        "An end-of-text token at the end of the prompt is removed, as the tokenizer adds its own.",
        _CHAT_CPP,
        ("llama.cpp",),
        finish=_eos_stripped,
    ),
)
