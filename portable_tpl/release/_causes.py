"""Which branch of a template went another way between two prompts of the reference."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.model.rendering import common_prefix
from portable_tpl.model.source import Span
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import branches
from portable_tpl.template.tracing.trace import Piece, Trace

_LONGEST_CONDITION = 100


class Cause(NamedTuple):
    """The place that printed the first difference: its line, its span, and the condition that led there, if any."""

    line: int
    span: Span
    condition: str | None


def first_difference(one: str, other: str) -> int | None:
    """The offset of the first character in which two texts part; ``None`` for equal ones."""
    return None if one == other else common_prefix(one, other)


def cause_of(parsed: ParsedTemplate, traces: Sequence[Trace], ways: Sequence[Trace], offset: int) -> Cause | None:
    """The cause of the first difference of two renders, at a character offset; ``None`` where traces are silent.

    ``traces`` tell what the two printed where, ``ways`` which branches they took.
    """
    one, other = (_at(trace, offset) for trace in traces[:2])
    node, twin = (None if number is None else _node(parsed, number) for number in (one, other))
    if node is None and twin is None:
        return None
    changed = _changed(parsed, ways)
    place = _deciding(parsed, node, twin, changed) or _deciding(parsed, twin, node, changed)
    if place is not None:
        test = place.test  # type: ignore[attr-defined]
        return Cause(test.lineno, parsed.span(test), _short(parsed.source(test)))
    printed = node if node is not None else twin
    assert printed is not None
    return Cause(printed.lineno, parsed.span(printed), None)


def printer_of(parsed: ParsedTemplate, trace: Trace, offset: int) -> Cause | None:
    """What printed the character at an offset of a render."""
    number = _at(trace, offset)
    node = None if number is None else _node(parsed, number)
    return None if node is None else Cause(node.lineno, parsed.span(node), None)


def _at(trace: Trace, offset: int) -> int | None:
    """The node that printed the character at an offset; ``None`` where the text ends before it."""
    start = 0
    for piece in _leaves(trace.pieces):
        if start <= offset < start + len(piece.text):
            return piece.node
        start += len(piece.text)
    return None


def _leaves(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces as they were printed, those of macros in place of what called them."""
    for piece in pieces:
        if piece.inner and "".join(inner.text for inner in piece.inner) == piece.text:
            yield from _leaves(piece.inner)
        else:
            yield piece


def _node(parsed: ParsedTemplate, number: int) -> nodes.Node | None:
    return parsed.nodes[number] if 0 <= number < len(parsed.nodes) else None


def _ancestors(parsed: ParsedTemplate, node: nodes.Node | None) -> list[nodes.Node]:
    """A node and all that hold it, the innermost first."""
    line: list[nodes.Node] = []
    while node is not None:
        line.append(node)
        node = parsed.parent(node)
    return line


def _changed(parsed: ParsedTemplate, ways: Sequence[Trace]) -> set[int]:
    """The conditions, by ``id``, that did not go the same ways in two renders."""
    one, other = (way.branches for way in ways[:2])
    return {id(branch.node) for branch in branches(parsed.tree) if branch.number in one ^ other}


def _deciding(
    parsed: ParsedTemplate, node: nodes.Node | None, other: nodes.Node | None, changed: Container[int]
) -> nodes.Node | None:
    """The outermost condition that holds one node and not the other in the same arm, of those that ``changed``."""
    if node is None:
        return None
    line, others = _ancestors(parsed, node), set(map(id, _ancestors(parsed, other)))
    shared = next((at for at, each in enumerate(line) if id(each) in others), len(line))
    if 0 < shared < len(line) and isinstance(line[shared], (nodes.If, nodes.CondExpr)):
        holder = line[shared]
        arm, twin = _arm(holder, line[shared - 1]), _arm(holder, _below(parsed, holder, other))
        if arm != twin:
            # Of two arms of one chain, the test of the first of them told the two apart.
            return _tests(holder)[min(arm, twin)]
    around = [each for each in reversed(line[:shared]) if isinstance(each, (nodes.If, nodes.CondExpr))]
    return next((each for each in around if id(each) in changed), around[0] if around else None)


def _below(parsed: ParsedTemplate, holder: nodes.Node, node: nodes.Node | None) -> nodes.Node | None:
    """The child of a node that holds another one."""
    line = _ancestors(parsed, node)
    return next((each for each in line if parsed.parent(each) is holder), None)


def _tests(holder: nodes.Node) -> list[nodes.Node]:
    """The nodes whose tests choose between the arms, one an arm; the last stands for ``else``."""
    chain = [holder, *getattr(holder, "elif_", ())]
    return [*chain, chain[-1]]


def _arm(holder: nodes.Node, child: nodes.Node | None) -> int:
    """The number of the arm that a child of a condition belongs to, in the order of :func:`_tests`."""
    if isinstance(holder, nodes.CondExpr):
        return 0 if child is holder.expr1 else 1
    assert isinstance(holder, nodes.If)
    if any(child is each for each in holder.elif_):
        return 1 + next(at for at, each in enumerate(holder.elif_) if child is each)
    return 0 if any(child is each for each in (*holder.body, holder.test)) else 1 + len(holder.elif_)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_CONDITION else f"{words[: _LONGEST_CONDITION - 1]}…"
