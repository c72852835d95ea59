"""``items``, ``keys``, ``values`` and ``get`` of mappings, and conditions on keys that may be absent."""

from __future__ import annotations

from typing import TypeGuard

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import MethodCall, as_condition, assigned, compared_with
from portable_tpl.rewriting.expressions import Level, level_of, operand, pipe, replace
from portable_tpl.rewriting.test_rewrites import text_first
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

_LONGEST_TABLE = 4
_LITERALS = (nodes.Const, nodes.List, nodes.Dict)
# Filters that take a generator as well as a view.
_TAKE_ANY = frozenset(
    {"list", "join", "first", "map", "select", "selectattr", "reject", "rejectattr", "sort", "unique"}
)


def _is_gone_through(node: nodes.Call, look: Look) -> bool:
    """Whether a value is only iterated over where it stands, so that a generator is as good as a view."""
    parent = look.parent(node)
    if isinstance(parent, nodes.For):
        return parent.iter is node
    return isinstance(parent, nodes.Filter) and parent.node is node and parent.name in _TAKE_ANY


def _counts(node: nodes.Call, look: Look) -> bool:
    parent = look.parent(node)
    return isinstance(parent, nodes.Filter) and parent.node is node and parent.name in ("length", "count")


def _mapping_itself(node: nodes.Call, call: MethodCall, look: Look) -> Fix:
    return replace(node, operand(call.receiver, look, Level.ATOM), Level.ATOM, look, "Use the mapping itself")


def _items(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if node.args or node.kwargs:
        return None
    if _counts(node, look) or as_condition(node, look):
        return _mapping_itself(node, call, look)
    if not _is_gone_through(node, look) or not supported(look, "filter.items@dict"):
        return None
    text = f"{operand(call.receiver, look, Level.FILTER)}{pipe(look)}items"
    return replace(node, text, Level.FILTER, look, "Use the filter items")


def _keys(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """A mapping is its keys, wherever it is gone through, counted, or looked into."""
    if node.args or node.kwargs:
        return None
    compared = compared_with(node, look)
    looked_into = (
        compared is not None and compared[0] in ("in", "notin") and not isinstance(look.parent(node), nodes.Compare)
    )
    if looked_into or _is_gone_through(node, look) or _counts(node, look) or as_condition(node, look):
        return _mapping_itself(node, call, look)
    return None


def _values(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if node.args or node.kwargs:
        return None
    if _counts(node, look) or as_condition(node, look):
        return _mapping_itself(node, call, look)
    if not _is_gone_through(node, look) or not supported(look, "filter.items@dict", "filter.map.index"):
        return None
    text = f"{operand(call.receiver, look, Level.FILTER)}{pipe(look)}items{pipe(look)}map(attribute=1)"
    return replace(node, text, Level.FILTER, look, "Use the filters items and map")


def _get(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    if node.kwargs or len(node.args) not in (1, 2):
        return None
    if _is_always_defined(node, look):
        return _without_test(node, look)
    if not supported(look, "item.variable@dict", "item.word@dict"):
        return None
    key = node.args[0]
    item = f"{operand(call.receiver, look, Level.ATOM)}[{operand(key, look, Level.CONDITIONAL)}]"
    default = node.args[1] if len(node.args) == 2 else None
    plain = (default is None or constant(default) is None) and _is_no_attribute(key)
    if plain and _absent_is_as_good(node, look):
        return replace(node, item, Level.ATOM, look, "Use a subscript")
    if isinstance(default, _LITERALS) and constant(default) is not None:  # of `none` some engines make an empty text
        by_filter = _or_default(node, item, default, look)
        if by_filter is not None:
            return by_filter
    if not (_repeatable(call.receiver) and repeatable(key)) or not supported(look, "in@plain,dict", "condexpr"):
        return None
    other = "none" if default is None else operand(default, look, Level.CONDITIONAL)
    test = f"{operand(key, look, Level.SUM)} in {operand(call.receiver, look, Level.FILTER)}"
    if as_condition(node, look) and (default is None or constant(default) is None):
        return replace(node, f"{test} and {item}", Level.AND, look, "Ask for the key first")
    text = f"{item} if {test} else {other}"
    return replace(node, text, Level.CONDITIONAL, look, "Use a subscript and a default")


def _is_always_defined(node: nodes.Call, look: Look) -> bool:
    """Whether what a mapping gives is asked for being defined: ``none`` is, and so is every default of a literal."""
    test = look.parent(node)
    plain = len(node.args) == 1 or isinstance(node.args[1], _LITERALS)
    return plain and isinstance(test, nodes.Test) and test.node is node and test.name == "defined"


def _without_test(node: nodes.Call, look: Look) -> Fix:
    """``d.get('k') is defined and x`` is ``x``; a condition that stands alone is ``true``."""
    test = look.parent(node)
    assert isinstance(test, nodes.Test)
    whole = look.parent(test)
    if isinstance(whole, nodes.And):
        other = whole.right if whole.left is test else whole.left
        if whole.left is test or as_condition(whole, look):
            return replace(whole, look.parsed.source(other), level_of(other), look, _ALWAYS)
    if isinstance(whole, nodes.Not) and look.parsed.span(whole) == look.parsed.span(test):
        return replace(whole, "false", Level.ATOM, look, _ALWAYS)
    return replace(test, "true", Level.ATOM, look, _ALWAYS)


_ALWAYS = "Leave out what is always so"


def _or_default(node: nodes.Call, item: str, default: nodes.Expr, look: Look) -> Fix | None:
    """``d['k']|default(x)``: the key that is missing is undefined, and what is there, ``none`` too, stays."""
    if not _is_no_attribute(node.args[0]) or look.breaks("filter.default"):
        return None
    unsure = look.families.get("filter.default", {})
    if "undefined" in unsure or any(kind in unsure for kind in look.kinds(node)):
        return None
    parent = look.parent(node)
    whole: nodes.Node = node
    if _is_idle(parent) and parent.node is node:
        whole = parent
    beside = parent if isinstance(parent, nodes.Filter) and parent.node is node else None
    text = f"{item}{pipe(look, beside)}default({operand(default, look, Level.CONDITIONAL)})"
    return replace(whole, text, Level.FILTER, look, "Use a subscript and the filter default")


def _is_idle(parent: nodes.Node | None) -> TypeGuard[nodes.Filter]:
    """Whether a filter gives a default to what has one already."""
    if not isinstance(parent, nodes.Filter) or parent.name not in ("default", "d"):
        return False
    return not parent.kwargs and len(parent.args) < 2


def _is_no_attribute(key: nodes.Expr) -> bool:
    """Whether a key that a mapping lacks is undefined: jinja2 takes ``d['items']`` for the method then."""
    name = constant(key)
    return isinstance(name, str) and not hasattr(dict, name)


def _repeatable(receiver: nodes.Expr) -> bool:
    """Whether a mapping may be written twice, a short table of constants included."""
    if isinstance(receiver, nodes.Dict) and len(receiver.items) <= _LONGEST_TABLE:
        return all(isinstance(part, nodes.Const) for pair in receiver.items for part in (pair.key, pair.value))
    return repeatable(receiver)


def _absent_is_as_good(node: nodes.Expr, look: Look) -> bool:
    """Whether an undefined value does the same as ``none`` where it stands."""
    parent = look.parent(node)
    if as_condition(node, look) or (isinstance(parent, nodes.Or) and parent.left is node):
        return True
    compared = compared_with(node, look)
    if compared is not None and compared[0] in ("eq", "ne"):
        return isinstance(constant(compared[1]), str)  # neither is equal to a text
    return isinstance(parent, nodes.Test) and parent.node is node and parent.name in ("string", "mapping", "number")


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
    if not as_condition(test, look) or not _has_text_keys(node.node, look):
        return None
    return text_first(test, key, look)


def _has_text_keys(node: nodes.Expr, look: Look) -> bool:
    tables = assigned(node, look) if isinstance(node, nodes.Name) else [node]
    return bool(tables) and all(
        isinstance(table, nodes.Dict) and all(isinstance(constant(pair.key), str) for pair in table.items)
        for table in tables
    )


REWRITES = {"items": _items, "keys": _keys, "values": _values, "get": _get}
