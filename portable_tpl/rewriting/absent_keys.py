"""Keys that may be absent, in conditions: asked for in ways that every engine answers alike."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import as_condition, assigned
from portable_tpl.rewriting.expressions import Level, operand, replace
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k


def by_get(node: nodes.Node, look: Look) -> Fix | None:
    """``schema.get('items')`` for ``schema['items']`` as a condition, where jinja2 takes the method for the key.

    A schema without the key then takes the other branch in the reference, too: that both print the same, the proof
    has to show.
    """
    if not isinstance(node, nodes.Getitem) or not as_condition(node, look):
        return None
    key = constant(node.arg)
    holder = look.type(node.node)
    if not isinstance(key, str) or not hasattr(dict, key) or not holder.only(k.DICT):
        return None
    if not supported(look, "method.dict.get"):
        return None
    text = f"{operand(node.node, look, Level.ATOM)}.get({look.parsed.source(node.arg)})"
    return replace(node, text, Level.ATOM, look, "Ask for the key, not for the method")


def text_key(node: nodes.Getitem, look: Look) -> Fix | None:
    """``key is string and table[key] is defined`` for ``table[key] is defined``, of a table whose keys are texts."""
    test = look.parent(node)
    key = node.arg
    if not isinstance(test, nodes.Test) or test.name != "defined" or test.node is not node:
        return None
    if not as_condition(test, look) or not repeatable(key) or not _has_text_keys(node.node, look):
        return None
    if not supported(look, "test.string.value"):
        return None
    made = f"{operand(key, look)} is string and {look.parsed.source(test)}"
    return replace(test, made, Level.AND, look, "Ask for a text first")


def _has_text_keys(node: nodes.Expr, look: Look) -> bool:
    tables = assigned(node, look) if isinstance(node, nodes.Name) else [node]
    return bool(tables) and all(
        isinstance(table, nodes.Dict) and all(isinstance(constant(pair.key), str) for pair in table.items)
        for table in tables
    )
