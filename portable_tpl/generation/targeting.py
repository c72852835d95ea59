"""From a branch that was not reached to conversations that may reach it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from jinja2 import nodes

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.constraint_edits import Constraint, Op, edited
from portable_tpl.generation.path_constraints import Alternatives, PathConstraints
from portable_tpl.model.conversation import Conversation
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import Branch
from portable_tpl.template.tracing.trace import Trace
from portable_tpl.template.usage.paths import Path
from portable_tpl.template.usage.shape import TemplateShape


class Targeting:
    """The branches that are still missed, and conversations made for them."""

    def __init__(self, parsed: ParsedTemplate, shape: TemplateShape, branches: Sequence[Branch]) -> None:
        self._shape = shape
        self._constraints = PathConstraints(parsed, branches)
        self._turn = 0

    def next(self, missed: Sequence[Branch], count: int) -> list[Branch]:
        """The branches of the next round: all missed ones in turn."""
        if not missed:
            return []
        start = self._turn % len(missed)
        self._turn += count
        return [*missed[start:], *missed[:start]][:count]

    def build(
        self, branch: Branch, choices: Choices, seeds: Sequence[tuple[Conversation, Trace]], tries: int
    ) -> Iterator[Conversation]:
        """Conversations that may reach a branch, made from ones that came near."""
        conditions = self._constraints.conditions(branch.node)
        own = self._constraints.own(branch)
        near = self._nearest(conditions, seeds)
        for _ in range(tries):
            seed, trace = pick(choices, near)
            constraints = self._way(conditions, trace, choices)
            if own:
                constraints += pick(choices, own)
            yield edited(choices, self._shape, seed, constraints)

    def aim(
        self,
        node: nodes.Node,
        operands: Sequence[nodes.Expr],
        values: Sequence[tuple[Op, object]],
        choices: Choices,
        seeds: Sequence[tuple[Conversation, Trace]],
        tries: int,
    ) -> Iterator[Conversation]:
        """Conversations that may reach a node while operands there have some values; ``seeds`` may not be empty.

        Most are about the first operand that comes from the input.
        """
        conditions = self._constraints.conditions(node)
        near = self._nearest(conditions, seeds)
        for number in range(tries):
            seed, trace = pick(choices, near)
            way: tuple[Constraint, ...] = ()
            if values:
                op, value = values[number % len(values)]
                by_operand = [ways for each in operands if (ways := self._constraints.be(each, op, value))]
                if by_operand:
                    way = pick(choices, by_operand[0] if happens(choices, 60) else pick(choices, by_operand))
            # Met once more, all conditions are met by the very message and element that is then given the value.
            again = 100 if happens(choices, 60) else 0
            constraints = self._way(conditions, trace, choices, again, way[0].path if way else ())
            yield edited(choices, self._shape, seed, [*constraints, *way])

    @staticmethod
    def _way(
        conditions: Sequence[tuple[frozenset[int], Alternatives]],
        trace: Trace,
        choices: Choices,
        again: int = 15,
        towards: Path = (),
    ) -> list[Constraint]:
        """Constraints for conditions on the way; those that the seed meets are made in ``again`` percent of cases.

        Of several ways to meet one, that is taken which is about the same part of the conversation as ``towards``: a
        macro that is called for parameters and for what is nested in them has each condition met by either.
        """
        constraints: list[Constraint] = []
        for branch_numbers, options in conditions:
            if branch_numbers and trace.branches & branch_numbers and not happens(choices, again):
                continue
            if options and towards:
                nearest = max(_nearness(option, towards) for option in options)
                options = tuple(option for option in options if _nearness(option, towards) == nearest)
            constraints += pick(choices, options) if options else ()
        return constraints

    def _nearest(
        self, conditions: Sequence[tuple[frozenset[int], Alternatives]], seeds: Sequence[tuple[Conversation, Trace]]
    ) -> list[tuple[Conversation, Trace]]:
        def score(trace: Trace) -> int:
            return sum(1 for numbers, _ in conditions if numbers and trace.branches & numbers)

        best = max(score(told) for _, told in seeds)
        return [(conversation, told) for conversation, told in seeds if score(told) >= best][-12:]


def _nearness(option: Sequence[Constraint], path: Path) -> tuple[int, int]:
    """How many steps into the conversation a way to meet a condition goes along with a path; and how few beyond."""
    together = [takewhile(lambda steps: steps[0] == steps[1], zip(each.path, path, strict=False)) for each in option]
    shared = [(sum(1 for _ in steps), len(each.path)) for steps, each in zip(together, option, strict=True)]
    return max(((steps, steps - length) for steps, length in shared), default=(0, 0))
