"""What the filters, methods, tests and operators of templates do with the value that they are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import nodes

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
SEARCHES = CUTTING_METHODS | {
    "startswith", "endswith", "find", "rfind", "index", "count", "replace", "removeprefix", "removesuffix", "strip",
    "lstrip", "rstrip",
}  # fmt: skip
_PAIR_FILTERS = frozenset({"items", "dictsort"})
# What makes something else of its input, as a use of it.
LAST_FILTERS = {
    "tojson": "dumped",
    "items": "pairs",
    "dictsort": "pairs",
    "join": "joined",
    "length": "length",
    "count": "length",
}
EQUAL_TESTS = frozenset({"eq", "equalto", "sameas", "=="})


def pair_source(node: nodes.Node) -> nodes.Node | None:
    """``x`` of ``x.items()``, ``x|items`` and ``x|dictsort``."""
    if isinstance(node, nodes.Filter):
        return node.node if node.name in _PAIR_FILTERS else None
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "items":
        return node.node.node
    return None


def adds_text(node: nodes.Add) -> bool:
    """Whether this can only be a sum of texts; other sums may be lists."""
    if isinstance(node.left, (nodes.Add, nodes.Concat)):
        return True
    return any(isinstance(side, nodes.Const) and isinstance(side.value, str) for side in (node.left, node.right))


def leading_text(node: nodes.Call | nodes.Filter) -> list[str]:
    """``["x"]`` of ``.get("x")``; empty where the first argument is no text that the template spells."""
    first = node.args[0] if node.args else None
    return [first.value] if isinstance(first, nodes.Const) and isinstance(first.value, str) else []


def constants_of(node: nodes.Node) -> Iterator[Any]:
    """The constants in an expression that something is compared with."""
    if isinstance(node, nodes.Const):
        yield node.value
    elif isinstance(node, (nodes.List, nodes.Tuple)):
        for item in node.items:
            yield from constants_of(item)
    elif isinstance(node, nodes.Dict):
        for pair in node.items:
            yield from constants_of(pair.key)
    elif isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and _is_number(node.node.value):
        yield -node.node.value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))
