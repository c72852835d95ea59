"""What the search for conversations has found so far."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from portable_tpl.generation.targeting import Targeting
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Rendered, is_untried
from portable_tpl.template.tracing.instrument import Branch
from portable_tpl.template.tracing.trace import Trace
from portable_tpl.template.tracing.turn_marks import TurnGoal
from portable_tpl.template.usage.shape import TemplateShape

_LARGEST = 32 << 20  # bytes of prompts that are kept; a usual run has less than one million


@dataclass
class Explored:
    """The conversations of a run with the reference's traces, in order; and what was reached in all.

    ``targeting`` and ``judge`` are kept for what else is made and judged for the template, since both remember.
    ``reached`` has the numbers of branches and of what belongs to the goals of turns.
    ``chosen`` are the numbers of those that go to the targets. ``impossible`` are branches that the
    template's types rule out in the tier, ``stranger`` those that only conversations of a stranger tier were seen to
    reach, with the mildest such tier. ``cut``: the time, or the room for prompts (``size``, in bytes), was used up.
    ``hopeless``: the reference gave no answer to any of the first ones.
    """

    shape: TemplateShape
    branches: list[Branch]
    targeting: Targeting
    judge: TierJudge
    turn_goals: list[TurnGoal] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    tiers: list[Tier] = field(default_factory=list)
    reached: set[int] = field(default_factory=set)
    chosen: list[int] = field(default_factory=list)
    impossible: set[int] = field(default_factory=set)
    stranger: dict[int, Tier] = field(default_factory=dict)
    size: int = 0
    cut: bool = False
    hopeless: bool = False

    def add(self, conversation: Conversation, tier: Tier, trace: Trace) -> list[int]:
        """Take in one conversation; gives its number where it reached something new."""
        if is_untried(trace.rendering):
            self.cut = True
            return []
        self.conversations.append(conversation)
        self.traces.append(trace)
        self.tiers.append(tier)
        self.size += sys.getsizeof(trace.rendering.text) if isinstance(trace.rendering, Rendered) else 0
        self.cut = self.cut or self.size > _LARGEST
        if trace.branches <= self.reached:
            return []
        self.reached |= trace.branches
        return [len(self.conversations) - 1]

    @property
    def missed(self) -> list[Branch]:
        """Branches that no conversation reached."""
        return [branch for branch in self.branches if branch.number not in self.reached]

    @property
    def wanted(self) -> list[Branch]:
        """Missed branches that are worth a try."""
        out = self.impossible
        return [branch for branch in self.missed if branch.number not in out and branch.number not in self.stranger]

    @property
    def missed_turns(self) -> list[TurnGoal]:
        """Goals of turns that no conversation reached, of the tier or of a stranger one."""
        return [goal for goal in self.feasible_turns if goal.number not in self.reached]

    @property
    def feasible_turns(self) -> list[TurnGoal]:
        """Goals of turns whose two halves were reached; what was not is a branch that was missed.

        Those that only a conversation of a stranger tier reached, or that types rule out, are left out.
        """
        beyond = self.impossible | self.stranger.keys()
        return [
            goal
            for goal in self.turn_goals
            if {goal.set_number, goal.read_number} <= self.reached and goal.number not in beyond
        ]
