"""What a rule says about a place in a template."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.severity import Severity as Severity
from portable_tpl.model.source import Location

Outcome = Literal["fails", "differs", "unknown"]
Evidence = Literal["proved", "static", "unseen"]


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
class Price:
    """What an unsafe fix changes on the reference: ``changed`` of ``cases`` conversations.

    ``before`` and ``after`` are the part of the shortest prompt that changes, and what it becomes.
    """

    cases: int
    changed: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Fix:
    """A rewrite of a template that cures one finding; its edits do not overlap and are in order.

    ``price`` is known of unsafe ones where the reference was asked.
    """

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
    price: Price | None = None

    @property
    def summary(self) -> str:
        """The title, and what the fix costs."""
        if self.price is None:
            return self.title
        cost = f"{self.title}; it changes the reference in {self.price.changed} of {self.price.cases} conversations"
        return f"{cost}: {self.price.before!r} becomes {self.price.after!r}" if self.price.changed else cost


@dataclass(frozen=True)
class Affected:
    """How many of the conversations that a run rendered show a finding."""

    cases: int
    affected: int


@dataclass(frozen=True)
class Exhibit:
    """One prompt of a witness: what it shows, the conversation, and what a target made of it."""

    label: str
    conversation: Conversation
    rendering: Rendering
    target: str = "transformers"


@dataclass(frozen=True)
class Witness:
    """The proof of a finding: the smallest conversations that show it, with the prompts that they gave.

    ``difference`` is the offset of the first character in which the first two texts part, where two texts are
    compared. ``line`` counts from 1 and names, with ``condition``, the branch of the template that went another way.
    ``reproduce`` holds one command line an exhibit.
    """

    exhibits: tuple[Exhibit, ...]
    difference: int | None = None
    line: int | None = None
    condition: str | None = None
    reproduce: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effect:
    """What becomes of a use of a feature on one target.

    ``feature`` is the support-table id that decides there, ``tier`` the mildest one in which it shows. ``outcome``:
    there is no prompt at all (``words`` are what the engine says), or another one, or nobody measured (``words`` say
    why).
    """

    target: str
    feature: str
    tier: Tier
    severity: Severity
    outcome: Outcome
    words: str = ""


@dataclass(frozen=True)
class Finding:
    """What a rule or a release check says about a place in a template, for the targets it names.

    ``code`` is stable (``PTL101``), ``rule`` its readable name, ``feature`` the support-table id behind it,
    ``tier`` the mildest tier of conversations in which it shows. ``fails`` are those of the targets that give no
    prompt at all; the others give another one. ``evidence`` says how it is known: ``proved`` (with a ``witness``),
    ``static`` (from the measured table), or ``unseen`` in the conversations that ``affected`` counts. ``related`` are
    paths of further files that a finding about several containers is about. ``effects`` are what a finding of the
    support table says about each of its targets, ``title`` what it says whatever the target. ``breadth`` counts the
    features that stand behind it, one by one for each target, of which only the first are named.
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
    evidence: Evidence = "static"
    affected: Affected | None = None
    witness: Witness | None = None
    related: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    title: str = ""
    breadth: int = 0


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
