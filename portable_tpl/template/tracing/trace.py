"""What one traced render of the reference gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from portable_tpl.model.conversation import Json
from portable_tpl.model.rendering import Rendering


@dataclass(frozen=True)
class Piece:
    """A printed piece of text: the number of the node that printed it, and what was printed while it was made."""

    node: int
    text: str
    inner: tuple[Piece, ...] = ()


def printer_at(pieces: Sequence[Piece], offset: int) -> int | None:
    """The number of the node that printed the character at an offset, the innermost one; ``None`` behind the end."""
    start = 0
    for piece in _leaves(pieces):
        if start <= offset < start + len(piece.text):
            return piece.node
        start += len(piece.text)
    return None


def _leaves(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces as they were printed, those of macros in place of what called them."""
    for piece in pieces:
        if piece.inner and "".join(inner.text for inner in piece.inner) == piece.text:
            yield from _leaves(piece.inner)
        else:
            yield piece


@dataclass(frozen=True)
class Trace:
    """One render of the reference.

    ``branches`` are numbers of :func:`portable_tpl.template.tracing.instrument.branches` and of
    :func:`portable_tpl.template.tracing.turn_marks.turn_goals`, of a trace with that mode; ``turns`` the turn (from
    0) in which a variable was first set, or first read, by the number of that.
    ``order`` are the outcomes of tests, by branch number, one after the other, of a trace with that mode.
    ``pieces`` come with the other modes, ``captured`` are those printed into a variable or an argument; ``values``
    come with the mode of that name: by node number, the different values of an expression as
    :mod:`portable_tpl.template.tracing.tracing` describes them.
    """

    rendering: Rendering
    branches: frozenset[int] = frozenset()
    pieces: tuple[Piece, ...] = ()
    captured: tuple[Piece, ...] = ()
    values: Mapping[int, list[dict[str, Json]]] = field(default_factory=dict)
    turns: Mapping[int, int] = field(default_factory=dict)
    order: tuple[int, ...] = ()
