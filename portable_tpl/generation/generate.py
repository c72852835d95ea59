"""Whole conversations of a tier, from a source of decisions."""

from __future__ import annotations

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.dialogue import dialogue
from portable_tpl.generation.mutations import make_extended, make_hostile
from portable_tpl.generation.tools import documents, tools
from portable_tpl.generation.values import variables_for
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.template.usage.shape import TOOL, TemplateShape

_CLOCKS = ("2026-01-01T12:00:00", "2026-01-01T12:00:00", "2024-02-29T23:59:59", "2025-09-07T04:05:06")


def conversation(choices: Choices, shape: TemplateShape, tier: Tier = Tier.EVERYDAY) -> Conversation:
    """One conversation of a tier, shaped by a template; milder ones are among those of a stranger tier."""
    made = _everyday(choices, shape, tier)
    if tier is Tier.EVERYDAY:
        return made
    for _ in range(1 + choices.below(2)):
        made = make_extended(choices, shape, made)
    if tier is Tier.HOSTILE:
        for _ in range(1 + choices.below(2)):
            made = make_hostile(choices, made)
    return made


def _everyday(choices: Choices, shape: TemplateShape, tier: Tier) -> Conversation:
    reads_tools = shape.reads(TOOL) or shape.reads(("tools",))
    calls_tools = happens(choices, 45 if shape.reads(("messages", "[]", "tool_calls")) else 12)
    gives_tools = happens(choices, (80 if reads_tools else 50) if calls_tools else (35 if reads_tools else 5))
    gives_documents = happens(choices, 50 if shape.reads(("documents",)) else 3)
    messages = dialogue(choices, shape, 1 + choices.below(3), calls_tools)
    return Conversation(
        messages=messages,
        tools=tools(choices, shape, tier) if gives_tools else None,
        documents=documents(choices, shape) if gives_documents else None,
        add_generation_prompt=pick(choices, (True, True, True, False, None)),
        variables=variables_for(choices, shape, pick(choices, (0, 30, 60, 85))),
        clock=pick(choices, _CLOCKS) if shape.uses_clock else _CLOCKS[0],
    )
