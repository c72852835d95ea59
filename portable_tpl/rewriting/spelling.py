"""The words ``None``, ``True`` and ``False``, printed by name rather than by each engine in its own way.

A constant becomes its word, a boolean a choice of two. Of a value that can be more than a boolean, the word of a
boolean is capitalized, which leaves Python's as it is. Where a value can be ``none``, the printed word is mostly the
fault, so nothing in its place is what is suggested; that prints another prompt, so it is only shown.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported, widest
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import Level, operand, pipe, quoted, replace
from portable_tpl.rewriting.python_text import as_python
from portable_tpl.template.types.lattice import kinds as k

# What counts as false and yet says something where it is printed; `[]` and `{}` are as unwanted as `None`.
_TOLD = k.FALSE | k.ZERO | k.FLOAT_ZERO


def joined_text(node: nodes.Expr, look: Look) -> Fix | None:
    """The fix for what is joined by ``~``: Python's text of a list, ``x|default('')`` where it may be undefined.

    Else the words.
    """
    by_macro = as_python(node, node, "concat", look)
    if by_macro is not None:
        return by_macro
    if "undefined" not in look.families.get("concat", {}) or "undefined" not in look.kinds(node):
        return spelled(node, look)
    if look.breaks("filter.default"):
        return None
    text = f"{operand(node, look)}{pipe(look, node)}default({quoted('', look)})"
    return replace(node, text, Level.FILTER, look, "Give a default")


def spelled(node: nodes.Expr, look: Look) -> Fix | None:
    """The fix that names what Python would print of a value that can be ``none`` or a boolean."""
    if not supported(look, "condexpr"):
        return None
    by_kind = (
        isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem))
        and repeatable(node)  # anything longer would be better off with a name of its own
        and supported(look, "condexpr.nested")
    )
    here = look.type(node).bits & k.ALL_KINDS
    if here & ~k.BOOL and here & ~k.NONE and not by_kind:
        return None  # told without a look at all conversations, which costs as much as that at these
    bits = widest(look, node).bits & k.ALL_KINDS
    if not bits & (k.NONE | k.BOOL):
        return None
    if isinstance(node, nodes.Const):
        return replace(node, quoted(str(node.value), look), Level.ATOM, look, "Print the word")
    if not bits & ~k.BOOL:
        text = f"{quoted('True', look)} if {operand(node, look, Level.OR)} else {quoted('False', look)}"
        return replace(node, text, Level.CONDITIONAL, look, "Print the words")
    if not bits & ~k.NONE:
        return replace(node, quoted("None", look), Level.ATOM, look, "Print the word")
    if not by_kind:
        return None
    # Who prints a value as it is mostly has text in mind; who makes text of it has not.
    made_text = not isinstance(look.parent(node), nodes.Output)
    if made_text and here & k.BOOL and supported(look, "test.boolean.value", "filter.capitalize@word"):
        return _capitalized(node, look)
    if not bits & k.NONE:
        return None
    return _nothing(node, bits, look)


def _nothing(node: nodes.Expr, bits: int, look: Look) -> Fix | None:
    """``x or ''``, where nothing else that counts as false is worth printing; else ``'' if x is none else x``."""
    nothing = quoted("", look)
    title = "Print nothing in place of none"
    if not bits & _TOLD and supported(look, "or.value"):
        text = f"{operand(node, look, Level.OR)} or {nothing}"
        return replace(node, text, Level.OR, look, title, Safety.DISPLAY)
    if not supported(look, "test.none.value"):
        return None
    text = f"{nothing} if {operand(node, look)} is none else {operand(node, look, Level.OR)}"
    return replace(node, text, Level.CONDITIONAL, look, title, Safety.DISPLAY)


def _capitalized(node: nodes.Expr, look: Look) -> Fix | None:
    """``x|string|capitalize if x is boolean else x``, around the filter ``string`` that the value goes through.

    Not as the third of three choices in a row, which nobody wants to read.
    """
    parent = look.parent(node)
    place = parent if isinstance(parent, nodes.Filter) and parent.name == "string" and parent.node is node else node
    choice = look.parent(place)
    if isinstance(choice, nodes.CondExpr) and isinstance(look.parent(choice), nodes.CondExpr):
        return None
    value = operand(node, look)
    sign = pipe(look, place)
    word = f"{value}{sign}string{sign}capitalize"
    text = f"{word} if {value} is boolean else {operand(place, look, Level.OR)}"
    return replace(place, text, Level.CONDITIONAL, look, "Capitalize the word of a boolean")
