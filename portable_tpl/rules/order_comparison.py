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
from portable_tpl.rewriting.calls import comparisons
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL205"
_ORDER = frozenset({"lt", "lteq", "gt", "gteq"})


def _comparison(node: nodes.Compare | nodes.Test, look: Look) -> None:
    for operator, left, right in comparisons(node):
        if operator in _ORDER:
            look.use_by_pair("lt", _kinds(left, look), _kinds(right, look), node)
            if look.type(left).bits & k.LIST and look.type(right).bits & k.LIST:
                look.use("lt@list,list", node)


def _kinds(node: nodes.Node, look: Look) -> Kinds:
    return tuple(dict.fromkeys("plain" if kind == "empty" else kind for kind in look.brief(node)))


VISITS = {nodes.Compare: _comparison, nodes.Test: _comparison}
VALID = (Example("{% if messages|length > 1 %}x{% endif %}", targets=("hf-jinja", "minijinja")),)
INVALID = (Example("{% if messages[0].content < 'b' %}x{% endif %}", targets=("hf-jinja",)),)
