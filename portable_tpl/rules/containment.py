"""Containment that an engine answers otherwise.

What it does
------------
Finds ``in`` and ``not in`` on kinds of values for which an engine gives another answer or none.

Why it breaks
-------------
``in`` on an undefined name is false in the reference and an error elsewhere; engines differ on ``none`` in a list, on
numbers in text, and on what ``in`` means for a mapping.

Example
-------
``{% if 'x' in message.nope %}``

Fix safety
----------
No fix is offered: ask whether the value is defined first.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look

CODE = "PTL206"
_LISTS = (nodes.List, nodes.Tuple)


def _comparison(node: nodes.Compare, look: Look) -> None:
    left: nodes.Expr = node.expr
    for operand in node.ops:
        if operand.op in ("in", "notin"):
            right = look.brief(operand.expr)
            if "none" in look.kinds(left) and isinstance(operand.expr, _LISTS):
                look.use("in.literal-tuple" if isinstance(operand.expr, nodes.Tuple) else "in.literal-list", node)
            else:
                look.use_by_pair("in", look.brief(left), right, node)
        left = operand.expr


VISITS = {nodes.Compare: _comparison}
VALID = (Example("{% if messages[0].role in ['user', 'tool'] %}x{% endif %}", targets=("hf-jinja", "minijinja")),)
INVALID = (Example("{% if none in ['a'] %}x{% endif %}", targets=("hf-jinja",)),)
