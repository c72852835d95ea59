"""Order of values that an engine does not put in order.

What it does
------------
Finds ``<``, ``<=``, ``>`` and ``>=`` between texts, booleans and other kinds that an engine does not order as Python.

Why it breaks
-------------
Several engines order numbers only; others order values of different kinds where Python refuses.

Example
-------
``{% if model_version < '2' %}``

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.kinds import Kinds

CODE = "PTL205"
_ORDER = frozenset({"lt", "lteq", "gt", "gteq"})


def _comparison(node: nodes.Compare, look: Look) -> None:
    left: nodes.Expr = node.expr
    for operand in node.ops:
        if operand.op in _ORDER:
            look.use_by_pair("lt", _kinds(left, look), _kinds(operand.expr, look), node)
            if "list" in look.kinds(left) and "list" in look.kinds(operand.expr):
                look.use("lt@list,list", node)
        left = operand.expr


def _kinds(node: nodes.Node, look: Look) -> Kinds:
    return tuple(dict.fromkeys("plain" if kind == "empty" else kind for kind in look.brief(node)))


VISITS = {nodes.Compare: _comparison}
VALID = (Example("{% if messages|length > 1 %}x{% endif %}", targets=("hf-jinja", "minijinja")),)
INVALID = (Example("{% if messages[0].content < 'b' %}x{% endif %}", targets=("hf-jinja",)),)
