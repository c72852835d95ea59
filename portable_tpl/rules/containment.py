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
from portable_tpl.rewriting.calls import comparisons

CODE = "PTL206"
_LISTS = (nodes.List, nodes.Tuple)


def _comparison(node: nodes.Compare | nodes.Test, look: Look) -> None:
    for operator, left, right in comparisons(node):
        if operator in ("in", "notin"):
            if "none" in look.kinds(left) and isinstance(right, _LISTS):
                look.use("in.literal-tuple" if isinstance(right, nodes.Tuple) else "in.literal-list", node)
            else:
                look.use_by_pair("in", look.brief(left), look.brief(right), node)


VISITS = {nodes.Compare: _comparison, nodes.Test: _comparison}
VALID = (Example("{% if messages[0].role in ['user', 'tool'] %}x{% endif %}", targets=("hf-jinja", "minijinja")),)
INVALID = (Example("{% if none in ['a'] %}x{% endif %}", targets=("hf-jinja",)),)
