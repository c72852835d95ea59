"""The variables that a template takes beside the request's own parts: their defaults and the values that it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from jinja2 import nodes

from portable_tpl.model.conversation import Json
from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.syntax.conditions import is_given
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.usage.shape import TemplateShape, shape_of


@dataclass(frozen=True)
class Variable:
    """A name that the caller may give.

    ``defaults`` are the literal values that stand in for it, in the template's order; ``values`` the texts that it is
    compared with, sorted. ``flag`` says that only its truth matters. ``node`` is its first use.
    """

    name: str
    defaults: tuple[Json, ...]
    values: tuple[str, ...]
    flag: bool
    node: nodes.Node


def variables(parsed: ParsedTemplate, shape: TemplateShape | None = None) -> tuple[Variable, ...]:
    """All of them, in alphabetical order; ``shape`` is that of the template, where it is known already."""
    shape = shape or shape_of(parsed.tree)
    reads: dict[str, list[nodes.Name]] = {name: [] for name in shape.variables}
    for node, resolution in resolve_names(parsed.tree).reads.items():
        if isinstance(node, nodes.Name) and resolution.free and node.name in reads:
            reads[node.name].append(node)
    return tuple(_variable(parsed, shape, name, places) for name, places in reads.items())


def _variable(parsed: ParsedTemplate, shape: TemplateShape, name: str, reads: list[nodes.Name]) -> Variable:
    return Variable(
        name,
        tuple(_once(_defaults(parsed, name, reads))),
        tuple(sorted({value for value in shape.at((name,)).equals if isinstance(value, str) and value})),
        shape.is_flag(name),
        min(reads, key=lambda node: parsed.anchors[node]),
    )


def _once(values: Iterator[Json]) -> list[Json]:
    kept: list[Json] = []
    for value in values:
        if not any(value is each or (type(value) is type(each) and value == each) for each in kept):
            kept.append(value)
    return kept


def _defaults(parsed: ParsedTemplate, name: str, reads: list[nodes.Name]) -> Iterator[Json]:
    """Literals in ``name | default(…)``, ``name or …``, ``… if name is defined else …`` and ``set name = …``."""
    places: list[tuple[int, nodes.Node]] = []
    for node in reads:
        parent = parsed.parent(node)
        value: nodes.Node | None = None
        if _is_default(parent):
            value = parent.args[0] if parent.args else None
        elif isinstance(parent, nodes.Or) and parent.left is node:
            value = parent.right
        elif isinstance(parent, nodes.CondExpr) and parent.expr1 is node and is_given(parsed.parent, node, name):
            value = parent.expr2
        if value is not None:
            places.append((parsed.anchors[node], value))
    places += [
        (parsed.anchors[binding.node], binding.value)
        for binding in resolve_names(parsed.tree).bindings
        if binding.name == name and binding.kind == "set" and binding.value is not None
    ]
    yield from (
        value.value for _, value in sorted(places, key=lambda each: each[0]) if isinstance(value, nodes.Const)
    )


def _is_default(node: nodes.Node | None) -> TypeGuard[nodes.Filter]:
    return isinstance(node, nodes.Filter) and node.name in ("default", "d")
