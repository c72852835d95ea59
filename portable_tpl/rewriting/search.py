"""``find``, ``index`` and ``count`` where only the presence of a text matters, and ``isspace``."""

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


REWRITES = {"find": _presence, "rfind": _presence, "count": _presence, "isspace": _isspace}
