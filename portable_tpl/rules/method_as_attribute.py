"""Keys that are the names of methods.

What it does
------------
Finds ``value.items``, ``value.keys`` and the like without a call, where the value is a mapping (or text); and
``value['items']`` where the mapping may have no such key.

Why it breaks
-------------
In Python the attribute is the method, whether the mapping has such a key or not; engines without Python's
objects look the key up. A JSON schema has a key ``items``: ``schema.items`` is the method in the reference and
the key elsewhere.

Example
-------
``{% if schema.items is defined %}`` is always true in the reference.

Fix safety
----------
Unsafe: ``schema['items']`` gives the key everywhere, which is not what the reference printed before.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.rewriting.calls import as_condition
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL104"


def _attribute(node: nodes.Getattr, look: Look) -> None:
    parent = look.parent(node)
    if isinstance(parent, nodes.Call) and parent.node is node:
        return
    bits = look.type(node.node).bits
    if bits & k.DICT and not bits & k.NAMESPACE:
        look.use(f"attr.shadowed.{node.attr}", node)
        look.use(f"attr.shadowed.{node.attr}.missing", node)
    if bits & k.STR:
        look.use(f"attr.method.str.{node.attr}", node)


def _item(node: nodes.Getitem, look: Look) -> None:
    key, bits = constant(node.arg), look.type(node.node).bits
    if not isinstance(key, str) or not bits & k.DICT or bits & k.NAMESPACE or not look.type(node).bits & k.UNDEFINED:
        return
    parent = look.parent(node)
    is_test = isinstance(parent, nodes.Test) and parent.name in ("defined", "undefined")
    if is_test or as_condition(node, look):
        look.use(f"item.shadowed.{key}.missing", node)


VISITS = {nodes.Getattr: _attribute, nodes.Getitem: _item}
VALID = (
    Example("{{ messages[0]['items'] }}"),
    Example("{% for p in tools or [] %}{{ 'x' if p['items'] is mapping }}{% endfor %}"),
    Example("{{ messages[0].content }}"),
)
INVALID = (
    Example("{% if tools and tools[0].function.parameters['items'] %}x{% endif %}"),
    Example("{% if tools and tools[0].function.items is defined %}x{% endif %}"),
)
