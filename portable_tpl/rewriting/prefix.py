"""``startswith``, ``endswith``, ``removeprefix`` and ``removesuffix``, by comparing slices."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import MethodCall
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.support.spelling import constant


def _test(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """``s.startswith(x)``, also with several texts to choose from."""
    if node.kwargs or len(node.args) != 1:
        return None
    wanted = node.args[0]
    choices = wanted.items if isinstance(wanted, nodes.Tuple) else [wanted]
    if not choices or (len(choices) > 1 and not repeatable(call.receiver)):
        return None
    comparisons = [_comparison(call, look, choice) for choice in choices]
    known = [comparison for comparison in comparisons if comparison is not None]
    if len(known) != len(comparisons):
        return None
    level = Level.COMPARISON if len(known) == 1 else Level.OR
    return replace(node, " or ".join(known), level, look, "Compare a slice")


def _comparison(call: MethodCall, look: Look, wanted: nodes.Expr) -> str | None:
    part = _slice(call.receiver, wanted, look, at_start=call.name == "startswith")
    if part is None or not supported(look, "eq@plain,plain"):
        return None
    return f"{part} == {operand(wanted, look, Level.SUM)}"


def _slice(receiver: nodes.Expr, wanted: nodes.Expr, look: Look, at_start: bool) -> str | None:
    """The part of a text that is as long as another one, at its start or end."""
    text = operand(receiver, look, Level.ATOM)
    value = constant(wanted)
    if isinstance(value, str):
        if not value or not supported(look, "slice.to@plain" if at_start else "slice.last@plain"):
            return None
        return f"{text}[:{len(value)}]" if at_start else f"{text}[-{len(value)}:]"
    if value is not nodes or not repeatable(wanted) or not supported(look, "slice.variable", "filter.length@plain"):
        return None
    length = f"{operand(wanted, look, Level.FILTER)}{pipe(look)}length"
    if at_start:
        return f"{text}[:{length}]"
    if not repeatable(receiver) or not supported(look, "slice.expression"):
        return None
    # A text shorter than what is looked for gives a negative start, and so a part that is too short to be equal.
    return f"{text}[{operand(receiver, look, Level.FILTER)}{pipe(look)}length - {length}:]"


def _remove(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """``s.removeprefix('x')``: the rest of the text if it begins so, else all of it."""
    value = constant(node.args[0]) if len(node.args) == 1 and not node.kwargs else nodes
    if not isinstance(value, str) or not value or not repeatable(call.receiver):
        return None
    at_start = call.name == "removeprefix"
    part = _slice(call.receiver, node.args[0], look, at_start)
    rest = "slice.from@plain" if at_start else "slice.but-last@plain"
    if part is None or not supported(look, rest, "condexpr", "eq@plain,plain"):
        return None
    text = operand(call.receiver, look, Level.ATOM)
    left = f"{text}[{len(value)}:]" if at_start else f"{text}[:-{len(value)}]"
    whole = operand(call.receiver, look, Level.OR)
    choice = f"{left} if {part} == {operand(node.args[0], look, Level.SUM)} else {whole}"
    return replace(node, choice, Level.CONDITIONAL, look, "Compare a slice")


REWRITES = {"startswith": _test, "endswith": _test, "removeprefix": _remove, "removesuffix": _remove}
