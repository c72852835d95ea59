"""From many differing cases of one target to few mismatches: grouped, shrunk, explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portable_tpl.conversation import Conversation, Tier
from portable_tpl.differential.cause import Cause, Causes
from portable_tpl.differential.locus import Locus, locate
from portable_tpl.differential.replay import reproduce
from portable_tpl.differential.search import Explored
from portable_tpl.differential.shrink import Shrinker, size_of
from portable_tpl.differential.stack import Stack
from portable_tpl.differential.tracer import Trace, Tracer
from portable_tpl.rendering import Failed, Mismatch, Rendering, same
from portable_tpl.runtimes._base import Runtime
from portable_tpl.strategies.tiers import tier_of
from portable_tpl.template.parsing import ParsedTemplate

_MOST_GROUPS = 40  # of one target and template; what is rarer is counted with the nearest one
_RENDERS, _RENDERS_OF_MANY = 2500, 300


@dataclass(frozen=True)
class Case:
    """One conversation on which a target's answer is not the reference's."""

    conversation: Conversation
    tier: Tier
    reference: Rendering
    target: Rendering


@dataclass(frozen=True)
class _Group:
    """Cases with one identity: what the deployment did to them, and where the texts part."""

    stack: tuple[str, ...] | None
    locus: Locus


class Investigation:
    """One target's mismatches on one template."""

    def __init__(
        self,
        parsed: ParsedTemplate,
        target: Runtime,
        tracer: Tracer,
        run: Explored,
        tier: Tier,
        out_of_time: Callable[[], bool],
        known: Sequence[Conversation] = (),
    ) -> None:
        self._parsed = parsed
        self._template = parsed.template
        self._target = target
        self._tracer = tracer
        self._run = run
        self._out_of_time = out_of_time
        self._known = list(known)
        self._stack = Stack(target.id, tracer, parsed.template)
        self._causes = Causes(parsed, target, tracer)

    def mismatches(self, cases: Sequence[Case]) -> list[Mismatch]:
        """Every mismatch once, the most frequent first."""
        identities = self._identities([case.conversation for case in cases], [case.target for case in cases])
        groups: dict[_Group, list[Case]] = {}
        for case, identity in zip(cases, identities, strict=True):
            if identity is not None:
                groups.setdefault(identity, []).append(case)
        found: dict[str, Mismatch] = {}
        ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
        budget = _RENDERS if len(ordered) <= 10 else _RENDERS_OF_MANY
        for group, members in ordered[:_MOST_GROUPS]:
            mismatch = self._mismatch(group, members, budget)
            known = found.get(mismatch.signature)
            found[mismatch.signature] = mismatch if known is None else _merged(known, mismatch)
        return sorted(found.values(), key=lambda each: (-each.cases, each.signature))

    def _identities(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[_Group | None]:
        """What each case is an instance of; ``None`` where there is no mismatch."""
        explained = self._stack.explain(conversations, answers)
        plain = [number for number, (names, _) in enumerate(explained) if names is None]
        bases = [explained[number][1] for number in plain]
        traces = dict(zip(plain, self._tracer.trace(self._template, bases, "pieces"), strict=True))
        out: list[_Group | None] = []
        for number, (names, _) in enumerate(explained):
            if names is not None:
                out.append(_Group(names, Locus("output", None, "")) if names else None)
                continue
            locus = locate(self._template.text, traces[number], answers[number])
            out.append(None if locus is None else _Group(None, locus))
        return out

    def _mismatch(self, group: _Group, members: Sequence[Case], budget: int) -> Mismatch:
        start = min(members, key=lambda case: (case.tier.rank, size_of(case.conversation)))
        small = self._shrunk(group, start, budget)
        answer = self._target.render(self._template, small)
        trace = self._tracer.trace(self._template, [small], "pieces")[0]
        tier = self._tier(small)
        if group.stack is not None:
            cause = Cause("stack", "+".join(group.stack), None, None)
        else:
            cause = self._causes.find(small, self._stack.base(small, answer), answer, group.locus, tier)
        kind = group.locus.kind if group.stack is None else _kind(trace, answer)
        line = cause.line if cause.line is not None else group.locus.line
        name = cause.name or f"unexplained {group.locus.sign}"
        return Mismatch(
            signature=f"{self._target.id} {kind} {cause.origin} {name} line {line}",
            kind=kind,
            origin=cause.origin,
            tier=tier,
            cause=cause.name,
            code=cause.code,
            line=line,
            cases=len(members),
            conversation=small,
            reference=trace.rendering,
            target=answer,
            reproduce=reproduce(self._template, small, self._target.id),
            decides=cause.origin == "template" and not isinstance(trace.rendering, Failed),
        )

    def _shrunk(self, group: _Group, start: Case, budget: int) -> Conversation:
        if self._out_of_time():
            return start.conversation

        def holds(batch: Sequence[Conversation]) -> list[bool]:
            mild = [self._tier(conversation).rank <= start.tier.rank for conversation in batch]
            fitting = [conversation for conversation, fits in zip(batch, mild, strict=True) if fits]
            if not fitting:
                return mild
            answers = self._target.render_all(self._template, fitting)
            identities = iter(self._identities(fitting, answers))
            return [fits and next(identities) == group for fits in mild]

        shrinker = Shrinker(holds, budget, self._out_of_time)
        guesses = sorted(self._known, key=size_of)
        smaller = [each for each in guesses if size_of(each) < size_of(start.conversation)][:8]
        verdicts = holds(smaller) if smaller else []
        best = next((each for each, good in zip(smaller, verdicts) if good), start.conversation)
        return shrinker.shrink(best)

    def _tier(self, conversation: Conversation) -> Tier:
        tokens = self._template.special_tokens or {"bos_token": "<s>", "eos_token": "</s>"}
        return tier_of(conversation, False, self._run.shape, tokens)


def _kind(trace: Trace, answer: Rendering) -> str:
    from portable_tpl.rendering import mismatch_kind

    return "output" if same(trace.rendering, answer) else mismatch_kind(trace.rendering, answer)


def _merged(one: Mismatch, other: Mismatch) -> Mismatch:
    """One mismatch for two groups that turned out to be one bug: the milder and smaller conversation stays."""
    from dataclasses import replace

    best = min((one, other), key=lambda each: (each.tier.rank, size_of(each.conversation)))
    return replace(best, cases=one.cases + other.cases)
