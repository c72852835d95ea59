"""Content that holds a thought, in the marks that a template looks for."""

from __future__ import annotations

import re

from portable_tpl.release._base import Subject
from portable_tpl.release._turns import REASONING
from portable_tpl.template.usage.shape import MESSAGE

_END_OF_THOUGHT = re.compile(r"</[^<>]*(?:think|thought|reason)[^<>]*>|\[/THINK\]", re.IGNORECASE)


def thought_end(subject: Subject) -> str:
    """The first mark at the end of a thought that the template looks for in content; empty where there is none."""
    marks = (mark.strip() for mark in subject.shape.markers((*MESSAGE, "content")))
    return next((mark for mark in marks if _END_OF_THOUGHT.fullmatch(mark)), "")


def with_thought(text: str, end: str) -> str:
    """A text after a thought that ends with a mark."""
    return f"{end.replace('/', '', 1)}\n{REASONING}\n{end}\n\n{text}"
