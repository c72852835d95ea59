"""The conditions that hold where a node of a template is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from jinja2 import nodes

Condition: TypeAlias = tuple[nodes.Node, bool]
"""A test, and whether it was true or false."""


def conditions_on(parent_of: Callable[[nodes.Node], nodes.Node | None], node: nodes.Node) -> Iterator[Condition]:
    """Each test decided before a node is evaluated, innermost first; those around a macro's definition too.

    ``parent_of`` is :meth:`.parsing.ParsedTemplate.parent` or the like.
    """
    child, parent = node, parent_of(node)
    while parent is not None:
        yield from _decided(parent, child)
        child, parent = parent, parent_of(parent)


def _decided(parent: nodes.Node, child: nodes.Node) -> Iterator[Condition]:
    for _, body in parent.iter_fields():
        if isinstance(body, list) and _holds(body, child):
            yield from _not_raised(body, child)
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


def _not_raised(body: list[nodes.Node], child: nodes.Node) -> Iterator[Condition]:
    """The tests before a statement that were false, or the reference would have raised an error there."""
    for statement in body:
        if statement is child:
            return
        if isinstance(statement, nodes.If) and not statement.elif_ and any(map(raises, statement.body)):
            yield statement.test, False


def raises(statement: nodes.Node) -> bool:
    """Whether a statement is a refusal: no code after it is run."""
    return isinstance(statement, nodes.Output) and any(
        isinstance(item, nodes.Call) and isinstance(item.node, nodes.Name) and item.node.name == "raise_exception"
        for item in statement.nodes
    )


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


def is_given(
    parent_of: Callable[[nodes.Node], nodes.Node | None], node: nodes.Node, name: str, by_truth: bool = False
) -> bool:
    """Whether a condition on the way to a node holds only where a name has a value; ``by_truth``: a true one."""

    def proves(test: nodes.Node, wanted: bool) -> bool:
        if isinstance(test, nodes.Name):
            return test.name == name and wanted
        if by_truth:
            return False
        if isinstance(test, nodes.Compare):
            same = isinstance(test.expr, nodes.Name) and test.expr.name == name
            return same and wanted and test.ops[0].op == "eq"
        if isinstance(test, nodes.Test) and isinstance(test.node, nodes.Name) and test.node.name == name:
            return (test.name != "undefined") == wanted and test.name != "none"
        return False

    return any(implies(condition, proves) for condition in conditions_on(parent_of, node))
