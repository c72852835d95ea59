"""How bad a thing is."""

from __future__ import annotations

from enum import Enum


class Severity(str, Enum):
    """What a finding does to people: an error breaks ordinary requests, a warning rare ones, a note nothing yet."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def __str__(self) -> str:
        return self.value

    def reaches(self, level: Severity) -> bool:
        """Whether this is at least as bad as a level."""
        order = tuple(Severity)
        return order.index(self) <= order.index(level)
