"""Which roles' typed parts a template really reads: seen on the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.trace import Trace
from portable_tpl.template.usage.shape import TemplateShape

_WORD = "Zebrafish"


def with_part_roles(parsed: ParsedTemplate, tracer: Tracer, shape: TemplateShape) -> TemplateShape:
    """The shape with the roles whose typed parts the template really reads: seen on the reference."""
    if not shape.part_roles:
        return shape
    tested = ("user", "system", "assistant", "tool")
    traces = tracer.trace(parsed.template, [_part_probe(role) for role in tested], "branches")
    roles = frozenset(role for role, trace in zip(tested, traces, strict=True) if _reads_word(trace, role != "user"))
    return replace(shape, part_roles=roles)


def _part_probe(role: str) -> Conversation:
    parts = [{"type": "text", "text": _WORD}]
    call = {"type": "function", "id": "a1b2c3d4e", "function": {"name": "f", "arguments": {"x": 1}}}
    messages: dict[str, list[dict[str, Any]]] = {
        "user": [{"role": "user", "content": parts}],
        "system": [{"role": "system", "content": parts}, {"role": "user", "content": "Hi"}],
        "assistant": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": parts},
            {"role": "user", "content": "Hi"},
        ],
        "tool": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": parts, "name": "f", "tool_call_id": "a1b2c3d4e"},
        ],
    }
    return Conversation(messages[role])


def _reads_word(trace: Trace, aloud: bool) -> bool:
    """The word is in the prompt, or need not be, and it is not there as the inside of a printed list."""
    if not isinstance(trace.rendering, Rendered):
        return False
    text = trace.rendering.text
    dumped = ("'text': '" + _WORD, '"text": "' + _WORD, '"text":"' + _WORD)
    return (_WORD in text or not aloud) and not any(form in text for form in dumped)
