"""Conversations in which one turn of a template's loop sets a variable and a later one reads it."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.generation.choices import Choices, pick
from portable_tpl.generation.turns import turns_after
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered
from portable_tpl.template.tracing.trace import Trace
from portable_tpl.template.tracing.turn_marks import TurnGoal

_MOST_GOALS = 24  # goals pursued at once
_TRIES = 2  # pairs of conversations joined for a goal, in up to eight ways each


def joined_for(
    goals: Sequence[TurnGoal], known: Sequence[tuple[Conversation, Trace]], choices: Choices
) -> list[Conversation]:
    """Conversations that may reach some goals: the turn that sets the variable, then the one that reads it.

    The other order comes with them. ``known`` are conversations and their traces with the branches.
    """
    joined: list[Conversation] = []
    for goal in goals[:_MOST_GOALS]:
        sets, reads = (_with_event(known, event) for event in (goal.set_number, goal.read_number))
        for _ in range(_TRIES if sets and reads else 0):
            (first, setting), (second, reading) = pick(choices, sets), pick(choices, reads)
            joined += turns_after(first, second, setting, reading)
            joined += turns_after(second, first, reading, setting)[:1]
    return joined


def _with_event(known: Sequence[tuple[Conversation, Trace]], event: int) -> list[tuple[Conversation, int]]:
    """The conversations in which something happens, and the turn; such that render, if there are any."""
    having = [(conversation, trace) for conversation, trace in known if event in trace.turns]
    rendered = [(conversation, trace) for conversation, trace in having if isinstance(trace.rendering, Rendered)]
    return [(conversation, trace.turns[event]) for conversation, trace in rendered or having]
