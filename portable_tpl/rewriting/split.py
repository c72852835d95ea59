"""``split`` and ``rsplit`` where one piece is taken: the first, the last, or the one behind the first separator."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.rewriting.calls import MethodCall
from portable_tpl.rewriting.expressions import Level, literal, operand, replace
from portable_tpl.rewriting.helper_macros import (
    AFTER_FIRST,
    AFTER_LAST,
    BEFORE_FIRST,
    BEFORE_LAST,
    HelperMacro,
    call_macro,
    can_call_macros,
    named_macro,
)
from portable_tpl.rewriting.pieces import loop_over_pieces
from portable_tpl.support.spelling import constant


def _split(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if node.kwargs or len(node.args) not in (1, 2) or (len(node.args) == 2 and constant(node.args[1]) != 1):
        return None
    separator = constant(node.args[0])
    taken = _taken(node, look)
    if taken is None:
        return loop_over_pieces(node, call, look) if call.name == "split" else None
    if not isinstance(separator, str) or not separator:
        return None
    place, index = taken
    once = len(node.args) == 2
    if index == 1 and call.name == "split":
        return _second(node, call, look, place, once)
    macro = _macro(call.name, once, index, separator)
    if macro is None or not can_call_macros(look, macro):
        return None
    return call_macro(look, place, macro, [operand(call.receiver, look, Level.CONDITIONAL), literal(separator)])


def _second(node: nodes.Call, call: MethodCall, look: Look, place: nodes.Expr, once: bool) -> Fix | None:
    """``s.split(x)[1]``: undefined, as the same ``if`` without ``else``, where the separator is not in the text."""
    if (
        not repeatable(call.receiver)
        or not can_call_macros(look, AFTER_FIRST)
        or not supported(look, "condexpr.no-else")
    ):
        return None
    text, mark = operand(call.receiver, look, Level.FILTER), literal(str(constant(node.args[0])))
    name, definitions = named_macro(look, AFTER_FIRST)
    value = f"{name}({text}, {mark})"
    if not once:
        name, more = named_macro(look, BEFORE_FIRST)
        value, definitions = f"{name}({value}, {mark})", definitions + more
    also = [Edit(0, 0, definitions)] if definitions else []
    made = f"{value} if {mark} in {text}"
    return replace(place, made, Level.CONDITIONAL, look, f"Use a macro {name}", Safety.SAFE, also)


def _taken(node: nodes.Call, look: Look) -> tuple[nodes.Expr, int] | None:
    """The expression that takes one piece, and which one: 0 for the first, -1 for the last."""
    parent = look.parent(node)
    if isinstance(parent, nodes.Getitem) and parent.node is node:
        index = constant(parent.arg)
        return (parent, index) if type(index) is int else None
    if isinstance(parent, nodes.Filter) and parent.node is node and parent.name in ("first", "last"):
        return parent, 0 if parent.name == "first" else -1
    return None


def _macro(name: str, once: bool, index: int, separator: str) -> HelperMacro | None:
    if name == "rsplit" and once:
        return {0: BEFORE_LAST, -1: AFTER_LAST}.get(index)
    if index == 0 and name == "split":
        return BEFORE_FIRST
    if index == -1 and name == "split" and once:
        return AFTER_FIRST
    if index == -1 and _cannot_overlap(separator):
        return AFTER_LAST  # split goes from the left: of `aaa` cut at `aa`, what is left over is an `a`
    if index == 0 and name == "rsplit":
        return BEFORE_FIRST if _cannot_overlap(separator) else None
    return None


def _cannot_overlap(separator: str) -> bool:
    """Whether two places of a separator in a text never share a character."""
    return not any(separator.startswith(separator[-length:]) for length in range(1, len(separator)))


REWRITES = {"split": _split, "rsplit": _split}
