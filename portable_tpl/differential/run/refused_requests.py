"""Conversations that never come to a template: refused, or not to be had, before any is run."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.steps.reference import reference_objection
from portable_tpl.targets.steps.refusals import CONVERSATION_REFUSED, REQUEST_REFUSED, UNSUPPORTED_INPUT

_TRIVIAL = "{{ 'Hi' }}"  # reads nothing: what is refused with it, running a template has no part in


def before_any_template(
    target: Runtime, template: Template, conversations: Sequence[Conversation], answers: Sequence[Rendering]
) -> list[str | None]:
    """What keeps each conversation from any template, if something does.

    A request counts as refused where the target gives the very same error with a template that reads nothing.
    """
    names = [_told(conversation, answer) for conversation, answer in zip(conversations, answers, strict=True)]
    numbers = [n for n, answer in enumerate(answers) if names[n] is None and _may_be_refusal(answer)]
    if numbers:
        trivial = Template(_TRIVIAL, special_tokens=template.special_tokens)
        again = target.render_all(trivial, [conversations[n] for n in numbers])
        for n, answer in zip(numbers, again, strict=True):
            names[n] = REQUEST_REFUSED if answer == answers[n] else None
    return names


def _told(conversation: Conversation, answer: Rendering) -> str | None:
    if isinstance(answer, Failed) and answer.kind == "unsupported":
        return UNSUPPORTED_INPUT
    return CONVERSATION_REFUSED if reference_objection(conversation) is not None else None


def _may_be_refusal(answer: Rendering) -> bool:
    """Errors of a template that runs say where; those of a request cannot."""
    return isinstance(answer, Failed) and answer.kind == "error" and answer.line is None
