"""How the prompts of two templates differ, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template

Likeness = Literal["same-bytes", "same-prompts", "differs", "only-old", "only-new"]


@dataclass(frozen=True)
class Change:
    """A stretch of the old template in whose place the new one has another; either may be empty.

    The lines count from 1, each in its own template.
    """

    old_line: int
    old_text: str
    new_line: int
    new_text: str


@dataclass(frozen=True)
class Place:
    """What printed the first character in which two prompts part: its line, and the innermost condition around it."""

    line: int
    condition: str | None = None


@dataclass(frozen=True)
class PromptDifference:
    """The smallest conversation found on which two templates give different prompts for one reason.

    ``cases`` is the number of conversations of the run that differ for it. The reason is a ``change``, without which
    the new template prints what the old one does, or, where other changes show in each such conversation as well,
    prints ``without``; or ``tokens``, the special tokens that are others (name to both
    texts, ``None`` for a token that one side lacks); or, where no single change is behind it, the ``places`` that
    printed the first difference, in the old and in the new template. ``reproduce`` has a command line a side.
    """

    conversation: Conversation
    tier: Tier
    old: Rendering
    new: Rendering
    cases: int
    change: Change | None = None
    tokens: Mapping[str, tuple[str | None, str | None]] | None = None
    places: tuple[Place | None, Place | None] = (None, None)
    reproduce: tuple[str, str] = ("", "")
    without: Rendering | None = None

    @property
    def before(self) -> Rendering:
        """What stands beside the new template's prompt: the old one's, or that without the change."""
        return self.old if self.without is None else self.without

    @property
    def is_repair(self) -> bool:
        """Whether the old template failed there by accident, and the new one does not."""
        return is_repair(self.before, self.new)

    @property
    def offset(self) -> int | None:
        """Where the two prompts part, in characters; ``None`` where one of them is no prompt."""
        before = self.before
        if not isinstance(before, Rendered) or not isinstance(self.new, Rendered):
            return None
        pairs = zip(before.text, self.new.text, strict=False)
        shorter = min(len(before.text), len(self.new.text))
        return next((at for at, (one, other) in enumerate(pairs) if one != other), shorter)


def are_apart(old: Rendering, new: Rendering) -> bool:
    """Whether two answers differ; where neither is a prompt and both are accidents, nothing is lost or won."""
    if isinstance(old, Failed) and isinstance(new, Failed):
        return False
    return old != new


def is_repair(old: Rendering, new: Rendering) -> bool:
    """Whether one answer is an accident of the template, and the other none."""
    return isinstance(old, Failed) and old.kind == "error" and not isinstance(new, Failed)


@dataclass(frozen=True)
class TemplateDifference:
    """Two templates of one name, and whether they print the same prompts.

    ``old`` or ``new`` is ``None`` where only the other container has the name. ``cases`` conversations were rendered,
    of which ``differing`` gave different answers, ``several`` of them for more than one of the reasons at once.
    ``repaired`` of them failed with the old template by accident, and do not with the new one: where that is all, the
    prompts are the same, as there was none to be kept.
    ``generation`` says of each whether it has generation blocks.
    ``cut`` says that time ran out.
    """

    name: str
    old: Template | None
    new: Template | None
    likeness: Likeness
    cases: int = 0
    differing: int = 0
    several: int = 0
    repaired: int = 0
    differences: tuple[PromptDifference, ...] = ()
    generation: tuple[bool, bool] = (False, False)
    cut: bool = False
