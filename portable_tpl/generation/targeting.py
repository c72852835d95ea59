"""From a branch that was not reached to conversations that may reach it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.constraint_edits import Wish, grant
from portable_tpl.generation.path_constraints import Solver, Ways
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import Branch
from portable_tpl.template.tracing.trace import Trace
from portable_tpl.template.usage.shape import TemplateShape


class Goals:
    """The branches that are still missed, and conversations made for them."""

    def __init__(self, parsed: ParsedTemplate, shape: TemplateShape, found: Sequence[Branch]) -> None:
        self._shape = shape
        self._solver = Solver(parsed, found)
        self._turn = 0

    def next(self, missed: Sequence[Branch], count: int) -> list[Branch]:
        """The goals of the next round: all missed ones in turn."""
        if not missed:
            return []
        start = self._turn % len(missed)
        self._turn += count
        return [*missed[start:], *missed[:start]][:count]

    def build(
        self, goal: Branch, choices: Choices, seeds: Sequence[tuple[Conversation, Trace]], tier: Tier, tries: int
    ) -> Iterator[Conversation]:
        """Conversations that may reach a branch, made from ones that came near."""
        conditions = list(self._solver.conditions(goal.node))
        own = self._solver.own(goal)
        near = self._nearest(conditions, seeds)
        for _ in range(tries):
            seed, told = pick(choices, near)
            wishes: list[Wish] = []
            for branch_numbers, ways in conditions:
                # What the seed reaches already is left alone, mostly.
                if branch_numbers and told.branches & branch_numbers and not happens(choices, 15):
                    continue
                wishes += pick(choices, ways) if ways else ()
            if own:
                wishes += pick(choices, own)
            yield grant(choices, self._shape, seed, wishes, tier)

    def _nearest(
        self, conditions: list[tuple[frozenset[int], Ways]], seeds: Sequence[tuple[Conversation, Trace]]
    ) -> list[tuple[Conversation, Trace]]:
        def score(told: Trace) -> int:
            return sum(1 for numbers, _ in conditions if numbers and told.branches & numbers)

        best = max(score(told) for _, told in seeds)
        return [(conversation, told) for conversation, told in seeds if score(told) >= best][-12:]
