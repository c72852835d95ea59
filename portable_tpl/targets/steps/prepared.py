"""A conversation after the steps of a deployment: what its engine is given, and what becomes of the prompt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Step, Trial
from portable_tpl.targets.steps.reference import reference_context, reference_objection


@dataclass(frozen=True)
class Prepared(Conversation):
    """A conversation as a deployment passes it on, with what it does to the finished context and to the prompt.

    ``given`` is the conversation of the caller, ``objection`` the answer where a step turned it down. Unlike
    transformers, deployments run templates without messages.
    """

    given: Conversation | None = None
    steps: tuple[Step, ...] = ()
    objection: Failed | None = None

    @cached_property
    def key(self) -> str:
        """A text that is equal for equal contexts."""
        names = ",".join(each.name for each in self.steps if each.changes_context or each.objects)
        objection = "" if self.objection is None else self.objection.message
        return f"{names}|{objection}|{json.dumps(self.to_json())}"

    def followed_by(self, step: Step) -> Prepared:
        """After one more step."""
        objection = self.objection or step.objection(self)
        return _after(step.on_request(self), self.given or self, (*self.steps, step), objection)

    def rewritten(self, template: Template) -> Template:
        """The template after what the deployment does to it."""
        return rewritten(template, self.steps)

    def finished(self, rendering: Rendering) -> Rendering:
        """The prompt after what the deployment does to it."""
        if isinstance(rendering, Rendered) and self.given is not None:
            for step in self.steps:
                rendering = Rendered(step.on_prompt(rendering.text, self.given))
        return rendering


def prepare(given: Conversation, steps: Sequence[Step] = ()) -> Prepared:
    """The conversation after steps, in their order."""
    changed, objection = given, None
    for step in steps:
        objection = objection or step.objection(changed)
        changed = step.on_request(changed)
    return _after(changed, given, tuple(steps), objection)


def rewritten(template: Template, steps: Iterable[Step]) -> Template:
    """The template after steps, in their order; the very same where none changes it."""
    for step in steps:
        if step.changes_template:
            text = step.on_template(template)
            template = template if text == template.text else replace(template, text=text)
    return template


def steps_for(template: Template, steps: Iterable[Step], trial: Trial) -> tuple[Step, ...]:
    """Those steps of a deployment's list that it takes for a template, as the steps before leave it."""
    out: list[Step] = []
    for step in steps:
        if step.applies(template, trial):
            out.append(step)
            template = rewritten(template, (step,))
    return tuple(out)


def context_of(conversation: Conversation, tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """What a template is given for a conversation: by transformers, or after a deployment's steps."""
    if not isinstance(conversation, Prepared):
        return reference_objection(conversation) or reference_context(conversation, tokens)
    if conversation.objection is not None:
        return conversation.objection
    context = reference_context(conversation, tokens)
    known = replace(conversation, special_tokens=conversation.tokens_for(tokens))
    for step in conversation.steps:
        context = step.on_context(context, known)
    return context


def _after(changed: Conversation, given: Conversation, steps: tuple[Step, ...], objection: Failed | None) -> Prepared:
    return Prepared(
        changed.messages,
        changed.tools,
        changed.documents,
        changed.add_generation_prompt,
        changed.variables,
        changed.special_tokens,
        changed.clock,
        given=given,
        steps=steps,
        objection=objection,
    )
