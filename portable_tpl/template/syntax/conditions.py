"""The conditions that hold where a node of a template is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from jinja2 import nodes

from portable_tpl.template.syntax.parsing import ParsedTemplate

Condition: TypeAlias = tuple[nodes.Node, bool]
"""A test, and whether it was true or false."""


def conditions_on(parsed: ParsedTemplate, node: nodes.Node) -> Iterator[Condition]:
    """Each test decided before a node is evaluated, innermost first; those around a macro's definition too."""
    child, parent = node, parsed.parent(node)
    while parent is not None:
        yield from _decided(parent, child)
        child, parent = parent, parsed.parent(parent)


def _decided(parent: nodes.Node, child: nodes.Node) -> Iterator[Condition]:
    if isinstance(parent, nodes.If) and child is not parent.test:
        if _holds(parent.body, child):
            yield parent.test, True
            return
        yield parent.test, False
        for part in parent.elif_:
            if part is child:
                return
            yield part.test, False
    elif isinstance(parent, nodes.CondExpr) and child is not parent.test:
        yield parent.test, child is parent.expr1
    elif isinstance(parent, (nodes.And, nodes.Or)) and child is parent.right:
        yield parent.left, isinstance(parent, nodes.And)
    elif isinstance(parent, nodes.For) and parent.test is not None and _holds(parent.body, child):
        yield parent.test, True


def _holds(body: list[nodes.Node], child: nodes.Node) -> bool:
    return any(item is child for item in body)


def implies(condition: Condition, fact: Callable[[nodes.Node, bool], bool]) -> bool:
    """Whether a condition proves a fact; ``fact`` says so of a test without ``and``, ``or``, ``not``.

    What can never be decided so (``{% if false %}``) proves everything.
    """
    test, wanted = condition
    if isinstance(test, nodes.Not):
        return implies((test.node, not wanted), fact)
    if isinstance(test, (nodes.And, nodes.Or)):
        sides = [implies((side, wanted), fact) for side in (test.left, test.right)]
        return any(sides) if isinstance(test, nodes.And) == wanted else all(sides)
    if isinstance(test, nodes.Const):
        return bool(test.value) != wanted
    return fact(test, wanted)
