"""What google/minja makes of tools for a template that does not read them: a description in the system's message."""

from __future__ import annotations

import json
from functools import partial

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.steps._base import Step

_SOURCE = "google/minja chat-template.hpp, polyfill_tools, measured on OpenVINO GenAI 2026.4.1"
_CHOICE = "an example of a call"
_INDENT = 2
# What stands between the tools and the example.
EXAMPLE_FOLLOWS = "\n\nExample tool call syntax:\n\n"


def _described(conversation: Conversation, example: str) -> Conversation:
    if not conversation.tools:
        return conversation
    listed = _json_text(conversation.tools)
    text = f"You can call any of the following tools to satisfy the user's requests: {listed}{example}"
    messages = conversation.messages
    if messages and messages[0].get("role") == "system":
        content = messages[0].get("content")
        if not isinstance(content, str):
            return conversation
        rest, text = messages[1:], f"{content}\n\n{text}"
    else:
        rest = messages
    return conversation.with_changes(messages=[{"role": "system", "content": text}, *rest])


def _json_text(value: Json, level: int = 0) -> str:
    """Indented JSON as minja writes it: what is empty takes lines, too."""
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {_json_text(item, level + 1)}" for key, item in value.items()
        ]
        return _within("{", parts, "}", level)
    if isinstance(value, list):
        return _within("[", [_json_text(item, level + 1) for item in value], "]", level)
    return json.dumps(value, ensure_ascii=False)


def _within(opening: str, parts: list[str], closing: str, level: int) -> str:
    inner = "\n" + " " * _INDENT * (level + 1)
    return opening + inner + f",{inner}".join(parts) + "\n" + " " * _INDENT * level + closing


def described_with(example: str) -> Step:
    """With an example of a call behind the tools, as the template at hand prints a call."""
    return Step(
        "tools-in-system-prompt-with-example",
        "Tools, and an example of a call, are described in a system message instead of being given to the template.",
        _SOURCE,
        "So it is for templates that do not read the variable tools. The example is what the template prints of a "
        "call, and is learnt from the server.",
        on_request=partial(_described, example=EXAMPLE_FOLLOWS + example),
        choice=_CHOICE,
        variant_of="tools-in-system-prompt",
    )


DESCRIBED = Step(
    "tools-in-system-prompt",
    "Tools are described in a system message instead of being given to the template.",
    _SOURCE,
    "So it is for templates that do not read the variable tools.",
    on_request=partial(_described, example=""),
    choice=_CHOICE,
)
# The example depends on the template: this one stands for what is seen of it.
STEPS = (DESCRIBED, described_with("<tool_call>{}</tool_call>\n\n"))
