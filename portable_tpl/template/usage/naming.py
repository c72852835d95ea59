"""The names that an expression's value may come from, read off its tree alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

Names = tuple[str, ...]
_NOTHING: Names = ()
# What gives back its input, or a text of the same part of the input; a part of a text goes by the name of the whole.
SAME_FILTERS = frozenset({
    "list", "selectattr", "rejectattr", "select", "reject", "sort", "reverse", "unique", "trim", "string", "safe",
    "default", "d", "lower", "upper", "escape", "e", "forceescape", "capitalize", "title", "indent", "replace",
})  # fmt: skip
SAME_METHODS = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "removeprefix", "removesuffix",
    "copy",
})  # fmt: skip
CUTTING_METHODS = frozenset({"split", "rsplit", "partition"})
PAIR_FILTERS = frozenset({"items", "dictsort"})


def names_of(node: nodes.Node | None) -> Names:
    """The names that an expression's value may come from."""
    kind = node.__class__
    if kind is nodes.Name:
        return (node.name,)  # type: ignore[union-attr]
    if kind is nodes.Getattr:
        return (node.attr,)  # type: ignore[union-attr]
    reader = _READERS.get(kind)
    return _NOTHING if reader is None else reader(node)


def _read_getitem(node: nodes.Getitem) -> Names:
    argument = node.arg
    if argument.__class__ is nodes.Slice:
        return names_of(node.node)
    if argument.__class__ is nodes.Const and isinstance(argument.value, str):
        return (argument.value,)
    return items_of(names_of(node.node))


def _read_filter(node: nodes.Filter) -> Names:
    if node.name in SAME_FILTERS:
        return names_of(node.node)
    if node.name in ("first", "last"):
        return items_of(names_of(node.node))
    if node.name == "map":
        for pair in node.kwargs:
            if pair.key == "attribute" and isinstance(pair.value, nodes.Const):
                return (str(pair.value.value),)
        return names_of(node.node)
    return _NOTHING


def _read_call(node: nodes.Call) -> Names:
    callee = node.node
    if callee.__class__ is not nodes.Getattr:
        return _NOTHING
    key = key_argument(node)
    if key is not None:
        return (key,)
    return names_of(callee.node) if callee.attr in SAME_METHODS | CUTTING_METHODS else _NOTHING


def _read_choice(node: Any) -> Names:
    return names_of(node.left) + names_of(node.right)


def _read_add(node: nodes.Add) -> Names:
    return _NOTHING if adds_text(node) else _read_choice(node)


def _read_condition(node: nodes.CondExpr) -> Names:
    return names_of(node.expr1) + names_of(node.expr2)


def items_of(names: Names) -> Names:
    """The names of the items of lists of these names."""
    return tuple(name + "[]" for name in names)


def adds_text(node: nodes.Add) -> bool:
    """Whether this can only be a sum of texts; other sums may be lists."""
    if isinstance(node.left, (nodes.Add, nodes.Concat)):
        return True
    return any(isinstance(side, nodes.Const) and isinstance(side.value, str) for side in (node.left, node.right))


def key_argument(node: nodes.Call) -> str | None:
    """``x`` of ``.get("x")``."""
    callee: Any = node.node
    if callee.attr in ("get", "pop") and node.args:
        first = node.args[0]
        if isinstance(first, nodes.Const) and isinstance(first.value, str):
            return first.value
    return None


def pair_source(node: nodes.Node) -> nodes.Node | None:
    """``x`` of ``x.items()``, ``x|items`` and ``x|dictsort``."""
    if isinstance(node, nodes.Filter):
        return node.node if node.name in PAIR_FILTERS else None
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "items":
        return node.node.node
    return None


def constants_of(node: nodes.Node) -> list[Any]:
    """The constants in an expression that something is compared with."""
    if isinstance(node, nodes.Const):
        return [node.value]
    if isinstance(node, (nodes.List, nodes.Tuple)):
        return [child.value for child in node.items if isinstance(child, nodes.Const)]
    if isinstance(node, nodes.Dict):
        return [pair.key.value for pair in node.items if isinstance(pair.key, nodes.Const)]
    if (
        isinstance(node, nodes.Neg)
        and isinstance(node.node, nodes.Const)
        and isinstance(node.node.value, (int, float))
    ):
        return [-node.node.value]
    return []


_READERS: dict[Any, Callable[[Any], Names]] = {
    nodes.Getitem: _read_getitem,
    nodes.Filter: _read_filter,
    nodes.Call: _read_call,
    nodes.Or: _read_choice,
    nodes.And: _read_choice,
    nodes.Add: _read_add,
    nodes.CondExpr: _read_condition,
}
