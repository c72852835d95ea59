"""Keys that are the names of methods.

What it does
------------
Finds ``value.items``, ``value.keys`` and the like without a call, where the value is a mapping (or text); and
``value['items']`` where the mapping may have no such key and is asked for, or something of it is read.

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
    elif _is_read_of(node, look):
        look.use(f"item.shadowed.{key}.attribute", node)


def _is_read_of(node: nodes.Expr, look: Look) -> bool:
    """Whether something of a value is read: there, or by the macro that it is given to."""
    parent = look.parent(node)
    if isinstance(parent, (nodes.Getattr, nodes.Getitem)):
        return parent.node is node and not isinstance(look.parent(parent), nodes.Call)
    if not isinstance(parent, nodes.Call) or not isinstance(parent.node, nodes.Name) or node not in parent.args:
        return False
    number = next(number for number, argument in enumerate(parent.args) if argument is node)
    for macro in look.parsed.tree.find_all(nodes.Macro):
        if macro.name == parent.node.name and number < len(macro.args):
            return _reads_at_once(macro, macro.args[number].name)
    return False


def _reads_at_once(macro: nodes.Macro, name: str) -> bool:
    """Whether a macro reads something of an argument before it has asked anything else."""
    first = next((statement for statement in macro.body if not _is_blank(statement)), None)
    if isinstance(first, nodes.If):
        first = first.test
    while isinstance(first, (nodes.And, nodes.Or)):
        first = first.left
    if first is None:
        return False
    read = next(iter(first.find_all((nodes.Getattr, nodes.Getitem))), None)
    value = read.node if isinstance(read, (nodes.Getattr, nodes.Getitem)) else None
    return isinstance(value, nodes.Name) and value.name == name


def _is_blank(statement: nodes.Node) -> bool:
    return isinstance(statement, nodes.Output) and all(
        isinstance(each, nodes.TemplateData) and not each.data.strip() for each in statement.nodes
    )


VISITS = {nodes.Getattr: _attribute, nodes.Getitem: _item}
VALID = (
    Example("{{ messages[0]['items'] }}"),
    Example("{% for p in tools or [] %}{{ 'x' if p['items'] is mapping }}{% endfor %}"),
    Example("{{ messages[0].content }}"),
    Example(
        "{% macro name(p) %}{% if p is mapping and p.type %}{{ p.type }}{% endif %}{% endmacro %}"
        "{% if tools %}{{ name(tools[0].function.parameters['items']) }}{% endif %}",
        targets=("minijinja",),
    ),
)
INVALID = (
    Example("{% if tools and tools[0].function.parameters['items'] %}x{% endif %}"),
    Example("{% if tools and tools[0].function.items is defined %}x{% endif %}"),
    Example("{{ tools[0].function.parameters['items'].type if tools }}", targets=("minijinja", "llama.cpp-engine")),
    Example(
        "{% macro name(p) %}{% if p.type == 'array' %}{{ name(p['items']) }}[]{% else %}{{ p.type }}{% endif %}"
        "{% endmacro %}{% for t in tools or [] %}{% for k, p in t.function.parameters.properties.items() %}"
        "{{ name(p) }}{% endfor %}{% endfor %}",
        targets=("minijinja", "llama.cpp-engine"),
    ),
)
