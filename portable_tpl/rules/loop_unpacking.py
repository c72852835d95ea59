"""Unpacking that an engine does not do.

What it does
------------
Finds loops and assignments with several names on the left that a target does not take for the values at hand.

Why it breaks
-------------
An engine without tuples cannot take one apart, and few take patterns inside patterns.

Example
-------
``{% for a, b in [('x', 1), ('y', 2)] %}``

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL504"
_FROM_PAIRS = frozenset({"items", "dictsort"})


def _for(node: nodes.For, look: Look) -> None:
    target = node.target
    if not isinstance(target, nodes.Tuple):
        return
    if any(isinstance(item, nodes.Tuple) for item in target.items):
        look.use("for.unpack.nested", node)
    if len(target.items) > 2:
        look.use("for.unpack.three", node)
    if look.breaks("for.unpack.parentheses") and look.parsed.source(target).startswith("("):
        look.use("for.unpack.parentheses", node)
    if (isinstance(node.iter, nodes.Filter) and node.iter.name in _FROM_PAIRS) or _items(node.iter):
        return
    shape = look.type(node.iter).shape
    if shape is not None and shape.items is not None:
        bits = shape.element.bits
        if bits & k.TUPLE:
            look.use("for.unpack.tuple", node)
        if bits & k.LIST:
            look.use("for.unpack", node)


def _items(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "items"


def _assign(node: nodes.Assign, look: Look) -> None:
    if isinstance(node.target, nodes.Tuple):
        if isinstance(node.node, nodes.Tuple):
            look.use("statement.set.unpack", node)
        else:
            look.use("statement.set.unpack-list", node)
            if look.type(node.node).bits & k.STR:
                look.use("statement.set.unpack-text", node)


VISITS = {nodes.For: _for, nodes.Assign: _assign}
VALID = (Example("{% for k, v in {'a': 1}|items %}{{ k }}{% endfor %}", targets=("hf-jinja",)),)
INVALID = (Example("{% for a, b in [('x', 1)] %}{{ a }}{% endfor %}", targets=("hf-jinja",)),)
