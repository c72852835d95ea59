"""Lists in which a template keeps what it saw, such as the ids of results that are printed already."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.model.findings import Edit, Fix
from portable_tpl.rewriting.expressions import Level, operand, pipe, quoted, replace
from portable_tpl.support.spelling import constant

_UNDEFINED = "undefined"


def seen_before(node: nodes.Compare | nodes.Test, look: Look) -> Fix | None:
    """``m.id|default('') not in seen.ids``, and the same where ids are put into the list.

    An absent id is then kept as an empty text, which is equal to another one as undefined values are. That no id is
    empty, the proof has to show.
    """
    if not isinstance(node, nodes.Compare) or len(node.ops) != 1 or look.breaks("filter.default"):
        return None
    value, values = node.expr, node.ops[0].expr
    if _UNDEFINED not in look.kinds(value) or not _broken(look):
        return None
    key = _key(value)
    kept = [item for item in _kept(values, look) if _key(item) == key and _UNDEFINED in look.kinds(item)]
    if key is None or not kept:
        return None
    also = [Edit(*look.parsed.span(item), _defaulted(item, look)) for item in kept]
    return replace(value, _defaulted(value, look), Level.FILTER, look, "Give a default", also=also)


def _broken(look: Look) -> bool:
    return any(pair.startswith(f"{_UNDEFINED},") for pair in look.families.get("in", {}))


def _defaulted(value: nodes.Expr, look: Look) -> str:
    return f"{operand(value, look)}{pipe(look, value)}default({quoted('', look)})"


def _key(value: nodes.Expr) -> str | None:
    """The key that a value is looked up by."""
    if isinstance(value, nodes.Getattr):
        return value.attr
    key = constant(value.arg) if isinstance(value, nodes.Getitem) else None
    return key if isinstance(key, str) else None


def _kept(values: nodes.Expr, look: Look) -> Iterator[nodes.Expr]:
    """The elements of the lists that a list is put together from, under its name or in its namespace."""
    for node in look.parsed.nodes:
        if isinstance(node, nodes.Assign) and _is_set(node.target, values):
            for part in look.parsed.beneath(node.node):
                if isinstance(part, nodes.List):
                    yield from part.items


def _is_set(target: nodes.Node, values: nodes.Expr) -> bool:
    if isinstance(target, nodes.NSRef):
        return values == nodes.Getattr(nodes.Name(target.name, "load"), target.attr, "load")
    return isinstance(target, nodes.Name) and isinstance(values, nodes.Name) and target.name == values.name
