"""What an undefined value makes of a row of ``if`` and ``elif``: a test that is answered otherwise may not show.

``{% if x is iterable %}{% for y in x %}…{% endfor %}{% else %}{{ x }}{% endif %}`` prints nothing for an undefined
``x``, whichever branch is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.constants import Spare
from portable_tpl.support.table import Support
from portable_tpl.template.syntax.walking import names
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.operations.kind_tests import KIND_TESTS


def prints_nothing(test: nodes.Test, look: Look) -> bool:
    """Whether nothing is printed for an undefined value, be it let through by a test that decides a branch or not."""
    row = _row_of(test, look)
    if row is None:
        return False
    others, last = _behind(row, look)
    return _is_silent(row.body, test.node) and _rest_is_silent(others, last, test.node)


def spared_loop(node: nodes.For, look: Look) -> Spare | None:
    """Which targets never get to a loop with an undefined value, since a test before it lets none through there."""
    stopping = {target for test in _guards(node, look) for target in _stopping(test, look)}
    if not stopping:
        return None

    def spare(target: str, support: Support) -> bool:
        return target in stopping

    return spare


def _stopping(test: nodes.Test, look: Look) -> Iterator[str]:
    """The targets for which an undefined value does not pass a test, though it does in the reference."""
    if KIND_TESTS.get(test.name, 0) & k.UNDEFINED:
        for target, _ in look.families.get(f"test.{test.name}", {}).get("undefined", ()):
            yield target


def _row_of(test: nodes.Test, look: Look) -> nodes.If | None:
    """The ``if`` or ``elif`` whose condition a test is, or is a part of."""
    child: nodes.Node = test
    parent = look.parent(child)
    while isinstance(parent, (nodes.And, nodes.Or, nodes.Not)):
        child, parent = parent, look.parent(parent)
    return parent if isinstance(parent, nodes.If) and parent.test is child else None


def _behind(branch: nodes.If, look: Look) -> tuple[Sequence[nodes.If], Sequence[nodes.Node]]:
    """The branches behind one of a row: those with a condition, and the last; an ``elif`` has none of its own."""
    row = look.parent(branch)
    for number, each in enumerate(row.elif_ if isinstance(row, nodes.If) else ()):
        if each is branch and isinstance(row, nodes.If):
            return row.elif_[number + 1 :], row.else_
    return branch.elif_, branch.else_


def _rest_is_silent(others: Sequence[nodes.If], last: Sequence[nodes.Node], value: nodes.Expr) -> bool:
    for other in others:
        answer = _answer(other.test, value)
        if answer is not False and not _is_silent(other.body, value):
            return False
        if answer is True:
            return True
    return _is_silent(last, value)


def _is_silent(body: Sequence[nodes.Node], value: nodes.Expr) -> bool:
    """Whether statements print and set nothing where a value is undefined."""
    for node in body:
        if isinstance(node, nodes.Output):
            if not all(_is_empty(each, value) for each in node.nodes):
                return False
        elif isinstance(node, nodes.For):
            if node.iter != value or not _is_silent(node.else_, value):
                return False
        elif not isinstance(node, nodes.If) or not _rest_is_silent((node, *node.elif_), node.else_, value):
            return False
    return True


def _is_empty(node: nodes.Node, value: nodes.Expr) -> bool:
    if isinstance(node, nodes.TemplateData):
        return not node.data
    return node == value or (isinstance(node, nodes.Const) and node.value == "")


def _answer(condition: nodes.Node, value: nodes.Expr) -> bool | None:
    """What a condition says where a value is undefined; ``None`` where other things decide."""
    if isinstance(condition, nodes.Not):
        inner = _answer(condition.node, value)
        return None if inner is None else not inner
    if isinstance(condition, (nodes.And, nodes.Or)):
        sides = {_answer(condition.left, value), _answer(condition.right, value)}
        deciding = isinstance(condition, nodes.Or)
        return deciding if deciding in sides else None if None in sides else not deciding
    if condition == value:
        return False
    if isinstance(condition, nodes.Test) and condition.node == value and not condition.args:
        passing = KIND_TESTS.get(condition.name)
        return None if passing is None else bool(passing & k.UNDEFINED)
    return None


def _guards(node: nodes.For, look: Look) -> Iterator[nodes.Test]:
    """The tests of what a loop goes through that stand in the conditions around it, and must hold."""
    child: nodes.Node = node
    parent = look.parent(child)
    while parent is not None and not isinstance(parent, (nodes.Macro, nodes.CallBlock)):
        inside = isinstance(parent, nodes.If) and any(each is child for each in parent.body)
        if isinstance(parent, nodes.If) and inside and not _is_set(node.iter, parent):
            yield from (each for each in _conjuncts(parent.test) if each.node == node.iter)
        child, parent = parent, look.parent(parent)


def _conjuncts(condition: nodes.Node) -> Iterator[nodes.Test]:
    if isinstance(condition, nodes.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif isinstance(condition, nodes.Test) and not condition.args:
        yield condition


def _is_set(value: nodes.Node, branch: nodes.If) -> bool:
    """Whether a branch sets a name that a value is read from."""
    read = {each.name for each in names((value,))}
    return any(
        isinstance(each, nodes.Name) and each.ctx != "load" and each.name in read for each in names(branch.body)
    )
