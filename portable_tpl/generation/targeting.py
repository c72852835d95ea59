"""From a branch that was not reached to conversations that may reach it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinja2 import nodes

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.constraint_edits import Constraint, Op, edited
from portable_tpl.generation.path_constraints import Alternatives, PathConstraints
from portable_tpl.model.conversation import Conversation
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import Branch
from portable_tpl.template.tracing.trace import Trace
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
        """Conversations that may reach a node while operands there have some values; ``seeds`` may not be empty."""
        conditions = self._constraints.conditions(node)
        near = self._nearest(conditions, seeds)
        for number in range(tries):
            seed, trace = pick(choices, near)
            # Met once more, a condition is met by the very message and element that is then given the value.
            constraints = self._way(conditions, trace, choices, 60)
            if values:
                op, value = values[number % len(values)]
                ways = [way for each in operands for way in self._constraints.be(each, op, value)]
                constraints += pick(choices, ways) if ways else ()
            yield edited(choices, self._shape, seed, constraints)

    @staticmethod
    def _way(
        conditions: Sequence[tuple[frozenset[int], Alternatives]], trace: Trace, choices: Choices, again: int = 15
    ) -> list[Constraint]:
        """Constraints for conditions on the way; those that the seed meets are made in ``again`` percent of cases."""
        constraints: list[Constraint] = []
        for branch_numbers, options in conditions:
            if branch_numbers and trace.branches & branch_numbers and not happens(choices, again):
                continue
            constraints += pick(choices, options) if options else ()
        return constraints

    def _nearest(
        self, conditions: Sequence[tuple[frozenset[int], Alternatives]], seeds: Sequence[tuple[Conversation, Trace]]
    ) -> list[tuple[Conversation, Trace]]:
        def score(trace: Trace) -> int:
            return sum(1 for numbers, _ in conditions if numbers and trace.branches & numbers)

        best = max(score(told) for _, told in seeds)
        return [(conversation, told) for conversation, told in seeds if score(told) >= best][-12:]
