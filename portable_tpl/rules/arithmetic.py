"""Arithmetic with another result.

What it does
------------
Finds ``-``, ``/`` and ``%`` where an engine prints or computes another number.

Why it breaks
-------------
The remainder of a negative number has another sign in JavaScript and C++ than in Python, and quotients are printed
with more or fewer digits.

Example
-------
``{{ -7 % 3 }}`` is 2 in Python and -1 in JavaScript.

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.constants import is_plain_float
from portable_tpl.rewriting.calls import as_condition, compared_with
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import Type

CODE = "PTL208"
_TEXT = k.STR | k.MARKUP


def _minus(node: nodes.Sub, look: Look) -> None:
    look.use_by_pair("sub", look.kinds(node.left), look.kinds(node.right), node)


def _divide(node: nodes.Div, look: Look) -> None:
    quotient = _quotient(look.type(node.left), look.type(node.right))
    parent = look.parent(node)
    if isinstance(parent, nodes.Filter) and parent.name == "int" and _counts(node, look):
        look.use("div.int", node)
    elif quotient is not None:
        look.use(f"div.{quotient}", node)
    elif _is_count(node.left) and _ends_soon(look.type(node.right)):
        look.use("div.whole", node)
        look.use("div.fraction", node)
    else:
        look.use_by_pair("div", look.kinds(node.left), look.kinds(node.right), node)


def _quotient(left: Type, right: Type) -> str | None:
    """Whether whole numbers that are known always give a ``whole`` one, or a ``fraction`` of few digits."""
    if left.bits & k.ALL_KINDS & ~k.INT or right.bits & k.ALL_KINDS & ~k.INT:
        return None
    if not left.numbers or not right.numbers or 0 in right.numbers:
        return None
    quotients = [a / b for a in left.numbers for b in right.numbers]
    if not all(map(is_plain_float, quotients)):
        return None
    whole = [quotient.is_integer() for quotient in quotients]
    return "whole" if all(whole) else None if any(whole) else "fraction"


def _is_count(node: nodes.Expr) -> bool:
    """Whether a number counts turns of a loop, or what is in a list or a text: it has few digits."""
    if isinstance(node, nodes.Filter):
        return node.name in ("length", "count")
    return isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "loop"


def _ends_soon(divisor: Type) -> bool:
    """Whether a divisor is known to give no more than three digits after the point."""
    if not divisor.only(k.INT) or not divisor.numbers:
        return False
    return all(number > 0 and 1000 % number == 0 for number in divisor.numbers)


def _counts(node: nodes.Div, look: Look) -> bool:
    """Whether two whole numbers are divided that are not negative."""
    types = look.type(node.left), look.type(node.right)
    return all(type_.only(k.INT) and not type_.bits & k.NEGATIVE for type_ in types)


def _modulo(node: nodes.Mod, look: Look) -> None:
    if look.type(node.left).bits & _TEXT:
        return
    comparison = compared_with(node, look)
    if as_condition(node, look) or (comparison is not None and constant(comparison[1]) == 0):
        look.use_by_kind("mod.zero-test", look.kinds(node.left), node)
    else:
        look.use_by_pair("mod", look.kinds(node.left), look.kinds(node.right), node)


VISITS = {nodes.Sub: _minus, nodes.Div: _divide, nodes.Mod: _modulo}
VALID = (
    Example("{{ (messages|length - 1) % 2 }}", targets=("minijinja",)),
    Example("{% for m in messages %}{{ loop.index / 2 }}{% endfor %}", targets=("llama.cpp-engine",)),
)
INVALID = (Example("{{ -7 % 3 }}", targets=("hf-jinja",)),)
