"""Which branch of a template went another way between two prompts of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jinja2 import nodes

from portable_tpl.model.rendering import common_prefix
from portable_tpl.model.source import Span
from portable_tpl.model.words import cut, in_one_line
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import branches
from portable_tpl.template.tracing.trace import Trace, printer_at

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

    ``traces`` tell what the two printed where, ``ways`` how their tests came out, one after the other.
    """
    one, other = (printer_at(trace.pieces, offset) for trace in traces[:2])
    node, twin = (None if number is None else _node(parsed, number) for number in (one, other))
    if node is None and twin is None:
        return None
    outcomes = _Outcomes(parsed, ways)
    test = _deciding(parsed, node, twin, outcomes) or _deciding(parsed, twin, node, outcomes)
    if test is not None:
        return Cause(test.lineno, parsed.span(test), cut(in_one_line(parsed.source(test)), _LONGEST_CONDITION))
    printed = node if node is not None else twin
    assert printed is not None
    return Cause(printed.lineno, parsed.span(printed), None)


def printer_of(parsed: ParsedTemplate, trace: Trace, offset: int) -> Cause | None:
    """What printed the character at an offset of a render."""
    number = printer_at(trace.pieces, offset)
    node = None if number is None else _node(parsed, number)
    return None if node is None else Cause(node.lineno, parsed.span(node), None)


def _node(parsed: ParsedTemplate, number: int) -> nodes.Node | None:
    return parsed.nodes[number] if 0 <= number < len(parsed.nodes) else None


def _ancestors(parsed: ParsedTemplate, node: nodes.Node | None) -> list[nodes.Node]:
    """A node and all that hold it, the innermost first."""
    line: list[nodes.Node] = []
    while node is not None:
        line.append(node)
        node = parsed.parent(node)
    return line


class _Outcomes:
    """How each condition came out in two renders, evaluation by evaluation."""

    def __init__(self, parsed: ParsedTemplate, ways: Sequence[Trace]) -> None:
        self._orders = [way.order for way in ways[:2]]
        self._numbers: dict[int, list[int]] = {}
        for branch in branches(parsed.tree):
            self._numbers.setdefault(id(branch.node), []).append(branch.number)

    def first_changed(self, holder: nodes.If | nodes.CondExpr) -> nodes.Node | None:
        """The test that told two arms apart the first time that the renders took different ones; else ``None``.

        A condition that one render came to more often than the other did not go another way for that.
        """
        arms = {number: at for at, each in enumerate(_chain(holder)) for number in self._numbers[id(each)]}
        one, other = ([number for number in order if number in arms] for order in self._orders)
        differing = next((pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), None)
        if differing is None:
            return None
        test: nodes.Node = _chain(holder)[min(arms[number] for number in differing)].test
        return test


def _deciding(
    parsed: ParsedTemplate, node: nodes.Node | None, other: nodes.Node | None, outcomes: _Outcomes
) -> nodes.Node | None:
    """The outermost test around one node and not the other in the same arm, of those that came out differently."""
    if node is None:
        return None
    line, others = _ancestors(parsed, node), set(map(id, _ancestors(parsed, other)))
    shared = next((at for at, each in enumerate(line) if id(each) in others), len(line))
    for at in range(min(shared, len(line) - 1), -1, -1):
        holder = line[at]
        if 0 < at == shared and _arm(holder, line[at - 1]) == _arm(holder, _below(parsed, holder, other)):
            continue
        if isinstance(holder, (nodes.If, nodes.CondExpr)) and not _is_elif(parsed, holder):
            test = outcomes.first_changed(holder)
            if test is not None:
                return test
    return None


def _below(parsed: ParsedTemplate, holder: nodes.Node, node: nodes.Node | None) -> nodes.Node | None:
    """The child of a node that holds another one."""
    return next((each for each in _ancestors(parsed, node) if parsed.parent(each) is holder), None)


def _arm(holder: nodes.Node, child: nodes.Node | None) -> str | None:
    """The field of a condition that holds a child of it; an ``elif`` is an arm of its own."""
    for name, value in holder.iter_fields():
        if value is child or (isinstance(value, list) and any(each is child for each in value)):
            return name if name != "elif_" else f"elif {id(child)}"
    return None


def _chain(holder: nodes.If | nodes.CondExpr) -> list[Any]:
    """A condition with those that continue it."""
    return [holder, *getattr(holder, "elif_", ())]


def _is_elif(parsed: ParsedTemplate, node: nodes.Node) -> bool:
    """Whether a condition continues another one, which counts for it."""
    above = parsed.parent(node)
    return isinstance(above, nodes.If) and any(node is each for each in above.elif_)
