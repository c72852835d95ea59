"""What a deployment does around the template: found by doing the same to the reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, product

from portable_tpl.conversation import Conversation
from portable_tpl.differential.locus import first_difference
from portable_tpl.differential.tracer import Normalised, Tracer, normalised
from portable_tpl.normalisations import all_normalisations
from portable_tpl.normalisations._base import Normalisation
from portable_tpl.rendering import Failed, Rendered, Rendering, same
from portable_tpl.source import Template

Names = tuple[str, ...]
Explanation = tuple["Names | None", Conversation]

_MOST_PAIRS = 120


class Stack:
    """Explains a target's renderings by named normalisations; engines without a stack around them have none."""

    def __init__(self, target: str, tracer: Tracer, template: Template) -> None:
        name = target.partition("@")[0]
        self._changes = [each for each in all_normalisations() if name in each.stacks]
        self._tracer = tracer
        self._template = template
        self._worked: dict[Names, int] = {}

    def base(self, conversation: Conversation, answer: Rendering) -> Conversation:
        """What the target's engine was given, as far as that can be told."""
        return self.explain([conversation], [answer])[0][1]

    def explain(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[Explanation]:
        """For each answer: the smallest set of normalisations found that makes the reference give it.

        ``()`` where the answer is the reference's own, ``None`` where no set explains it; then the conversation is
        the normalised one whose text comes nearest.
        """
        if not self._changes:
            return [(None, conversation) for conversation in conversations]
        found: dict[int, Names] = {}
        traces = self._tracer.trace(self._template, conversations, "pieces")
        for number, trace in enumerate(traces):
            if same(trace.rendering, answers[number]):
                found[number] = ()
        open_ = {
            n: (conversations[n], answers[n])
            for n in range(len(conversations))
            if n not in found and not isinstance(answers[n], Failed)
        }
        self._try(open_, found, {n: self._remembered() for n in open_})
        self._try(open_, found, {n: [[each] for each in self._effective(open_[n][0])] for n in open_})
        self._try(open_, found, {n: self._pairs(open_[n][0]) for n in open_})
        self._try(open_, found, {n: self._full(open_[n][0]) for n in open_}, reduce=True)
        for names in found.values():
            if names:
                self._worked[names] = self._worked.get(names, 0) + 1
        return [
            (found[n], conversations[n]) if n in found else (None, self._nearest(conversations[n], answers[n]))
            for n in range(len(conversations))
        ]

    # -- candidates ----------------------------------------------------------------------------------------------

    def _remembered(self) -> list[list[Normalisation]]:
        ranked = sorted(self._worked, key=lambda names: (len(names), -self._worked[names], names))
        single = [names for names in ranked if len(names) == 1]
        return [[each for each in self._changes if each.name in names] for names in single]

    def _effective(self, conversation: Conversation) -> list[Normalisation]:
        """The changes that do something to this conversation by themselves, or to what others make of it."""
        plain = normalised(conversation).key
        return [
            each
            for each in self._changes
            if each.changes_context or each.changes_text or normalised(conversation, [each]).key != plain
        ]

    def _pairs(self, conversation: Conversation) -> list[list[Normalisation]]:
        return [list(pair) for pair in combinations(self._effective(conversation), 2)][:_MOST_PAIRS]

    def _full(self, conversation: Conversation) -> list[list[Normalisation]]:
        """All changes together, with one of each that contradict one another."""
        names = {each.name for each in self._changes}
        choices = [
            [(), *((name,) for name in group if name in names)] for group in _CONTRADICTING if names & set(group)
        ]
        fixed = names - {name for group in _CONTRADICTING for name in group}
        sets = []
        seen = set()
        for chosen in product(*choices):
            wanted = fixed | {name for part in chosen for name in part}
            changes = [each for each in self._changes if each.name in wanted]
            key = normalised(conversation, changes).key
            if key not in seen:
                seen.add(key)
                sets.append(changes)
        return sets

    # -- trials --------------------------------------------------------------------------------------------------

    def _try(
        self,
        open_: dict[int, tuple[Conversation, Rendering]],
        found: dict[int, Names],
        candidates: dict[int, list[list[Normalisation]]],
        reduce: bool = False,
    ) -> None:
        """Move what a candidate explains from ``open_`` to ``found``; ``reduce`` drops needless changes first."""
        trials = [(n, changes) for n, sets in candidates.items() for changes in sets]
        for (n, changes), works in zip(trials, self._work(open_, trials), strict=True):
            if works and n in open_ and n not in found:
                found[n] = tuple(each.name for each in (self._reduced(open_[n], changes) if reduce else changes))
        for n in found:
            open_.pop(n, None)

    def _work(
        self, open_: dict[int, tuple[Conversation, Rendering]], trials: Sequence[tuple[int, list[Normalisation]]]
    ) -> list[bool]:
        made = [normalised(open_[n][0], changes) for n, changes in trials]
        traces = self._tracer.trace(self._template, made, "pieces")
        return [_gives(trace.rendering, open_[n][1]) for (n, _), trace in zip(trials, traces, strict=True)]

    def _reduced(self, case: tuple[Conversation, Rendering], changes: list[Normalisation]) -> list[Normalisation]:
        while len(changes) > 1:
            trials = [(0, changes[:at] + changes[at + 1 :]) for at in range(len(changes))]
            works = self._work({0: case}, trials)
            smaller = next((trial for (_, trial), good in zip(trials, works, strict=True) if good), None)
            if smaller is None:
                break
            changes = smaller
        return changes

    def _nearest(self, conversation: Conversation, answer: Rendering) -> Conversation:
        if not isinstance(answer, Rendered):
            return conversation
        made: list[Conversation] = [
            conversation,
            *(normalised(conversation, each) for each in self._full(conversation)),
        ]
        traces = self._tracer.trace(self._template, made, "pieces")

        def shared(number: int) -> int:
            rendering = traces[number].rendering
            return first_difference(rendering.text, answer.text) if isinstance(rendering, Rendered) else -1

        return made[max(range(len(made)), key=lambda number: (shared(number), -number))]


def _gives(reference: Rendering, answer: Rendering) -> bool:
    """Whether the reference, on the changed conversation, does what the target did.

    Two failures are one only where both name the same line: a change that makes the reference fail somewhere explains
    nothing about a target that fails elsewhere.
    """
    if isinstance(reference, Failed) and isinstance(answer, Failed):
        return reference.line is not None and reference.line == answer.line and reference.kind == answer.kind
    return same(reference, answer)


_CONTRADICTING: Iterable[tuple[str, ...]] = (
    ("enable-thinking-set", "enable-thinking-cleared"),
    ("string-to-parts", "string-to-parts-except-tools", "parts-joined", "parts-joined-tightly"),
    ("arguments-parsed", "arguments-to-text"),
    ("system-merged",),
    ("content-trimmed",),
)


__all__ = ["Explanation", "Normalised", "Stack"]
