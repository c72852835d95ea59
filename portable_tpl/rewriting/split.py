"""``rsplit``, ``partition`` and ``rpartition`` where one piece is taken, by ``split`` from the left.

Every engine that imitates Python's methods has ``split``; the pieces behind the first or before the last separator
are put together again with ``join``.
"""

from __future__ import annotations

from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import MethodCall
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.support.spelling import constant


class _Cut(NamedTuple):
    """Which of the pieces, and what is taken of a text that does not hold the separator: it or nothing."""

    pieces: str
    whole: bool


_FIRST, _LAST = "[0]", "[-1]"
_BEHIND_FIRST, _BEFORE_LAST = "[1:]", "[:-1]"
# By method, whether it cuts once, and index.
_CUTS = {
    ("split", True, 0): _Cut(_FIRST, True),
    ("split", True, -1): _Cut(_BEHIND_FIRST, True),
    ("rsplit", True, 0): _Cut(_BEFORE_LAST, True),
    ("rsplit", True, -1): _Cut(_LAST, True),
    ("rsplit", False, 0): _Cut(_FIRST, True),
    ("rsplit", False, -1): _Cut(_LAST, True),
    ("partition", False, 0): _Cut(_FIRST, True),
    ("partition", False, 2): _Cut(_BEHIND_FIRST, False),
    ("partition", False, -1): _Cut(_BEHIND_FIRST, False),
    ("rpartition", False, 0): _Cut(_BEFORE_LAST, False),
    ("rpartition", False, 2): _Cut(_LAST, True),
    ("rpartition", False, -1): _Cut(_LAST, True),
}
_FROM_THE_RIGHT = ("rsplit", "rpartition")


def _piece(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    once = len(node.args) == 2 and constant(node.args[1]) == 1
    separator = constant(node.args[0]) if len(node.args) == 1 + once and not node.kwargs else None
    taken = _taken(node, look)
    if taken is None or not isinstance(separator, str) or not separator:
        return None
    if call.name in _FROM_THE_RIGHT and not _cannot_overlap(separator):
        return None  # of `aaa` cut at `aa`, what is left over depends on the end where the cutting starts
    place, index = taken
    cut = _CUTS.get((call.name, once, index))
    if cut is None or not supported(look, "method.str.split"):
        return None
    mark = look.parsed.source(node.args[0])
    text = operand(call.receiver, look, Level.ATOM)
    if cut.pieces in (_FIRST, _LAST):
        return replace(place, f"{text}.split({mark}){cut.pieces}", Level.ATOM, look, "Take a piece of split")
    edge = "slice.from@list" if cut.pieces == _BEHIND_FIRST else "slice.but-last@list"
    if not supported(look, edge, "filter.join@list"):
        return None
    rest = f"{text}.split({mark}){cut.pieces}{pipe(look)}join({mark})"
    if not cut.whole:
        return replace(place, rest, Level.FILTER, look, "Join the pieces of split")
    if not repeatable(call.receiver) or not supported(look, "condexpr", "in@plain,plain"):
        return None
    choice = f"{rest} if {mark} in {operand(call.receiver, look, Level.FILTER)} else {text}"
    return replace(place, choice, Level.CONDITIONAL, look, "Join the pieces of split")


def _taken(node: nodes.Call, look: Look) -> tuple[nodes.Expr, int] | None:
    """The expression that takes one piece, and which one: 0 for the first, -1 for the last."""
    parent = look.parent(node)
    if isinstance(parent, nodes.Getitem) and parent.node is node:
        index = constant(parent.arg)
        return (parent, index) if type(index) is int else None
    if isinstance(parent, nodes.Filter) and parent.node is node and parent.name in ("first", "last"):
        return parent, 0 if parent.name == "first" else -1
    return None


def _cannot_overlap(separator: str) -> bool:
    """Whether two places of a separator in a text never share a character."""
    return not any(separator.startswith(separator[-length:]) for length in range(1, len(separator)))


REWRITES = dict.fromkeys(("split", "rsplit", "partition", "rpartition"), _piece)
