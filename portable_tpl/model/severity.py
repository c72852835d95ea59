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
