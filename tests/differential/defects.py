"""A target that is the reference with one defect put in, and twenty defects."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime

CHAT = (
    "{%- if tools %}{{ '<tools>' + tools|tojson + '</tools>' }}{% endif %}"
    "{%- for m in messages %}{{ '<|' + m.role + '|>' + m.content }}"
    "{%- for c in m.tool_calls %}{{ '<call>' + c.function.name + c.function.arguments|tojson }}{% endfor %}"
    "{%- if m.reasoning_content %}{{ '<think>' + m.reasoning_content + '</think>' }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{%- for d in documents or [] %}{{ d.title + ': ' + d.text }}{% endfor %}"
    "{%- if enable_thinking is defined %}{{ '[' ~ enable_thinking ~ ']' }}{% endif %}"
    "{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


@dataclass(frozen=True)
class Defect:
    """Goes wrong on the conversations that ``hits`` names: another text, or an error."""

    name: str
    hits: Callable[[Conversation], bool]
    error: str | None = None
    spoil: Callable[[str], str] = lambda text: text.replace("<|user|>", "<|USER|>", 1)


class Defective:
    """The reference, wrong where a defect says so."""

    engine = "defective"
    version = "1"

    def __init__(self, reference: Runtime, defect: Defect) -> None:
        self.id = f"defective-{defect.name}"
        self._reference = reference
        self._defect = defect

    def render(self, template: Template, conversation: Conversation) -> Rendering:
        return self.render_all(template, [conversation])[0]

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        answers = self._reference.render_all(template, conversations)
        return [self._spoilt(one, answer) for one, answer in zip(conversations, answers, strict=True)]

    def _spoilt(self, conversation: Conversation, answer: Rendering) -> Rendering:
        if not isinstance(answer, Rendered) or not self._defect.hits(conversation):
            return answer
        if self._defect.error is not None:
            return Failed("error", self._defect.error, 1)
        return Rendered(self._defect.spoil(answer.text))

    def close(self) -> None:
        pass


def texts(conversation: Conversation) -> str:
    """All text of the messages."""
    return "\0".join(str(message.get("content")) for message in conversation.messages)


def arguments(conversation: Conversation) -> list[Any]:
    """The arguments of all calls."""
    return [
        call.get("function", {}).get("arguments")
        for message in conversation.messages
        for call in message.get("tool_calls") or ()
    ]


def roles(conversation: Conversation) -> list[str]:
    """The roles in order."""
    return [message["role"] for message in conversation.messages]


DEFECTS = (
    Defect("always", lambda c: True),
    Defect("always-fails", lambda c: True, error="boom"),
    Defect("less-than", lambda c: "<" in texts(c)),
    Defect("quote-fails", lambda c: "'" in texts(c), error="bad quote"),
    Defect("non-ascii", lambda c: not texts(c).isascii()),
    Defect("newline-at-end", lambda c: any(text.endswith("\n") for text in texts(c).split("\0"))),
    Defect("leading-space", lambda c: any(text[:1].isspace() for text in texts(c).split("\0"))),
    Defect("two-newlines", lambda c: "\n\n" in texts(c)),
    Defect("system", lambda c: "system" in roles(c)),
    Defect("system-without-flag", lambda c: "system" in roles(c) and c.add_generation_prompt is None),
    Defect("three-messages", lambda c: len(c.messages) >= 3),
    Defect("five-messages-fail", lambda c: len(c.messages) >= 5, error="too many"),
    Defect("tools", lambda c: bool(c.tools)),
    Defect("two-tools", lambda c: len(c.tools or ()) >= 2),
    Defect("tool-text", lambda c: "&" in json.dumps(c.tools or [])),
    Defect("call", lambda c: bool(arguments(c))),
    Defect("boolean-argument", lambda c: "true" in json.dumps(arguments(c))),
    Defect("call-after-system", lambda c: bool(arguments(c)) and roles(c)[0] == "system"),
    Defect("reasoning", lambda c: any("reasoning_content" in m and m["reasoning_content"] for m in c.messages)),
    Defect("documents-and-thinking-off", lambda c: c.variables.get("enable_thinking") is False, error="no thinking"),
)
