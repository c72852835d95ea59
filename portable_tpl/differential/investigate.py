"""From many differing cases of one target to few mismatches: grouped, shrunk, explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from portable_tpl.conversation import Conversation, Tier
from portable_tpl.differential.cause import Cause, Causes
from portable_tpl.differential.locus import Locus, locate
from portable_tpl.differential.replay import reproduce
from portable_tpl.differential.search import Explored
from portable_tpl.differential.shrink import Shrinker, size_of
from portable_tpl.differential.stack import Stack
from portable_tpl.differential.tracer import Tracer
from portable_tpl.differential.twins import Twins
from portable_tpl.normalisations.reference import reference_objection
from portable_tpl.rendering import Failed, Mismatch, Origin, Rendering, mismatch_kind, same
from portable_tpl.runtimes._base import Runtime
from portable_tpl.strategies.tiers import tier_of
from portable_tpl.template.parsing import ParsedTemplate

_MOST_GROUPS = 40  # of one target and template; the rest of a very broken target says nothing new
_RENDERS, _RENDERS_OF_MANY = 2500, 300
_RENDERS_OF_KIND = {"timeout": 8, "crash": 80}  # each of these costs seconds
# Names, beside those of the normalisations, for what happens before a template is run.
REQUEST_REFUSED = "request-refused"  # the deployment gives an error, its engine does not
UNSUPPORTED_INPUT = "unsupported-input"  # the runtime cannot be given such a conversation at all
CONVERSATION_REFUSED = "conversation-refused"  # the reference itself does not take it


@dataclass(frozen=True)
class Case:
    """One conversation on which a target's answer is not the reference's."""

    conversation: Conversation
    tier: Tier
    reference: Rendering
    target: Rendering


@dataclass(frozen=True)
class _Group:
    """Cases with one identity: what the deployment did to them, or where the texts part."""

    origin: Origin
    names: tuple[str, ...]
    locus: Locus | None


class Investigation:
    """One target's mismatches on one template."""

    def __init__(
        self,
        parsed: ParsedTemplate,
        target: Runtime,
        tracer: Tracer,
        run: Explored,
        out_of_time: Callable[[], bool],
        known: Sequence[Conversation] = (),
        twins: Twins | None = None,
    ) -> None:
        self._parsed = parsed
        self._template = parsed.template
        self._target = target
        self._tracer = tracer
        self._run = run
        self._out_of_time = out_of_time
        self._known = list(known)
        self._stack = Stack(target.id, tracer, parsed.template)
        self._twins = twins
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
            if mismatch is not None:
                known = found.get(mismatch.signature)
                found[mismatch.signature] = mismatch if known is None else _merged(known, mismatch)
        return sorted(found.values(), key=lambda each: (-each.cases, each.signature))

    def _identities(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[_Group | None]:
        """What each case is an instance of; ``None`` where there is no mismatch."""
        before = [_before_any_template(one, answer) for one, answer in zip(conversations, answers, strict=True)]
        if any(before):
            rest = [number for number, name in enumerate(before) if name is None]
            left = iter(self._identities([conversations[n] for n in rest], [answers[n] for n in rest]))
            return [next(left) if name is None else _Group("stack", (name,), None) for name in before]
        explained = self._stack.explain(conversations, answers)
        open_ = [number for number, (names, _) in enumerate(explained) if names is None]
        traces = dict(
            zip(open_, self._tracer.trace(self._template, [explained[n][1] for n in open_], "pieces"), strict=True)
        )
        innocent = self._engine_innocent([conversations[n] for n in open_], [answers[n] for n in open_])
        out: list[_Group | None] = [_Group("stack", names, None) if names else None for names, _ in explained]
        for number, is_innocent in zip(open_, innocent, strict=True):
            locus = locate(self._template.text, traces[number], answers[number])
            if locus is None:
                continue
            refused = (REQUEST_REFUSED,) if isinstance(answers[number], Failed) else ()
            out[number] = _Group("stack", refused, locus) if is_innocent else _Group("template", (), locus)
        return out

    def _engine_innocent(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[bool]:
        """Whether the target's engine, without the deployment around it, has no part in a difference.

        So it is where it answers as the reference does, or answers at all where the deployment gives an error.
        """
        twin = self._twins.of(self._target.id) if self._twins is not None and conversations else None
        if twin is None:
            return [False] * len(conversations)
        alone = twin.render_all(self._template, conversations)
        traces = self._tracer.trace(self._template, conversations, "pieces")
        return [
            same(trace.rendering, own) or (isinstance(answer, Failed) and not isinstance(own, Failed))
            for trace, own, answer in zip(traces, alone, answers, strict=True)
        ]

    def _mismatch(self, group: _Group, members: Sequence[Case], budget: int) -> Mismatch | None:
        start = min(members, key=lambda case: (case.tier.rank, size_of(case.conversation)))
        kind = group.locus.kind if group.locus is not None else ""
        small = self._shrunk(group, start, _RENDERS_OF_KIND.get(kind, budget))
        answer = self._target.render(self._template, small)
        reference = self._tracer.trace(self._template, [small], "pieces")[0].rendering
        if same(reference, answer):
            return None  # it does not come back: a machine under load, not a mismatch
        tier = self._tier(small)
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
        )

    def _cause(self, group: _Group, small: Conversation, answer: Rendering, tier: Tier) -> Cause:
        if group.origin == "stack" or group.locus is None:
            return Cause("stack", "+".join(group.names) or None, None, None)
        if group.locus.kind in ("timeout", "crash"):
            return Cause("template", None, None, None)
        return self._causes.find(small, self._stack.base(small, answer), answer, group.locus, tier)

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
        best = next((each for each, good in zip(smaller, verdicts, strict=True) if good), start.conversation)
        return shrinker.shrink(best)

    def _tier(self, conversation: Conversation) -> Tier:
        tokens = self._template.special_tokens or {"bos_token": "<s>", "eos_token": "</s>"}
        return tier_of(conversation, False, self._run.shape, tokens)


def _before_any_template(conversation: Conversation, answer: Rendering) -> str | None:
    if isinstance(answer, Failed) and answer.kind == "unsupported":
        return UNSUPPORTED_INPUT
    return CONVERSATION_REFUSED if reference_objection(conversation) is not None else None


def _merged(one: Mismatch, other: Mismatch) -> Mismatch:
    """One mismatch for two groups that turned out to be one bug: the milder and smaller conversation stays."""
    best = min((one, other), key=lambda each: (each.tier.rank, size_of(each.conversation)))
    return replace(best, cases=one.cases + other.cases)
