"""A call as a deployment would have changed it: ``render --as``."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import InputError
from portable_tpl.rendering.prompts import Call, conversation_of
from portable_tpl.targets.steps._base import Step


def find_steps(names: Sequence[str]) -> list[Step]:
    """The steps of these names, a target's name for all of its that change a conversation.

    Raises :class:`InputError` for what is neither, and for a step that changes something else than the conversation.
    """
    if not names:
        return []
    from portable_tpl.targets.registry import known_targets
    from portable_tpl.targets.steps import all_steps, step

    known = {each.name: each for each in all_steps()}
    targets = {each.id: each for each in known_targets() if each.steps}
    steps: list[Step] = []
    for name in names:
        if name in targets:
            steps += [each for each in map(step, targets[name].steps) if each.changes_request]
        elif name not in known:
            raise InputError(f"--as {name}: no such step; known: {', '.join(sorted(known))}")
        elif not known[name].changes_request:
            raise InputError(
                f"--as {name}: this step changes no conversation, but what comes after; --target renders with it"
            )
        else:
            steps.append(known[name])
    return steps


def with_steps(call: Call, names: Sequence[str]) -> Call:
    """The call after what the steps do to a request; raises :class:`InputError` for a name that is none."""
    if not names:
        return call
    conversation = conversation_of(call)
    for step in find_steps(names):
        conversation = step.on_request(conversation)
    return call_of(conversation, call.continue_final_message, call.clock)


def call_of(conversation: Conversation, continue_final_message: bool | str, clock: str | None) -> Call:
    """The call of a conversation; ``clock`` is given apart, as a conversation always has one."""
    return Call(
        messages=conversation.messages,
        tools=conversation.tools,
        documents=conversation.documents,
        add_generation_prompt=bool(conversation.add_generation_prompt),
        continue_final_message=continue_final_message,
        variables=conversation.variables,
        special_tokens=conversation.special_tokens,
        clock=clock,
    )
