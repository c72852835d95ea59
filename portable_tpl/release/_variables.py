"""The template's own variables: what it does without them, and what it compares them with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from portable_tpl.model.conversation import Json
from portable_tpl.model.source import Span
from portable_tpl.release._base import Subject

_DEFAULTS = ("default", "d")


@dataclass(frozen=True)
class Variable:
    """A name that the caller may give.

    ``defaults`` are the literal values that stand in for it, in the template's order; ``values`` those that it is
    compared with; ``flag`` says that only its truth matters. ``span`` is its first use.
    """

    name: str
    defaults: tuple[Json, ...]
    values: tuple[Json, ...]
    flag: bool
    span: Span


def variables_of(subject: Subject) -> tuple[Variable, ...]:
    """All of them, in alphabetical order."""
    return tuple(_variable(subject, name) for name in subject.shape.variables)


def _variable(subject: Subject, name: str) -> Variable:
    aliases = {name, *_aliases(subject.parsed.nodes, name)}
    compared = [value for alias in aliases for value in _compared(subject.parsed.nodes, alias)]
    values = [*subject.shape.at((name,)).equals, *compared]
    return Variable(
        name,
        tuple(_once(_defaults(subject.parsed.nodes, name))),
        tuple(sorted({value for value in values if isinstance(value, str) and value})),
        name in subject.boolean_variables,
        next(
            subject.parsed.span(node)
            for node in subject.parsed.nodes
            if isinstance(node, nodes.Name) and node.name == name
        ),
    )


def _once(values: Iterator[Json]) -> list[Json]:
    kept: list[Json] = []
    for value in values:
        if not any(value is each or (type(value) is type(each) and value == each) for each in kept):
            kept.append(value)
    return kept


def _defaults(tree_nodes: Sequence[nodes.Node], name: str) -> Iterator[Json]:
    """Literals in ``name | default(…)``, ``name or …``, ``… if name is defined else …`` and ``set name = …``."""
    for node in tree_nodes:
        if isinstance(node, nodes.Filter) and node.name in _DEFAULTS and _is_name(node.node, name):
            yield from _literals(node.args[:1])
        elif isinstance(node, nodes.Or) and _is_name(node.left, name):
            yield from _literals([node.right])
        elif isinstance(node, nodes.CondExpr) and _is_name(node.expr1, name) and _asks_for(node.test, name):
            yield from _literals([node.expr2] if node.expr2 is not None else [])
        elif isinstance(node, nodes.Assign) and _is_name(node.target, name):
            yield from _literals([node.node])


def _literals(given: Sequence[nodes.Node]) -> Iterator[Json]:
    for node in given:
        if isinstance(node, nodes.Const):
            yield node.value


def _is_name(node: nodes.Node | None, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _asks_for(test: nodes.Node, name: str) -> bool:
    """Whether a condition is ``name is defined``, maybe among others."""
    if isinstance(test, nodes.And):
        return _asks_for(test.left, name) or _asks_for(test.right, name)
    return isinstance(test, nodes.Test) and test.name == "defined" and _is_name(test.node, name)


def _aliases(tree_nodes: Sequence[nodes.Node], name: str) -> Iterator[str]:
    """Names that the variable is kept under, maybe with a default."""
    for node in tree_nodes:
        if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            value: nodes.Node | None = node.node
            while isinstance(value, nodes.Filter):
                value = value.node
            if isinstance(value, nodes.CondExpr):
                value = value.expr1
            elif isinstance(value, nodes.Or):
                value = value.left
            if _is_name(value, name):
                yield node.target.name


def _compared(tree_nodes: Sequence[nodes.Node], name: str) -> Iterator[Json]:
    for node in tree_nodes:
        if isinstance(node, nodes.Compare) and _is_name(node.expr, name):
            for operand in node.ops:
                listed = operand.expr.items if isinstance(operand.expr, (nodes.List, nodes.Tuple)) else [operand.expr]
                yield from _literals(listed)
