"""What a deployment does around the template: found by doing the same to the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from portable_tpl.conversation import Conversation
from portable_tpl.differential.locus import first_difference
from portable_tpl.differential.tracer import Normalised, Tracer, normalised
from portable_tpl.normalisations import all_normalisations
from portable_tpl.normalisations._base import Normalisation
from portable_tpl.normalisations.reference import reference_context
from portable_tpl.rendering import Failed, Rendered, Rendering, same
from portable_tpl.source import Template

Changes = tuple[Normalisation, ...]


@dataclass(frozen=True)
class Explanation:
    """What became of one answer.

    ``same``: it is the reference's own. ``changes``: the smallest set of changes found that makes the reference give
    it, or, where ``complete`` is false, the set whose text comes nearest.
    """

    same: bool
    changes: Changes = ()
    complete: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the changes."""
        return tuple(change.name for change in self.changes)


_SAME, _OPEN = Explanation(True), Explanation(False)


class Stack:
    """Explains a target's renderings by named normalisations; engines without a stack around them have none."""

    def __init__(self, target: str, tracer: Tracer, template: Template) -> None:
        name = target.partition("@")[0]
        self._changes: Changes = tuple(each for each in all_normalisations() if name in each.stacks)
        self._tracer = tracer
        self._template = template

    def explain(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[Explanation]:
        """What makes the reference give each answer."""
        if not self._changes:
            return [_OPEN] * len(conversations)
        out = [
            _SAME if same(rendering, answer) else _OPEN
            for rendering, answer in zip(self._render(conversations), answers, strict=True)
        ]
        # Two failures have nothing in common that could be compared, so that none explains the other.
        wanted = {
            n: answers[n] for n, found in enumerate(out) if not found.same and not isinstance(answers[n], Failed)
        }
        for attempt in (self._singles, self._combinations):
            candidates = {n: list(attempt(conversations[n])) for n in wanted if not out[n].complete}
            for n, changes in self._working(conversations, wanted, candidates):
                if not out[n].complete:
                    out[n] = Explanation(False, self._reduced(conversations[n], wanted[n], changes), True)
        for n, answer in wanted.items():
            if not out[n].complete:
                out[n] = Explanation(False, self._nearest(conversations[n], answer))
        return out

    def explains(
        self, changes: Changes, conversations: Sequence[Conversation], answers: Sequence[Rendering]
    ) -> list[bool]:
        """Whether these very changes, and nothing less, make the reference give each answer."""
        plain = self._render(conversations)
        changed = self._render([normalised(each, changes) for each in conversations])
        return [
            not same(before, answer) and after == answer
            for before, after, answer in zip(plain, changed, answers, strict=True)
        ]

    def base(self, conversation: Conversation, changes: Changes) -> Conversation:
        """What a deployment with these changes gives to its engine."""
        return normalised(conversation, changes) if changes else conversation

    def differing(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[int]:
        """The numbers of the answers that are not the reference's own."""
        plain = zip(self._render(conversations), answers, strict=True)
        return [number for number, (before, answer) in enumerate(plain) if not same(before, answer)]

    # -- candidates ----------------------------------------------------------------------------------------------

    def _singles(self, conversation: Conversation) -> Iterator[Changes]:
        plain = normalised(conversation)
        for change in self._changes:
            if self._acts(change, conversation, plain):
                yield (change,)

    def _combinations(self, conversation: Conversation) -> Iterator[Changes]:
        """All changes together, with one of each that contradict one another; only what does something."""
        acting = {change.name for (change,) in self._singles(conversation)}
        choices = [
            [(), *((name,) for name in group if name in acting)] for group in _CONTRADICTING if acting & set(group)
        ]
        fixed = {each.name for each in self._changes} - {name for group in _CONTRADICTING for name in group}
        seen = set()
        for chosen in product(*choices):
            wanted = fixed | {name for part in chosen for name in part}
            changes: Changes = ()
            made = normalised(conversation)
            for change in self._changes:
                if change.name in wanted and self._acts(change, conversation, made):
                    changes = (*changes, change)
                    made = normalised(conversation, changes)
            key = tuple(change.name for change in changes)
            if len(changes) > 1 and key not in seen:
                seen.add(key)
                yield changes

    def _acts(self, change: Normalisation, given: Conversation, made: Normalised) -> bool:
        """Whether a change does anything after those made before; changes of the prompt may."""
        if change.changes_text:
            return True
        if change.changes_context:
            context = reference_context(made, self._template.special_tokens)
            return change.adjust(context, given) != context
        return change.apply(made) is not made

    # -- trials --------------------------------------------------------------------------------------------------

    def _render(self, conversations: Sequence[Conversation]) -> list[Rendering]:
        return [trace.rendering for trace in self._tracer.trace(self._template, conversations, "pieces")]

    def _working(
        self,
        conversations: Sequence[Conversation],
        answers: Mapping[int, Rendering],
        candidates: Mapping[int, Sequence[Changes]],
    ) -> Iterator[tuple[int, Changes]]:
        trials = [(n, changes) for n, sets in candidates.items() for changes in sets]
        made = self._render([normalised(conversations[n], changes) for n, changes in trials])
        for (n, changes), rendering in zip(trials, made, strict=True):
            if rendering == answers[n]:
                yield n, changes

    def _reduced(self, conversation: Conversation, answer: Rendering, changes: Changes) -> Changes:
        while len(changes) > 1:
            smaller = [changes[:at] + changes[at + 1 :] for at in range(len(changes))]
            made = self._render([normalised(conversation, each) for each in smaller])
            working = next((each for each, told in zip(smaller, made, strict=True) if told == answer), None)
            if working is None:
                break
            changes = working
        return changes

    def _nearest(self, conversation: Conversation, answer: Rendering) -> Changes:
        if not isinstance(answer, Rendered):
            return ()
        sets: list[Changes] = [(), *self._singles(conversation), *self._combinations(conversation)]
        shared = [
            first_difference(rendering.text, answer.text) if isinstance(rendering, Rendered) else -1
            for rendering in self._render([normalised(conversation, each) for each in sets])
        ]
        best = max(range(len(sets)), key=lambda number: (shared[number], -len(sets[number]), -number))
        return sets[best]


_CONTRADICTING: tuple[tuple[str, ...], ...] = (
    ("enable-thinking-set", "enable-thinking-cleared"),
    ("string-to-parts", "string-to-parts-except-tools", "parts-joined", "parts-joined-tightly"),
    ("arguments-parsed", "arguments-to-text"),
    ("system-merged",),
    ("content-trimmed",),
)
