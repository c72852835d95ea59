"""From many differing cases of one target to few mismatches: grouped, shrunk, explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress, islice

from portable_tpl.differential.explain.cause import Causes
from portable_tpl.differential.explain.naming import Cause
from portable_tpl.differential.grouping.identity import Group, Identities
from portable_tpl.differential.run.concurrency import in_background
from portable_tpl.differential.shrink import Shrinker, size_of
from portable_tpl.differential.subject import Subject
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed, Mismatch, Refused, Rendering, mismatch_kind, same
from portable_tpl.targets.reproduce import reproduce

_MOST_GROUPS = 40  # of one target and template; the rest of a very broken target says nothing new
_SLIDES = 3  # other mismatches that shrinking may run into before it is given up
_RENDERS, _RENDERS_OF_MANY = 2500, 300  # to shrink one mismatch; the latter where a target shows more than ten
_RENDERS_OF_KIND = {"timeout": 8, "crash": 80}  # each of these costs seconds


_RENDERS_APART = 200  # of a mismatch that is known from another place
_RENDERS_OF_GLANCE = 24  # after which that shows itself as the known one, as nearly all of them are
_MOST_APART = 3  # places at which a known mismatch is looked into once more
Test = Callable[[Sequence[Conversation]], "list[bool]"]
Sight = Callable[[Mismatch], bool]


@dataclass(frozen=True)
class Case:
    """One conversation on which a target's answer is not the reference's."""

    conversation: Conversation
    tier: Tier
    reference: Rendering
    target: Rendering


def _cost(case: Case) -> tuple[int, int]:
    return case.tier.rank, size_of(case.conversation)


class Investigation:
    """One target's mismatches on one template.

    ``known`` are conversations that other mismatches shrank to; those of this target are added to it.
    """

    def __init__(
        self,
        subject: Subject,
        judge: TierJudge,
        out_of_time: Callable[[], bool],
        known: list[Conversation] | None = None,
    ) -> None:
        self._subject = subject
        self._target, self._template = subject.target, subject.template
        self._out_of_time = out_of_time
        self._known = [] if known is None else known
        self._judge = judge
        self._identities = Identities(subject)
        self._causes = Causes(subject)
        self._identity: dict[str, Group | None] = {}  # of each case, by its conversation's key
        self._signatures: dict[Group, str | None] = {}
        self._by_signature: dict[str, Mismatch] = {}

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """Every mismatch once, the most frequent first."""
        return tuple(sorted(self._by_signature.values(), key=lambda each: (-each.cases, each.signature)))

    def add(self, cases: Sequence[Case], names: Sequence[str | None] | None = None) -> None:
        """Look into more cases; those of mismatches that are known only count.

        ``names`` say what keeps each from any template, where that was asked already.
        """
        conversations = [case.conversation for case in cases]
        identities = self._identities.of(conversations, [case.target for case in cases], names)
        self._identity.update((case.conversation.key, each) for case, each in zip(cases, identities, strict=True))
        groups: dict[Group, list[Case]] = {}
        for case, identity in zip(cases, identities, strict=True):
            if identity in self._signatures:
                self._count(self._signatures[identity])
            elif identity is not None:
                groups.setdefault(identity, []).append(case)
        ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
        budget = _RENDERS if len(ordered) <= 10 else _RENDERS_OF_MANY
        fresh = []
        for group, members in ordered[: max(0, _MOST_GROUPS - len(self._signatures))]:
            mismatch = self._mismatch(group, members, budget)
            self._signatures[group] = None if mismatch is None else mismatch.signature
            if mismatch is not None:
                known = self._by_signature.get(mismatch.signature)
                self._by_signature[mismatch.signature] = mismatch if known is None else _merged(known, mismatch)
                fresh.append(mismatch.signature)
        self._known += [each.conversation for each in self.mismatches if each.signature in fresh]

    def add_apart(self, cases: Sequence[Case], there: Test, shows: Sight, hides: Sight) -> None:
        """Look into what cases that were added show at one place, which ``there`` tells of conversations.

        Where two places print in one, a mismatch of the other was found first and stands for both: that one ``hides``
        what is sought. One that ``shows`` it ends the search.
        """
        known: dict[Group, Case] = {}
        for case in sorted(cases, key=_cost):
            identity = self._identity[case.conversation.key]
            if identity is None or identity.origin != "template":
                continue
            first = self._by_signature.get(self._signatures.get(identity) or "")
            if first is not None and hides(first):
                known.setdefault(identity, case)
        for group, case in islice(known.items(), _MOST_APART):
            mismatch = self._mismatch(group, [case], _RENDERS_OF_GLANCE, there)
            if mismatch is not None and mismatch.signature not in self._by_signature:
                mismatch = self._mismatch(group, [case], _RENDERS_APART, there)
            if mismatch is not None:
                found = self._by_signature.get(mismatch.signature, replace(mismatch, cases=0))
                self._by_signature[mismatch.signature] = _merged(
                    found, replace(mismatch, cases=max(1 - found.cases, 0))
                )
                if shows(mismatch):
                    break

    def _count(self, signature: str | None) -> None:
        if signature is not None:
            known = self._by_signature[signature]
            self._by_signature[signature] = replace(known, cases=known.cases + 1)

    def _mismatch(
        self, group: Group, members: Sequence[Case], budget: int, there: Test | None = None
    ) -> Mismatch | None:
        start = min(members, key=_cost)
        kind = group.locus.kind if group.locus is not None else ""
        small, answer = self._small(group, start, _RENDERS_OF_KIND.get(kind, budget), there)
        reference = self._subject.expected(small)
        if same(reference, answer):
            return None  # it does not come back: a machine under load, not a mismatch
        tier = self._judge.tier(small)
        cause = self._cause(group, small, answer, tier)
        line = cause.line if cause.line is not None or group.locus is None else group.locus.line
        kind = mismatch_kind(reference, answer)
        name = cause.name or f"unexplained {group.locus.sign if group.locus else ''}"
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
            reference=reference,
            target=answer,
            reproduce=reproduce(self._template, small, self._target.id),
            decides=cause.origin == "template" and not isinstance(reference, Failed),
            span=cause.span,
        )

    def _cause(self, group: Group, small: Conversation, answer: Rendering, tier: Tier) -> Cause:
        stack = self._identities.stack
        if group.origin == "stack" or group.locus is None:
            return Cause("stack", "+".join(group.names or stack.left_out(small)) or None, None, None)
        if group.locus.kind in ("timeout", "crash"):
            return Cause("template", None, None, None)
        base = stack.base(small, group.changes)
        engine = self._subject.engine
        if engine is not None and engine.render(self._template, base) != answer:
            # What the deployment did to the case that founded the group, it may not do to this smaller one.
            (now,) = self._identities.of([small], [answer])
            if now is not None and now.origin == "template" and now.locus is not None:
                group, base = now, stack.base(small, now.changes)
        assert group.locus is not None
        cause = self._causes.find(small, base, answer, group.locus, tier)
        names = stack.left_out(small) if cause.name is None else ()
        return Cause("stack", "+".join(names), None, None) if names else cause

    def _small(self, group: Group, start: Case, budget: int, there: Test | None) -> tuple[Conversation, Rendering]:
        """The shrunk conversation, with the target's answer.

        Where the deployment alone explains what was reached, another mismatch was slid into. It is known from then
        on, and the way is taken again without it.
        """
        for _ in range(_SLIDES):
            small = self._shrunk(group, start, budget, there)
            answer = self._target.render(self._template, small)
            if group.locus is None or self._identities.is_open(small, answer):
                return small, answer
        return start.conversation, self._target.render(self._template, start.conversation)

    def _holds(self, group: Group) -> Test:
        """Whether conversations show what a group does; the target is at work while the reference is."""

        def holds(batch: Sequence[Conversation]) -> list[bool]:
            answers = in_background(self._target.render_all, self._template, batch)
            return self._identities.hold(group, batch, answers)

        return holds

    def _shrunk(self, group: Group, start: Case, budget: int, there: Test | None) -> Conversation:
        if self._out_of_time():
            return start.conversation

        def holds(batch: Sequence[Conversation]) -> list[bool]:
            left = [number for number, each in enumerate(batch) if self._judge.is_within(each, start.tier)]
            for test in (there, self._holds(group)):
                if test is not None and left:
                    passed = test([batch[number] for number in left])
                    left = list(compress(left, passed))
            return [number in left for number in range(len(batch))]

        shrinker = Shrinker(holds, budget, self._out_of_time)
        guesses = sorted(self._known, key=size_of)
        smaller = [each for each in guesses if size_of(each) < size_of(start.conversation)][:8]
        verdicts = holds(smaller) if smaller else []
        best = next((each for each, good in zip(smaller, verdicts, strict=True) if good), start.conversation)
        return shrinker.shrink(best)


def _merged(one: Mismatch, other: Mismatch) -> Mismatch:
    """One mismatch for two groups that turned out to be one bug: the milder and smaller conversation stays.

    One that the reference renders shows more than one that it refuses.
    """

    def worth(each: Mismatch) -> tuple[int, bool, int]:
        return each.tier.rank, isinstance(each.reference, Refused), size_of(each.conversation)

    best = min((one, other), key=worth)
    return replace(best, cases=one.cases + other.cases)
