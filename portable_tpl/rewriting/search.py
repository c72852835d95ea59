"""Whether a text is in another one, and where: ``startswith``, ``endswith``, ``removeprefix`` and ``removesuffix`` by
comparing slices, ``find``, ``index`` and ``count`` where only the presence of a text matters, and ``isspace``.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import MethodCall, as_condition, compared_with
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.support.spelling import constant

# What a comparison of `find` with a number says: whether the text is there.
_FIND: dict[tuple[str, object], bool] = {
    ("ne", -1): True,
    ("gt", -1): True,
    ("gteq", 0): True,
    ("eq", -1): False,
    ("lt", 0): False,
    ("lteq", -1): False,
}
_COUNT: dict[tuple[str, object], bool] = {
    ("gt", 0): True,
    ("ne", 0): True,
    ("gteq", 1): True,
    ("eq", 0): False,
    ("lt", 1): False,
    ("lteq", 0): False,
}


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


def _presence(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if "str" not in call.types or node.kwargs or len(node.args) != 1 or not supported(look, "in@plain,plain"):
        return None
    compared = compared_with(node, look)
    if compared is None:
        if call.name == "count" and as_condition(node, look):
            return _written(node, node, call, look, True)
        return None
    operator, other = compared
    comparison = look.parent(node)
    if not isinstance(comparison, nodes.Compare) or type(constant(other)) is not int:
        return None  # with the number on the left nobody writes it
    present = (_COUNT if call.name == "count" else _FIND).get((operator, constant(other)))
    return None if present is None else _written(comparison, node, call, look, present)


def _written(place: nodes.Expr, node: nodes.Call, call: MethodCall, look: Look, present: bool) -> Fix:
    operator = "in" if present else "not in"
    text = f"{operand(node.args[0], look, Level.SUM)} {operator} {operand(call.receiver, look, Level.FILTER)}"
    return replace(place, text, Level.COMPARISON, look, f"Use the operator {operator}")


def _isspace(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if node.args or node.kwargs or not repeatable(call.receiver):
        return None
    if not supported(look, "filter.trim@plain", "eq@plain,empty", "and.condition"):
        return None
    text = operand(call.receiver, look, Level.FILTER)
    condition = f"{text} != '' and {text}{pipe(look)}trim == ''"
    return replace(node, condition, Level.AND, look, "Compare the trimmed text")


REWRITES = {
    **dict.fromkeys(("startswith", "endswith"), _test),
    **dict.fromkeys(("removeprefix", "removesuffix"), _remove),
    **dict.fromkeys(("find", "rfind", "count"), _presence),
    "isspace": _isspace,
}
