"""What a rule says about a place in a template."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from portable_tpl.model.conversation import Tier
from portable_tpl.model.source import Location


class Severity(str, Enum):
    """How much a finding matters: an error breaks a target, a warning may, info is advice."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def __str__(self) -> str:
        return self.value


class Safety(str, Enum):
    """What may be done with a fix.

    ``safe``: applied by ``fix`` after proof on the reference. ``unsafe``: applied with ``--unsafe-fixes`` and still
    proved. ``display``: shown to people, never applied.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Edit:
    """Replace the characters ``[start, end)`` of the template's text by ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Fix:
    """A rewrite of a template that cures one finding; its edits do not overlap and are in order."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Finding:
    """One place that is not portable, for the targets it names.

    ``code`` is stable (``PTL101``), ``rule`` its readable name, ``feature`` the support-table id behind it,
    ``tier`` the mildest tier of conversations in which it shows. ``fails`` are those of the targets that give no
    prompt at all; the others give another one.
    """

    code: str
    rule: str
    severity: Severity
    tier: Tier
    message: str
    feature: str
    targets: tuple[str, ...]
    location: Location
    fix: Fix | None = None
    suppressed: bool = False
    fails: tuple[str, ...] = ()


def apply_edits(text: str, edits: tuple[Edit, ...]) -> str:
    """The text with all edits applied; raises ``ValueError`` where two of them overlap."""
    out: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < position:
            raise ValueError(f"edits overlap at offset {edit.start}")
        out.append(text[position : edit.start])
        out.append(edit.text)
        position = edit.end
    out.append(text[position:])
    return "".join(out)
