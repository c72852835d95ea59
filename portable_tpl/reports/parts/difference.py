"""Where two prompts part ways, and what stands around that place."""

from __future__ import annotations

from typing import NamedTuple

from portable_tpl.model.rendering import common_prefix
from portable_tpl.reports.parts.visible import visible


class Side(NamedTuple):
    """One text around the first difference: what both share before it, what differs, and what follows.

    ``cut_before`` and ``cut_after`` say that the text goes on beyond what is shown; ``ends`` that nothing of it is
    left at the difference.
    """

    before: str
    changed: str
    after: str
    cut_before: bool
    cut_after: bool
    ends: bool


class Difference(NamedTuple):
    """The first difference of two texts: its offset, its line and column from 1, and both sides."""

    offset: int
    line: int
    column: int
    reference: Side
    target: Side


def first_difference(reference: str, target: str, *, before: int = 22, after: int = 42) -> Difference:
    """The first difference of two unequal texts with ``before`` and ``after`` characters of context."""
    offset = common_prefix(reference, target)
    tail = common_prefix(reference[offset:][::-1], target[offset:][::-1])
    return Difference(
        offset,
        reference.count("\n", 0, offset) + 1,
        offset - (reference.rfind("\n", 0, offset) + 1) + 1,
        _side(reference, offset, len(reference) - tail, before, after),
        _side(target, offset, len(target) - tail, before, after),
    )


def side_pieces(side: Side) -> tuple[str, str, str]:
    """One side of a difference as visible text: before, changed, after; ``⟨end⟩`` where the text has run out."""
    before = ("…" if side.cut_before else "") + visible(side.before)
    changed = "⟨end⟩" if side.ends else visible(side.changed[:1], marks=True) + visible(side.changed[1:])
    after = visible(side.after) + ("…" if side.cut_after else "")
    return before, changed, after


def _side(text: str, start: int, end: int, before: int, after: int) -> Side:
    left = max(0, start - before)
    changed = text[start : min(end, start + after)]
    rest = text[start + len(changed) : start + after] if len(changed) == end - start else ""
    return Side(
        text[left:start],
        changed,
        rest,
        cut_before=left > 0,
        cut_after=start + len(changed) + len(rest) < len(text),
        ends=start == len(text),
    )
