"""Whole conversations of a tier, from a source of decisions."""

from __future__ import annotations

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.dialogue import dialogue
from portable_tpl.generation.mutations import make_extended, make_hostile
from portable_tpl.generation.tools import documents, tools
from portable_tpl.generation.values import variables_for
from portable_tpl.model.conversation import Conversation
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.usage.shape import CALLS, TOOL, TemplateShape

_CLOCKS = ("2026-01-01T12:00:00", "2026-01-01T12:00:00", "2024-02-29T23:59:59", "2025-09-07T04:05:06")


def conversation(choices: Choices, shape: TemplateShape) -> Conversation:
    """One conversation of the choices' tier, shaped by a template; milder ones are among those of a stranger tier."""
    result = _well_behaved(choices, shape)
    contents = CONTENTS[choices.tier]
    if not contents.unusual:
        return result
    for _ in range(1 + choices.below(2)):
        result = make_extended(choices, shape, result)
    if contents.anything:
        for _ in range(1 + choices.below(2)):
            result = make_hostile(choices, result)
    return result


def _well_behaved(choices: Choices, shape: TemplateShape) -> Conversation:
    contents = CONTENTS[choices.tier]
    reads_tools = shape.reads(TOOL) or shape.reads(("tools",))
    unread = 12 if contents.unread_calls else 0
    calls_tools = happens(choices, 45 if shape.reads(CALLS) else unread)
    gives_tools = happens(choices, (80 if reads_tools else 50) if calls_tools else (35 if reads_tools else 5))
    gives_documents = contents.documents and happens(choices, 50 if shape.reads(("documents",)) else 3)
    messages = dialogue(choices, shape, 1 + choices.below(3), calls_tools)
    return Conversation(
        messages=messages,
        tools=tools(choices, shape) if gives_tools else None,
        documents=documents(choices, shape) if gives_documents else None,
        add_generation_prompt=pick(choices, (True, True, True, False, None)),
        variables=variables_for(choices, shape, pick(choices, (0, 30, 60, 85))),
        clock=pick(choices, _CLOCKS) if shape.uses_clock else _CLOCKS[0],
    )
