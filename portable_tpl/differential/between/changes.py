"""The stretches in which two texts of templates differ, each of which can be taken back by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from portable_tpl.model.difference import Change

# Between lines, and at the borders of tags: one line may hold a whole template.
_BORDER = re.compile(r"(?<=\n)|(?<=[%}#]\})|(?=\{[%{#])")
_MOST_PIECES = 6000  # of both texts; the longest of 199 real templates has 1,107, and comparing is quadratic
_LONGEST, _MOST_LINES = 1500, 12


class Stretch(NamedTuple):
    """``old[start:end]`` stands where the new text has ``new[new_start:new_end]``; offsets of characters."""

    start: int
    end: int
    new_start: int
    new_end: int

    def is_small(self, old: str, new: str) -> bool:
        """Whether the stretch is one change, and no other template."""
        sides = (old[self.start : self.end], new[self.new_start : self.new_end])
        return all(len(text) <= _LONGEST and text.count("\n") <= _MOST_LINES for text in sides)


def stretches(old: str, new: str) -> list[Stretch]:
    """Where two texts differ, in their order."""
    pieces, others = _BORDER.split(old), _BORDER.split(new)
    if len(pieces) + len(others) > _MOST_PIECES:
        return [_narrow(Stretch(0, len(old), 0, len(new)), old, new)]
    starts, other_starts = _starts(pieces), _starts(others)
    matcher = SequenceMatcher(None, pieces, others, autojunk=False)
    return [
        Stretch(starts[one], starts[one_end], other_starts[other], other_starts[other_end])
        for tag, one, one_end, other, other_end in matcher.get_opcodes()
        if tag != "equal"
    ]


def without(undone: Sequence[Stretch], old: str, new: str) -> str:
    """The new text with the old one's words in some stretches."""
    for start, end, new_start, new_end in sorted(undone, reverse=True):
        new = new[:new_start] + old[start:end] + new[new_end:]
    return new


def change_of(stretch: Stretch, old: str, new: str) -> Change:
    """The stretch for people: the words that differ, to whole words, and their lines."""
    narrow = _narrow(stretch, old, new)
    return Change(
        old.count("\n", 0, narrow.start) + 1,
        old[narrow.start : narrow.end],
        new.count("\n", 0, narrow.new_start) + 1,
        new[narrow.new_start : narrow.new_end],
    )


def _starts(pieces: Sequence[str]) -> list[int]:
    starts = [0]
    for piece in pieces:
        starts.append(starts[-1] + len(piece))
    return starts


def _narrow(stretch: Stretch, old: str, new: str) -> Stretch:
    """Without whole lines that both begin or end with."""
    start, end, new_start, new_end = stretch
    while start < end and new_start < new_end:
        line, other = old.find("\n", start, end), new.find("\n", new_start, new_end)
        if line < 0 or other < 0 or old[start : line + 1] != new[new_start : other + 1]:
            break
        start, new_start = line + 1, other + 1
    return Stretch(start, end, new_start, new_end)
