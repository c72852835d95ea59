"""Compare what targets print with what the reference prints, for one template."""

from __future__ import annotations

import time
from collections.abc import Sequence

from portable_tpl.differential.attribute.bare_engines import Twins
from portable_tpl.differential.run.concurrency import in_background
from portable_tpl.differential.run.coverage import coverage_of
from portable_tpl.differential.run.search import Explored, explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.triage import Case, Investigation
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import NoReference
from portable_tpl.model.rendering import Failed, Rendering, is_stopped, same
from portable_tpl.model.report import Comparison, TargetComparison
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate, compile_check, parse


def compare(
    template: Template | ParsedTemplate,
    targets: Sequence[Runtime],
    reference: Runtime,
    settings: CompareSettings | None = None,
    tracer: Tracer | None = None,
    twins: Twins | None = None,
) -> Comparison:
    """Find every mismatch of the targets on one template; raises ``TemplateSyntaxError`` where it does not parse.

    Raises ``NoReference`` where the reference never gives a prompt. ``tracer`` and ``twins`` are started, and stopped
    again, where none are given.
    """
    settings = settings or CompareSettings()
    parsed = parse(template) if isinstance(template, Template) else template
    compile_check(parsed)
    own_tracer, own_twins = None if tracer is not None else Tracer(), None if twins is not None else Twins()
    try:
        return _compare(parsed, targets, reference, settings, tracer or own_tracer, twins or own_twins)  # type: ignore[arg-type]
    finally:
        for own in (own_tracer, own_twins):
            if own is not None:
                own.close()


def _compare(
    parsed: ParsedTemplate,
    targets: Sequence[Runtime],
    reference: Runtime,
    settings: CompareSettings,
    tracer: Tracer,
    twins: Twins,
) -> Comparison:
    clock = _Clock(settings.max_seconds)
    run = explore(parsed, tracer, settings, clock.out)
    _expect_a_prompt(parsed, run)
    conversations = [run.conversations[number] for number in run.chosen]
    # Each engine is a process of its own: the targets are at work while the first ones' mismatches are looked into.
    given = {target.id: in_background(_settled, target, parsed.template, conversations) for target in targets}
    references = reference.render_all(parsed.template, conversations)
    known: list[Conversation] = []  # what earlier targets' mismatches shrank to: good first guesses for the next
    compared: dict[str, TargetComparison] = {}
    for target in targets:
        answers = given[target.id]()
        cases = [
            Case(conversation, run.tiers[number], expected, answer)
            for conversation, number, expected, answer in zip(
                conversations, run.chosen, references, answers, strict=True
            )
            if not same(expected, answer)
        ]
        investigation = Investigation(parsed, target, tracer, run, clock.out, known, twins)
        mismatches = investigation.mismatches(cases) if cases else []
        known += [each.conversation for each in mismatches]
        compared[target.id] = TargetComparison(len(conversations), len(conversations) - len(cases), tuple(mismatches))
    return Comparison(len(conversations), coverage_of(parsed, run), compared, cut=clock.out())


def _settled(target: Runtime, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
    """A target's answers; where one hit a limit, it is asked again, since a loaded machine hits limits too."""
    answers = target.render_all(template, conversations)
    stopped = [number for number, answer in enumerate(answers) if is_stopped(answer)]
    if not stopped or is_stopped(target.render(template, conversations[stopped[0]])):
        return answers
    again = target.render_all(template, [conversations[number] for number in stopped])
    for number, answer in zip(stopped, again, strict=True):
        answers[number] = answer
    return answers


def _expect_a_prompt(parsed: ParsedTemplate, run: Explored) -> None:
    """A template that never works is portable to nothing; refusals are answers that a target can be compared with."""
    answers = [told.rendering for told in run.traces]
    first = answers[0] if answers else None
    if isinstance(first, Failed) and all(isinstance(answer, Failed) for answer in answers):
        reason = " ".join(first.message.split())
        raise NoReference(
            f"{parsed.template.label}: the reference gives no prompt in any of {len(answers)} conversations: "
            f"{first.kind}: {reason}"
        )


class _Clock:
    """A safety net in wall time; results that it cuts short depend on the machine."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def out(self) -> bool:
        """Whether the time is used up."""
        return self._end is not None and time.monotonic() > self._end


__all__ = ["Explored", "compare"]
