"""What a runtime gives back, and how two of these answers differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.severity import Severity
from portable_tpl.model.source import Span

FailureKind = Literal["syntax", "error", "timeout", "memory", "crash", "unsupported", "untried"]
MismatchKind = Literal["output", "target-error", "reference-error", "timeout", "crash"]
Origin = Literal["template", "stack"]


@dataclass(frozen=True)
class Rendered:
    """The prompt text.

    ``spans`` are the ``[start, end)`` of it that ``{% generation %}`` blocks printed, in characters, where they were
    asked for; they are no part of what makes two prompts equal.
    """

    text: str
    spans: tuple[tuple[int, int], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Refused:
    """The template itself called ``raise_exception`` with this message."""

    message: str


@dataclass(frozen=True)
class Failed:
    """The engine could not render.

    ``syntax``: the template was not accepted; ``error``: an error while rendering; ``timeout`` and ``memory``:
    a limit was hit; ``crash``: the engine's process died; ``unsupported``: the runtime cannot be given this
    conversation; ``untried``: the time or the memory for the template was used up before it was asked, which says
    nothing about the engine. ``line`` counts from 1 and is ``None`` where the engine gives none.
    """

    kind: FailureKind
    message: str
    line: int | None = None


Rendering: TypeAlias = Rendered | Refused | Failed


class Sample(NamedTuple):
    """A conversation of a run, and what the reference made of it."""

    conversation: Conversation
    tier: Tier
    rendering: Rendering


def is_stopped(rendering: Rendering) -> bool:
    """Whether a limit was hit or the engine's process died, which may be for a busy machine and not come again."""
    return isinstance(rendering, Failed) and rendering.kind in ("timeout", "memory", "crash", "untried")


def is_untried(rendering: Rendering) -> bool:
    """Whether the engine was not asked at all."""
    return isinstance(rendering, Failed) and rendering.kind == "untried"


@dataclass(frozen=True)
class Mismatch:
    """The smallest conversation found on which a target's rendering is not the reference's.

    ``cause`` is a feature id for ``origin`` ``template`` and the names of steps for ``stack``; ``None``
    where no cause was confirmed. ``decides`` says whether it counts for the target's verdict. ``cases`` is the number
    of conversations of the run that hit this signature. ``severity`` is what it does to people, where it decides.
    ``known`` is set where it would decide, but for a baseline. ``span`` is the construct that ``cause`` names, where
    one place in the template is it.
    """

    signature: str
    kind: MismatchKind
    origin: Origin
    tier: Tier
    cause: str | None
    code: str | None
    line: int | None
    cases: int
    conversation: Conversation
    reference: Rendering
    target: Rendering
    reproduce: str
    decides: bool = True
    severity: Severity = Severity.ERROR
    span: Span | None = None
    known: bool = False


def common_prefix(one: str, other: str) -> int:
    """The number of characters with which both texts begin: the offset at which different texts part."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # by halves: slices compare at the speed of memory
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def same(reference: Rendering, target: Rendering) -> bool:
    """Whether a target's answer is as good as the reference's.

    Equal text; or a deliberate refusal with the same message; or no text where the reference crashed too (its own
    error text is Python's and no target can be asked to repeat it); or a limit that both hit.
    """
    if isinstance(reference, Failed):
        return not isinstance(target, Rendered) and (is_stopped(reference) or not is_stopped(target))
    return reference == target


def mismatch_kind(reference: Rendering, target: Rendering) -> MismatchKind:
    """The contract's name for the way in which two different renderings differ."""
    if isinstance(target, Failed) and target.kind in ("timeout", "memory"):
        return "timeout"
    if isinstance(target, Failed) and target.kind == "crash":
        return "crash"
    if not isinstance(target, Rendered):
        return "target-error"
    return "output" if isinstance(reference, Rendered) else "reference-error"
