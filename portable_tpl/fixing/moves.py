"""Where places of a text go when it is edited."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from portable_tpl.model.findings import Edit


class Moved:
    """Where places of a text are after some edits, and where they were before."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits = sorted(set(edits), key=lambda edit: (edit.start, edit.end))
        self._ends = [edit.end for edit in self.edits]
        grown = (len(edit.text) - (edit.end - edit.start) for edit in self.edits)
        self._shifts = list(accumulate(grown, initial=0))

    def forward(self, position: int) -> int | None:
        """Where a place has gone; ``None`` for one inside of what was replaced."""
        passed = bisect_right(self._ends, position)
        if passed < len(self.edits) and self.edits[passed].start < position:
            return None
        return position + self._shifts[passed]

    def back(self, position: int) -> int:
        """Where a place of the new text was; for one inside of what was put in, where that begins."""
        shift = 0
        for edit in self.edits:
            start = edit.start + shift
            if position < start:
                break
            if position < start + len(edit.text):
                return edit.start
            shift += len(edit.text) - (edit.end - edit.start)
        return position - shift

    def regions(self) -> list[tuple[int, int]]:
        """The new text of each edit, as a range of places."""
        out, shift = [], 0
        for edit in self.edits:
            start = edit.start + shift
            out.append((start, start + len(edit.text)))
            shift += len(edit.text) - (edit.end - edit.start)
        return out
