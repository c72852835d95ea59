"""Compare what targets print with what the reference prints, for one template."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial

from portable_tpl.differential.aims import Aim, Sights, aimed
from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.differential.run.concurrency import in_background
from portable_tpl.differential.run.coverage import coverage_of
from portable_tpl.differential.run.examples import remember
from portable_tpl.differential.run.failures import failures_of
from portable_tpl.differential.run.refused_requests import before_any_template
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.subject import Subject
from portable_tpl.differential.triage import Case, Investigation
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Mismatch, Rendered, Rendering, Sample, is_stopped, is_untried, same
from portable_tpl.model.report import Comparison, TargetComparison
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.processes._deadline import Deadline, share
from portable_tpl.targets.steps.refusals import REQUEST_REFUSED, UNSUPPORTED_INPUT
from portable_tpl.template import ParsedTemplate, compile_check, parse


class Run:
    """The differential run of one template on warm engines."""

    def __init__(
        self,
        parsed: ParsedTemplate,
        targets: Sequence[Runtime],
        reference: Runtime,
        settings: CompareSettings,
        tracer: Tracer,
        bare_engines: BareEngines,
    ) -> None:
        clock = Deadline(settings.max_seconds)
        share(clock, (*targets, reference, tracer, bare_engines))
        self.parsed = parsed
        self.explored = explore(parsed, tracer, settings, clock.out)
        self.sample: list[Sample] = []
        self._targets = targets
        self._reference = reference
        self._clock = clock
        self._settings = settings
        self._identical = dict.fromkeys((target.id for target in targets), 0)
        self._refused = dict.fromkeys(self._identical, 0)
        self._missing = dict.fromkeys(self._identical, 0)  # conversations that a target was not asked about
        self._untried = False
        self._replacing: dict[str, set[int]] = {target: set() for target in self._identical}
        self._tracer, self._bare_engines = tracer, bare_engines
        self._known: list[Conversation] = []  # what mismatches shrank to: good first guesses for the next targets
        self._investigations: dict[str, Investigation] = {}
        self._differing: dict[str, list[Case]] = {target: [] for target in self._identical}
        self._compare(self.explored.chosen)

    @property
    def comparison(self) -> Comparison:
        """What was seen so far."""
        failed = sum(isinstance(sample.rendering, Failed) for sample in self.sample)
        compared = {
            target: TargetComparison(self._cases(target), identical, self._mismatches(target), failed)
            for target, identical in self._identical.items()
        }
        coverage = coverage_of(self.parsed, self.explored)
        cut = self._clock.out() or self._untried or self.explored.cut
        return Comparison(len(self.sample), coverage, compared, cut, failures_of(self.sample))

    def aim(self, aims: Sequence[Aim]) -> None:
        """Compare conversations that are made for places of the template and kinds of values there, too."""
        if not aims or self._clock.out() or self.explored.cut or self.explored.hopeless:
            return
        explored, settings = self.explored, self._settings
        sights = Sights(self.parsed, self._tracer, aims)
        shots = aimed(self.parsed, explored, sights, aims, settings.tier, settings.seed)
        conversations = [shot.conversation for shot in shots]
        traces = self._tracer.trace(self.parsed.template, conversations, "branches")
        first = len(explored.conversations)
        explored.conversations += conversations
        explored.traces += traces
        explored.tiers += [shot.tier for shot in shots]
        explored.reached.update(*(trace.branches for trace in traces))
        self._compare(range(first, len(explored.conversations)), replacing=False)
        # Not only what was aimed gets there: a conversation may show two mismatches, or one that passes for another.
        every = {case.conversation.key: case.conversation for some in self._differing.values() for case in some}
        for aim, keys in zip(aims, sights.by_aim(aims, list(every.values())), strict=True):
            for target in self._targets:
                if target.id not in aim.targets or any(map(aim.shows, self._mismatches(target.id))):
                    continue
                differing = [
                    case
                    for case in self._differing[target.id]
                    if case.conversation.key in keys and case.tier.rank <= aim.tier.rank
                ]
                if differing:
                    there = partial(sights.gets_to, aim)
                    self._investigation(target).add_apart(differing, there, aim.shows, aim.hides)

    def _compare(self, numbers: Sequence[int], replacing: bool = True) -> None:
        """Compare conversations of the run, by number.

        ``replacing``: others stand in for those that a target does not take.
        """
        template = self.parsed.template
        conversations = [self.explored.conversations[number] for number in numbers]
        # Each engine is a process of its own: all are at work while the first ones' mismatches are looked into.
        given = {each.id: in_background(_settled, each, template, conversations) for each in self._targets}
        samples = self._samples(numbers)
        tried = [number for number, sample in enumerate(samples) if not is_untried(sample.rendering)]
        self._untried = self._untried or len(tried) < len(samples)
        self.sample += [samples[number] for number in tried]
        for target in self._targets:
            answers = given.pop(target.id)()
            differing, refused = self._judge(
                target, [samples[number] for number in tried], [answers[number] for number in tried]
            )
            if refused and replacing:
                differing += self._replace(target, refused)
            self._differing[target.id] += differing
        if self._settings.database:
            every = (each for target in self._identical for each in self._mismatches(target))
            remember(template, (each.conversation for each in every))

    def _samples(self, numbers: Sequence[int]) -> list[Sample]:
        """Conversations of the run with the reference's renderings: those that were seen when it was traced.

        A failure is asked for again, of the reference as it is: marked for tracing, a template is larger and deeper.
        """
        run = self.explored
        expected = {number: run.traces[number].rendering for number in numbers}
        failed = [number for number, rendering in expected.items() if isinstance(rendering, Failed)]
        if failed:
            conversations = [run.conversations[number] for number in failed]
            expected.update(zip(failed, self._reference.render_all(self.parsed.template, conversations), strict=True))
        return [Sample(run.conversations[number], run.tiers[number], expected[number]) for number in numbers]

    def _cases(self, target: str) -> int:
        """How many conversations came to a template on a target."""
        return len(self.sample) - self._missing[target] - self._refused[target] + len(self._replacing[target])

    def _judge(
        self, target: Runtime, samples: Sequence[Sample], answers: Sequence[Rendering]
    ) -> tuple[list[Case], list[Conversation]]:
        """Count a target's answers and look into those that differ; gives these, and what came to no template."""
        pairs = [pair for pair in zip(samples, answers, strict=True) if not is_untried(pair[1])]
        if len(pairs) < len(samples):
            self._untried = True
            self._missing[target.id] += len(samples) - len(pairs)
            samples, answers = [sample for sample, _ in pairs], [answer for _, answer in pairs]
        differing = [
            Case(sample.conversation, sample.tier, sample.rendering, answer)
            for sample, answer in zip(samples, answers, strict=True)
            if not same(sample.rendering, answer)
        ]
        refused: list[Conversation] = []
        if differing:
            # A deployment's refusal is said once, as its own doing; that it was asked again says nothing.
            names = before_any_template(
                target,
                self.parsed.template,
                [each.conversation for each in differing],
                [each.target for each in differing],
            )
            refused = [
                each.conversation
                for each, name in zip(differing, names, strict=True)
                if name in (REQUEST_REFUSED, UNSUPPORTED_INPUT)
            ]
            self._refused[target.id] += len(refused)
            self._investigation(target).add(differing, names)
        answered = sum(not isinstance(sample.rendering, Failed) for sample in samples)
        self._identical[target.id] += answered - sum(not isinstance(each.reference, Failed) for each in differing)
        return differing, refused

    def _replace(self, target: Runtime, refused: Sequence[Conversation]) -> list[Case]:
        """Compare others of the conversations that were found in the place of some that a target does not take."""
        run = self.explored
        unwelcome = frozenset[str]().union(*map(_part_types, refused)) - {"text"}
        compared = set(run.chosen) | self._replacing[target.id]
        spare = [
            number
            for number, trace in enumerate(run.traces)
            if number not in compared
            and isinstance(trace.rendering, Rendered)
            and _part_types(run.conversations[number]).isdisjoint(unwelcome)
        ][: len(refused)]
        if not spare:
            return []
        self._replacing[target.id] |= set(spare)
        conversations = [run.conversations[number] for number in spare]
        return self._judge(target, self._samples(spare), _settled(target, self.parsed.template, conversations))[0]

    def _mismatches(self, target: str) -> tuple[Mismatch, ...]:
        investigation = self._investigations.get(target)
        return () if investigation is None else investigation.mismatches

    def _investigation(self, target: Runtime) -> Investigation:
        if target.id not in self._investigations:
            self._investigations[target.id] = Investigation(
                Subject(self.parsed, target, self._tracer, self._bare_engines),
                self.explored.judge,
                self._clock.out,
                self._known,
            )
        return self._investigations[target.id]


def compare(
    template: Template | ParsedTemplate,
    targets: Sequence[Runtime],
    reference: Runtime,
    settings: CompareSettings | None = None,
    tracer: Tracer | None = None,
    bare_engines: BareEngines | None = None,
) -> Comparison:
    """Find every mismatch of the targets on one template; raises ``TemplateSyntaxError`` where it does not parse.

    ``tracer`` and ``bare_engines`` are started, and stopped again, where none are given.
    """
    parsed = parse(template) if isinstance(template, Template) else template
    compile_check(parsed, unknown_names=True)
    with ExitStack() as stack:
        return Run(
            parsed,
            targets,
            reference,
            settings or CompareSettings(),
            tracer or stack.enter_context(closing(Tracer())),
            bare_engines or stack.enter_context(closing(BareEngines())),
        ).comparison


def _part_types(conversation: Conversation) -> frozenset[str]:
    contents = (message.get("content") for message in conversation.messages)
    parts = (part for content in contents if isinstance(content, list) for part in content)
    return frozenset(str(part.get("type")) for part in parts if isinstance(part, dict))


def _settled(target: Runtime, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
    """A target's answers; where one hit a limit, it is asked again, since a loaded machine hits limits too."""
    answers = target.render_all(template, conversations)
    stopped = [number for number, answer in enumerate(answers) if is_stopped(answer) and not is_untried(answer)]
    if not stopped or is_stopped(target.render(template, conversations[stopped[0]])):
        return answers
    again = target.render_all(template, [conversations[number] for number in stopped])
    for number, answer in zip(stopped, again, strict=True):
        answers[number] = answer
    return answers
