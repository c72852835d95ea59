"""Whether two templates print the same prompts, over conversations that reach the branches of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portable_tpl.differential.between.changes import change_of
from portable_tpl.differential.between.reasons import Case, Reason, Reasons
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.shrink import Shrinker, size_of
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.difference import PromptDifference, TemplateDifference, are_apart, is_repair
from portable_tpl.model.errors import InputError
from portable_tpl.model.rendering import is_stopped, is_untried
from portable_tpl.model.source import Template
from portable_tpl.release._base import Subject
from portable_tpl.release.generation_mask import has_tags
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.processes._deadline import Deadline, share
from portable_tpl.targets.reproduce import reproduce
from portable_tpl.template import ParsedTemplate, compile_check, parse
from portable_tpl.template.usage.shape import shape_of

_MOST_REASONS = 12  # of templates that have little in common the rest says nothing new
_RENDERS = 600  # to shrink the conversation of one reason, which is asked of two templates


def difference_between(
    old: Template,
    new: Template,
    runtime: Runtime,
    tracer: Tracer,
    settings: CompareSettings | None = None,
    name: str = "default",
) -> TemplateDifference:
    """How the prompts of two templates differ on a runtime; raises ``TemplateSyntaxError`` where one does not parse.

    A template that has no tokenizer of its own is given the other one's tokens.
    """
    settings = settings or CompareSettings()
    old, new = _with_tokens(old, new), _with_tokens(new, old)
    parsed, other = parse(old), parse(new)
    for each in (parsed, other):
        compile_check(each, unknown_names=True)
    known = TemplateDifference(
        name, old, new, "same-bytes", generation=(has_tags(Subject(parsed)), has_tags(Subject(other)))
    )
    if old.text == new.text and dict(old.tokens) == dict(new.tokens):
        return known
    return _Comparison(parsed, other, runtime, tracer, settings).result(known)


def _with_tokens(template: Template, other: Template) -> Template:
    """The template, with the other one's tokens where it has no tokenizer."""
    if template.special_tokens or template.tokenizer is not None:
        return template
    return replace(template, special_tokens=other.special_tokens, tokenizer=other.tokenizer)


class _Comparison:
    """Two templates on one runtime, with the conversations of both."""

    def __init__(
        self, old: ParsedTemplate, new: ParsedTemplate, runtime: Runtime, tracer: Tracer, settings: CompareSettings
    ) -> None:
        self._old, self._new = old, new
        self._runtime = runtime
        self._reasons = Reasons(old, new, runtime, tracer)
        self._clock = Deadline(settings.max_seconds)
        share(self._clock, (runtime, tracer))
        runs = [explore(old, tracer, settings, self._clock.out)]
        if new.text != old.text:
            runs.append(explore(new, tracer, settings, self._clock.out))
        self._cut = any(run.cut for run in runs)
        self._conversations = list({each.key: each for run in runs for each in run.conversations}.values())
        self._judges = [TierJudge(shape_of(each.tree), each.template.tokens) for each in (old, new)]

    def result(self, known: TemplateDifference) -> TemplateDifference:
        """All differences: those that stand alone first, of these the mildest, and of these the most frequent."""
        answered = [case for case in self._rendered(self._conversations) if not _is_stopped(case)]
        if not answered:
            label = self._new.template.label
            raise InputError(f"{label}: nothing could be compared: each conversation ran into a limit")
        cases = [case for case in answered if are_apart(case.old, case.new)]
        groups: dict[Reason, list[Case]] = {}
        several = 0
        for case, reason in zip(cases, self._reasons.of(cases), strict=True):
            if reason is None:
                several += 1
            else:
                groups.setdefault(reason, []).append(case)
        chosen = sorted(groups.items(), key=lambda group: (min(map(self._order, group[1])), -len(group[1])))
        differences = [self._difference(reason, members) for reason, members in chosen[:_MOST_REASONS]]
        repaired = sum(is_repair(case.old, case.new) for case in cases)
        return replace(
            known,
            likeness="differs" if repaired < len(cases) else "same-prompts",
            cases=len(answered),
            differing=len(cases),
            repaired=repaired,
            several=several,
            differences=tuple(
                sorted(differences, key=lambda each: (each.without is not None, each.tier.rank, -each.cases))
            ),
            cut=self._cut or self._clock.out() or len(answered) < len(self._conversations),
        )

    def _rendered(self, conversations: Sequence[Conversation]) -> list[Case]:
        old = self._runtime.render_all(self._old.template, conversations)
        new = self._runtime.render_all(self._new.template, conversations)
        return list(map(Case, conversations, old, new))

    def _cases(self, conversations: Sequence[Conversation]) -> list[Case]:
        """Those that differ."""
        renderings = self._rendered(conversations)
        return [case for case in renderings if not _is_stopped(case) and are_apart(case.old, case.new)]

    def _tier(self, conversation: Conversation) -> Tier:
        return min((judge.tier(conversation) for judge in self._judges), key=lambda tier: tier.rank)

    def _order(self, case: Case) -> tuple[int, int]:
        return self._tier(case.conversation).rank, size_of(case.conversation)

    def _difference(self, reason: Reason, cases: Sequence[Case]) -> PromptDifference:
        start = min(cases, key=self._order)
        rank = self._tier(start.conversation).rank

        def holds(batch: Sequence[Conversation]) -> list[bool]:
            mild = [each for each in batch if each.messages and self._tier(each).rank <= rank]
            parting = self._cases(mild) if mild else []
            kept = self._reasons.hold(reason, parting) if parting else []
            good = {case.conversation.key for case, held in zip(parting, kept, strict=True) if held}
            return [each.key in good for each in batch]

        small = Shrinker(holds, _RENDERS).shrink(start.conversation)
        case = next(iter(self._cases([small])), start)
        old, new = self._old.template, self._new.template
        tokens = _other_tokens(old, new) if reason.tokens else None
        places, shown = reason.places, case
        without = None
        if reason.undone is not None and reason.among_others:
            without = self._runtime.render(reason.undone, case.conversation)
            shown = case._replace(old=without)
        if reason.undone is not None:
            places = self._reasons.places([shown])[0]
        return PromptDifference(
            conversation=case.conversation,
            tier=self._tier(case.conversation),
            old=case.old,
            new=case.new,
            cases=len(cases),
            change=None if reason.stretch is None else change_of(reason.stretch, old.text, new.text),
            tokens=tokens,
            places=places,
            without=without,
            reproduce=(
                reproduce(old, case.conversation, self._runtime.id),
                reproduce(new, case.conversation, self._runtime.id),
            ),
        )


def _is_stopped(case: Case) -> bool:
    """Whether nothing can be said: a limit ended both answers, or there was no time left to ask for one."""
    return is_untried(case.old) or is_untried(case.new) or (is_stopped(case.old) and is_stopped(case.new))


def _other_tokens(old: Template, new: Template) -> dict[str, tuple[str | None, str | None]]:
    names = sorted({*old.tokens, *new.tokens})
    pairs = {name: (old.tokens.get(name), new.tokens.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
