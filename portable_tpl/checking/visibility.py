"""What of a condition can be seen: an answer that the conditions beside it drown makes no difference."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.branches import prints_nothing
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.operations.kind_tests import KIND_TESTS


def visible_kinds(node: nodes.Test, look: Look) -> int:
    """The kinds of values, as bits, for which it matters what a test says.

    In ``x is sequence and x is not string`` nothing that the first test says of text can be seen, and in
    ``x is sequence or x is string`` neither. What comes before a test narrows the type of ``x`` itself where that is
    a name or a path; of ``x[key]`` it is read here. Nothing can be seen of an undefined value that no branch prints.
    """
    kinds = k.ALL_KINDS & ~k.UNDEFINED if prints_nothing(node, look) else k.ALL_KINDS
    child: nodes.Node = node
    parent = look.parent(child)
    hidden = False  # whether something beside the test that tells nothing of its value decides, too
    while isinstance(parent, (nodes.And, nodes.Or, nodes.Not)):
        if not isinstance(parent, nodes.Not):
            before = parent.right is child
            for other in _operands(parent.left if before else parent.right, type(parent)):
                passing = _passing(other, node)
                if passing is None:
                    hidden = hidden or not before  # what fails elsewhere than in the reference would be seen
                elif before or not hidden:
                    every = isinstance(parent, nodes.And)
                    kinds &= passing if every else k.ALL_KINDS & ~passing | _unknown(other, node)
        child, parent = parent, look.parent(parent)
    return kinds


def _operands(node: nodes.Node, kind: type[nodes.Node]) -> Iterator[nodes.Node]:
    """The operands of a row of the same operator, from left to right."""
    if isinstance(node, (nodes.And, nodes.Or)) and isinstance(node, kind):
        yield from _operands(node.left, kind)
        yield from _operands(node.right, kind)
    else:
        yield node


def _passing(condition: nodes.Node, test: nodes.Test) -> int | None:
    """The kinds of values of the tested expression that pass a condition; ``None`` for what tells nothing of it."""
    if isinstance(condition, nodes.Not):
        inner = _passing(condition.node, test)
        return None if inner is None else k.ALL_KINDS if _unknown(condition, test) else k.ALL_KINDS & ~inner
    if condition == test.node:
        return k.TRUTHY  # `x is defined and x`
    if not isinstance(condition, nodes.Test) or condition.args or condition.name not in KIND_TESTS:
        return None
    return KIND_TESTS[condition.name] if condition.node == test.node else k.ALL_KINDS


def _unknown(condition: nodes.Node, test: nodes.Test) -> int:
    """All kinds where a condition tests something else than the expression at hand; none where it tests that."""
    while isinstance(condition, nodes.Not):
        condition = condition.node
    tested = condition.node if isinstance(condition, nodes.Test) else condition
    return 0 if tested == test.node else k.ALL_KINDS
