"""What llama.cpp makes of templates before it loads them: conditions that it takes out, word by word."""

from __future__ import annotations

from portable_tpl.targets.steps._base import Normalisation

_NEVER = "{%- if false %}"
_CHANNELS = (
    '{%- if "<|channel|>analysis<|message|>" in message.content or '
    '"<|channel|>final<|message|>" in message.content %}'
)
_EMPTY = (
    "{%- if (message['content'] is none or message['content'] == '' or message['content']|length == 0) and "
    "(message['tool_calls'] is not defined or message['tool_calls'] is none or "
    "message['tool_calls']|length == 0) %}"
)


def _patched(text: str) -> str:
    if "[TOOL_CALLS]" in text:
        text = text.replace(_EMPTY, _NEVER)
    return text.replace(_CHANNELS, _NEVER)


NORMALISATIONS = (
    Normalisation(
        "template-patched",
        "Two conditions under which known templates refuse a message are taken out of the template.",
        "llama.cpp common/chat.cpp, common_chat_templates_init, measured on b11549",
        ("llama.cpp",),
        rewrite=_patched,
    ),
)
