"""Numbers and other values in JSON text.

What it does
------------
Finds ``tojson`` of values that can hold numbers with a fraction, very big numbers, undefined values, tuples and the
like, for targets that write them otherwise or fail.

Why it breaks
-------------
``1.0`` is ``1`` in JavaScript, llama.cpp keeps six digits, and integers past 2^53 or 2^63 lose digits.

Example
-------
``{{ tool_call.function.arguments|tojson }}``

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.constants import is_plain_float
from portable_tpl.checking.inner_kinds import leaf_kinds
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.rewriting.calls import as_condition

CODE = "PTL307"
_CONTAINERS = frozenset({"list", "empty-list", "dict", "empty-dict", "tuple", "range", "namespace"})


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name != "tojson" or node.node is None:
        return
    if isinstance(node.node, nodes.Const) and isinstance(node.node.value, float):
        odd = node.node.value.is_integer() or not is_plain_float(node.node.value)
        if odd and not as_condition(node, look):
            look.use("filter.tojson.float-literal", node)
        return
    kinds = leaf_kinds(look.type(node.node))
    scalars = tuple(kind for kind in kinds if kind not in TEXT_KINDS and kind not in _CONTAINERS and kind != "markup")
    look.use_by_kind("filter.tojson", scalars, node)
    look.use_by_kind("filter.tojson.container", tuple(kind for kind in kinds if kind in _CONTAINERS), node)


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages|length|tojson }}", targets=("hf-jinja",)),)
INVALID = (Example("{{ range(3)|list|tojson }}{{ (1, 2)|tojson }}", targets=("hf-jinja",)),)
