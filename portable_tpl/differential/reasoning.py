"""How a template marks the reasoning of an assistant's message, seen from what it prints."""

from __future__ import annotations

from portable_tpl.conversation import Conversation
from portable_tpl.differential.tracer import Tracer
from portable_tpl.normalisations.prefill import ReasoningMarks
from portable_tpl.rendering import Rendered
from portable_tpl.source import Template

_REASONING, _CONTENT = "Zebrafish", "Quokka"
_USUAL = ("<think>", "</think>")


def reasoning_marks(template: Template, tracer: Tracer) -> ReasoningMarks | None:
    """The marks around an assistant's reasoning; ``None`` where nothing tells of any.

    Templates that take reasoning away again, and so print none, have the usual marks in their text.
    """
    user = {"role": "user", "content": "Hi"}
    answer = {"role": "assistant", "content": _CONTENT, "reasoning_content": _REASONING}
    asked = [Conversation([user, answer]), Conversation([user])]
    told, asking = (trace.rendering for trace in tracer.trace(template, asked, "text"))
    if isinstance(told, Rendered) and isinstance(asking, Rendered):
        before, at, rest = told.text.partition(_REASONING)
        end, then, _ = rest.partition(_CONTENT)
        if at and then and before.startswith(asking.text):
            return ReasoningMarks(before[len(asking.text) :], end, False)
    return ReasoningMarks(*_USUAL, True) if _USUAL[1] in template.text else None
