"""Trials of a template: on the reference and on the bare engine, each conversation as a deployment gives it on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portable_tpl.differential.attribute.answers import Render, same_answer
from portable_tpl.differential.attribute.step_candidates import Steps
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.steps.prepared import Prepared, prepare


class Trials:
    """Renders conversations with a subject's template, or with what the steps of each make of it."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def on_reference(self, conversations: Sequence[Conversation]) -> list[Rendering]:
        """What the reference gives."""

        def render(template: Template, some: Sequence[Conversation]) -> list[Rendering]:
            return [trace.rendering for trace in self._subject.tracer.trace(template, some, "text")]

        return self._on_their_templates(conversations, render)

    def on_engine(self, conversations: Sequence[Conversation]) -> list[Rendering]:
        """What the engine alone gives; nothing where it is not to be had."""
        engine = self._subject.engine
        return [] if engine is None else self._on_their_templates(conversations, engine.render_all)

    def of_template(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """What the engine alone gives for another template."""
        engine = self._subject.engine
        if engine is None:
            return [Failed("unsupported", "the engine alone is not to be had")] * len(conversations)
        return engine.render_all(template, conversations)

    def _on_their_templates(
        self,
        conversations: Sequence[Conversation],
        render: Callable[[Template, Sequence[Conversation]], list[Rendering]],
    ) -> list[Rendering]:
        """The renderings of conversations, each on the template that a deployment makes for it."""
        own = self._subject.template
        templates = [each.rewritten(own) if isinstance(each, Prepared) else own for each in conversations]
        if all(template is own for template in templates):
            return render(own, conversations)
        out: dict[int, Rendering] = {}
        for template in dict.fromkeys(templates):
            numbers = [n for n, each in enumerate(templates) if each == template]
            out.update(zip(numbers, render(template, [conversations[n] for n in numbers]), strict=True))
        return [out[n] for n in range(len(conversations))]


def reduced(conversation: Conversation, answer: Rendering, changes: Steps, render: Render) -> Steps:
    """Without the changes that an answer does not need; what may go by itself is first left out all at once."""
    while len(changes) > 1:
        smaller = [changes[:at] + changes[at + 1 :] for at in range(len(changes))]
        renderings = render([prepare(conversation, each) for each in smaller])
        working = [at for at, rendering in enumerate(renderings) if same_answer(rendering, answer)]
        if not working:
            break
        needed = tuple(change for at, change in enumerate(changes) if at not in working)
        if len(working) > 1 and needed and same_answer(render([prepare(conversation, needed)])[0], answer):
            changes = needed
        else:
            changes = smaller[working[0]]
    return changes
