"""Lists: what to go through where there may be nothing, and those in which a template keeps what it saw."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Edit, Fix
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.support.spelling import constant

_UNDEFINED = "undefined"


def or_nothing(node: nodes.Node, broken: Collection[str], look: Look, nothing: Collection[str]) -> Fix | None:
    """``x or []`` for what may be one of the kinds that are ``nothing``, and no characters for text.

    ``broken`` are the kinds that some target does not take. In the reference, text gives a character a turn: that
    nothing is printed for these, the proof has to show.
    """
    kinds = [kind for kind in look.kinds(node) if kind in broken]
    characters = any(kind in TEXT_KINDS and kind not in nothing for kind in kinds)
    empty = any(kind in nothing and not (characters and kind in TEXT_KINDS) for kind in kinds)
    text = f"{operand(node, look, Level.AND)} or []" if empty else operand(node, look, Level.OR)
    if characters:
        # Anything longer would be better off with a name of its own.
        short = isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)) and repeatable(node)
        if not short or not supported(look, "test.string.value", "condexpr", "or.value"):
            return None
        text = f"([] if {operand(node, look)} is string else {text})"
        return replace(node, text, Level.ATOM, look, "Loop over no characters")
    if not empty:
        return None
    return replace(node, f"({text})", Level.ATOM, look, "Loop over nothing where there is nothing")


def seen_before(node: nodes.Compare | nodes.Test, look: Look) -> Fix | None:
    """``m.id|default(-1) not in seen.ids``, and the same where ids are put into the list.

    An absent id is then kept as a number that is no id, which is equal to another one as undefined values are. That
    none is sent, the proof has to show.
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
    return f"{operand(value, look)}{pipe(look, value)}default(-1)"


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
