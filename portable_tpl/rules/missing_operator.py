"""Operators that an engine does not have.

What it does
------------
Finds ``//``, ``**``, a sign before a value or after a word (``or -1``), ``not`` before a comparison or a test, text
times a number, and chained comparisons such as ``1 < n < 5``.

Why it breaks
-------------
An engine may not know the operator at all, and then often does not load the template; or it reads a chain from
left to right, as ``(1 < n) < 5``.

Example
-------
``{% if 0 < n <= 5 %}`` is ``{% if 0 < n and n <= 5 %}``.

Fix safety
----------
Safe for chains, which become two comparisons with ``and``. No fix is offered for arithmetic.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.kinds import brief
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import SIGNS
from portable_tpl.rewriting.expressions import Level, operand, replace
from portable_tpl.support.spelling import negation_features, sign_features
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL203"


def _power(node: nodes.Pow, look: Look) -> None:
    look.use("pow@int,int", node)
    if look.type(node.right).bits & k.NEGATIVE:
        look.use("pow.negative", node)
    if look.type(node.right).bits & k.FLOAT:
        look.use("pow.float", node)
    look.use("syntax.precedence.pow", node)


def _floor(node: nodes.FloorDiv, look: Look) -> None:
    look.use("floordiv@int,int", node)
    look.use_by_pair("floordiv", look.kinds(node.left), look.kinds(node.right), node)


def _sign(node: nodes.Neg | nodes.Pos, look: Look) -> None:
    for feature in sign_features(node, look.parsed, look.kinds(node.node)):
        look.use(feature, node)


def _not(node: nodes.Not, look: Look) -> None:
    for feature in negation_features(node, look.parsed):
        look.use(feature, node)


def _times(node: nodes.Mul, look: Look) -> None:
    look.use_by_pair("mul", brief(look.kinds(node.left)), brief(look.kinds(node.right)), node)


def _comparison(node: nodes.Compare, look: Look) -> None:
    if any(operand.op == "notin" for operand in node.ops):
        look.use("syntax.not-in", node)
    if len(node.ops) > 1:
        equal = all(operand.op in ("eq", "ne") for operand in node.ops)
        feature = "syntax.chained-equality" if equal else "syntax.chained-comparison"
        look.use(feature, node, lambda: _unchained(node, look))


def _unchained(node: nodes.Compare, look: Look) -> Fix:
    parts: list[str] = []
    left: nodes.Expr = node.expr
    for item in node.ops:
        parts.append(f"{operand(left, look, Level.SUM)} {SIGNS[item.op]} {operand(item.expr, look, Level.SUM)}")
        left = item.expr
    return replace(node, " and ".join(parts), Level.AND, look, "Compare two at a time")


VISITS = {
    nodes.Pow: _power,
    nodes.FloorDiv: _floor,
    nodes.Neg: _sign,
    nodes.Pos: _sign,
    nodes.Not: _not,
    nodes.Mul: _times,
    nodes.Compare: _comparison,
}
VALID = (Example("{{ 7 // 2 }}", targets=("minijinja",)), Example("{{ -1 }}", targets=("llama.cpp-engine",)))
INVALID = (
    Example("{{ 7 // 2 }}", targets=("llama.cpp-engine",)),
    Example("{% if -1 < messages|length %}x{% endif %}", targets=("llama.cpp-engine",)),
    Example(
        "{% if 1 < messages|length < 5 %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% if 1 < messages|length and messages|length < 5 %}x{% endif %}",
    ),
)
