"""What a differing case is an instance of: the identity that grouping goes by and that shrinking keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from portable_tpl.differential.attribute.attribution import Attribution, Explanation
from portable_tpl.differential.attribute.step_candidates import Steps
from portable_tpl.differential.grouping.divergence import Locus, locate
from portable_tpl.differential.run.refused_requests import before_any_template
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Origin, Rendering, same
from portable_tpl.targets.steps.refusals import REQUEST_REFUSED
from portable_tpl.template.tracing.trace import Trace


@dataclass(frozen=True)
class Group:
    """An identity: what a deployment does (``names``), or where the texts part (``locus``).

    ``changes`` are what the deployment did to the case that founded the group; they take no part in comparisons.
    """

    origin: Origin
    names: tuple[str, ...]
    locus: Locus | None
    changes: Steps = field(default=(), compare=False)


class Identities:
    """Tells the identities of one target's cases on one template."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._template, self._target, self._tracer = subject.template, subject.target, subject.tracer
        self.stack = Attribution(subject)

    def of(
        self,
        conversations: Sequence[Conversation],
        answers: Sequence[Rendering],
        names: Sequence[str | None] | None = None,
    ) -> list[Group | None]:
        """The identity of each case; ``None`` where there is no mismatch.

        ``names`` say what keeps each from any template, where that was asked already.
        """
        if names is None:
            names = before_any_template(self._target, self._template, conversations, answers)
        out = [
            None if name is None else Group("stack", (self._named(name, each),), None)
            for name, each in zip(names, conversations, strict=True)
        ]
        left = [number for number, group in enumerate(out) if group is None]
        explained = self.stack.explain([conversations[n] for n in left], [answers[n] for n in left])
        open_ = []
        for number, explanation in zip(left, explained, strict=True):
            if explanation.complete:
                out[number] = Group("stack", explanation.names, None, explanation.changes)
            elif not explanation.same:
                open_.append((number, explanation))
        self._locate(conversations, answers, open_, out)
        return out

    def _locate(
        self,
        conversations: Sequence[Conversation],
        answers: Sequence[Rendering],
        open_: Sequence[tuple[int, Explanation]],
        out: list[Group | None],
        origin: Origin | None = None,
        traces: Sequence[Trace] | None = None,
    ) -> None:
        if traces is None:
            bases = [self.stack.base(conversations[number], explanation.changes) for number, explanation in open_]
            traces = self._tracer.trace(self._template, bases, "pieces")
        if origin == "template":
            innocent = [False] * len(open_)
        else:
            innocent = self._engine_innocent([conversations[n] for n, _ in open_], [answers[n] for n, _ in open_])
        for (number, explanation), trace, is_innocent in zip(open_, traces, innocent, strict=True):
            locus = locate(self._template.text, trace, answers[number])
            if locus is None:
                continue
            if not is_innocent or _is_refused_at_load(answers[number]):
                out[number] = Group("template", (), locus, explanation.changes)
            elif explanation.by_engine and explanation.changes:
                # The engine agrees with the reference, and gives this answer after these changes: that is all of it.
                out[number] = Group("stack", explanation.names, None, explanation.changes)
            else:
                refused = (REQUEST_REFUSED,) if isinstance(answers[number], Failed) else ()
                out[number] = Group("stack", refused, locus, explanation.changes)

    def hold(
        self, group: Group, conversations: Sequence[Conversation], answers: Callable[[], Sequence[Rendering]]
    ) -> list[bool]:
        """Whether cases have a known identity; much cheaper than finding one.

        The part of the engine in a difference is looked into only where all else is the same. ``answers`` are asked
        for once the reference has said what it can: the target may be at work meanwhile.
        """
        if group.locus is None and group.changes:
            return self.stack.explains(group.changes, conversations, answers)
        if group.locus is None:
            names = before_any_template(self._target, self._template, conversations, answers())
            return [
                name is not None and self._named(name, each) in group.names
                for name, each in zip(names, conversations, strict=True)
            ]
        groups: list[Group | None] = [None] * len(conversations)
        bases = [self.stack.base(each, group.changes) for each in conversations]
        traces = self._tracer.trace(self._template, bases, "pieces")
        open_ = [(number, Explanation(False, group.changes)) for number in range(len(conversations))]
        renderings = answers()
        self._locate(conversations, renderings, open_, groups, group.origin, traces)
        numbers = [number for number, each in enumerate(groups) if each == group]
        if group.origin == "template":
            numbers = self._engine_taking_part(numbers, conversations, renderings)
        if group.changes and numbers:
            differing = self.stack.differing([conversations[n] for n in numbers], [renderings[n] for n in numbers])
            numbers = [numbers[n] for n in differing]
        # What the deployment alone explains is another mismatch, wherever the texts part.
        others = self.stack.explained([conversations[n] for n in numbers], [renderings[n] for n in numbers])
        still = {number for number, other in zip(numbers, others, strict=True) if not other}
        return [number in still for number in range(len(conversations))]

    def is_open(self, conversation: Conversation, answer: Rendering) -> bool:
        """Whether no set of changes alone explains a case."""
        return not self.stack.explain([conversation], [answer])[0].complete

    def _named(self, name: str, conversation: Conversation) -> str:
        """What keeps a conversation from any template; a step that turns it down is called by its name."""
        objecting = self.stack.objecting(conversation) if name == REQUEST_REFUSED else None
        return name if objecting is None else objecting.name

    def _engine_taking_part(
        self, numbers: Sequence[int], conversations: Sequence[Conversation], answers: Sequence[Rendering]
    ) -> list[int]:
        """Those of the cases in whose difference the target's engine has a part."""
        innocent = self._engine_innocent([conversations[n] for n in numbers], [answers[n] for n in numbers])
        return [
            number
            for number, is_innocent in zip(numbers, innocent, strict=True)
            if not is_innocent or _is_refused_at_load(answers[number])
        ]

    def _engine_innocent(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[bool]:
        """Whether the target's engine, without the deployment around it, has no part in a difference.

        So it is where it answers as the reference does, or answers at all where the deployment gives an error; on the
        template as it is, or as the deployment patches it.
        """
        bare = self._subject.engine if conversations else None
        if bare is None:
            return [False] * len(conversations)
        expected = [trace.rendering for trace in self._tracer.trace(self._template, conversations, "text")]
        out = [False] * len(conversations)
        for own in (bare.render_all(self._template, conversations), self.stack.patched(conversations)):
            for number, rendering in enumerate(own or ()):
                given = isinstance(answers[number], Failed) and not isinstance(rendering, Failed)
                out[number] = out[number] or given or same(expected[number], rendering)
        return out


def _is_refused_at_load(answer: Rendering) -> bool:
    """Whether a target does not take the template, whatever is asked: the author's matter, innocent engine or not."""
    return isinstance(answer, Failed) and answer.kind == "syntax"
