"""What a deployment does around the template: found by doing the same to the reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from portable_tpl.differential.attribute.answers import EnginesOwn, Render, Sign, same_answer, sign_of
from portable_tpl.differential.attribute.step_candidates import Candidates, Steps
from portable_tpl.differential.attribute.trials import Trials, reduced
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import UnknownTarget
from portable_tpl.model.rendering import Failed, Rendered, Rendering, common_prefix, same
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.registry import find
from portable_tpl.targets.steps._base import Step
from portable_tpl.targets.steps.prepared import prepare, rewritten


@dataclass(frozen=True)
class Explanation:
    """What became of one answer.

    ``same``: it is the reference's own. ``changes``: the smallest set of changes found that makes the reference give
    it (``complete``), or else the engine alone (``by_engine``), or else the set whose text comes nearest.
    """

    same: bool
    changes: Steps = ()
    complete: bool = False
    by_engine: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the changes."""
        return tuple(change.name for change in self.changes)


_SAME, _OPEN = Explanation(True), Explanation(False)
_ENOUGH = 2  # searches without success for answers that part from the reference in one way
_BATCH = 16  # sets of changes that are tried at once
_PATIENCE = 6  # searches without success, after which the engine is asked for its part
_Attempt = Callable[[Conversation, Rendering], Iterator[Steps]]


class Attribution:
    """Explains a target's renderings by named steps; bare engines have none."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._template = subject.template
        self._trials = Trials(subject)
        # Sets that explained an answer of this template, with the reference and with the engine.
        self._known: dict[tuple[str, ...], Steps] = {}
        self._known_by_engine: dict[tuple[str, ...], Steps] = {}

    @cached_property
    def _candidates(self) -> Candidates:
        """The steps to be tried; all that are taken together come first, where the target always takes them."""
        adapter = _adapter_of(self._subject.target.id)
        names = adapter.steps if adapter is not None else ()
        out = Candidates(names, self._subject, self._trials.of_template)
        if adapter is not None and out and not adapter.steps_vary:
            everything = {tuple(each.name for each in out.all): out.all}
            self._known |= everything
            self._known_by_engine |= everything
        return out

    def explain(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[Explanation]:
        """What makes the reference give each answer."""
        if not self._candidates:
            return [_OPEN] * len(conversations)
        self._candidates.learn(conversations)
        plain = self._trials.on_reference(conversations)
        out = [_SAME if same(rendering, answer) else _OPEN for rendering, answer in zip(plain, answers, strict=True)]
        differing = {n: answers[n] for n, explanation in enumerate(out) if not explanation.same}
        signs = {n: sign_of(plain[n], answer) for n, answer in differing.items()}
        # Two failures of different engines have nothing in common that could be compared: none explains the other.
        texts = {n: answer for n, answer in differing.items() if not isinstance(answer, Failed)}
        alone = EnginesOwn(self._trials.on_engine, conversations, answers)
        for n, changes in self._smallest(conversations, texts, signs, self._trials.on_reference, alone).items():
            out[n] = Explanation(False, changes, complete=True)
            self._known[out[n].names] = changes
        left = {n: answer for n, answer in differing.items() if not out[n].complete}
        for n, changes in self._by_engine(conversations, left, signs, alone).items():
            out[n] = Explanation(False, changes, by_engine=True)
            if changes:
                self._known_by_engine[out[n].names] = changes
        nearest: dict[Sign, list[Steps]] = {}
        for n, answer in left.items():
            if not out[n].by_engine:
                known = nearest.setdefault(signs[n], [])
                changes = self._nearest(conversations[n], answer, known if len(known) >= _ENOUGH else None)
                known.append(changes)
                out[n] = Explanation(False, changes)
        return out

    def _by_engine(
        self,
        conversations: Sequence[Conversation],
        left: Mapping[int, Rendering],
        signs: Mapping[int, Sign],
        alone: EnginesOwn,
    ) -> dict[int, Steps]:
        """The changes after which the engine alone gives each answer; none where it does without any."""
        left = {n: answer for n, answer in left.items() if not isinstance(answer, Failed) or answer.kind == "error"}
        if not left or self._subject.engine is None:
            return {}
        unchanged: dict[int, Steps] = dict.fromkeys(alone.among(left), ())
        more = {n: answer for n, answer in left.items() if n not in unchanged}
        return unchanged | self._smallest(conversations, more, signs, self._trials.on_engine, alone)

    def _smallest(
        self,
        conversations: Sequence[Conversation],
        texts: Mapping[int, Rendering],
        signs: Mapping[int, Sign],
        render: Render,
        alone: EnginesOwn,
    ) -> dict[int, Steps]:
        """The smallest set of changes found for each answer that some set explains.

        A set that explained one answer is tried on all others before these are looked into. What the engine does by
        itself is not looked into for sets of several changes, nor at all where no set helps again and again. What
        parts from the reference just as others did for which no set was found is not looked into either.
        """
        sets: dict[int, Steps] = {}
        left, failures = dict(texts), 0
        in_vain: Counter[Sign] = Counter()
        known = self._known if render == self._trials.on_reference else self._known | self._known_by_engine
        for before in known.values():
            sets |= self._spread(before, conversations, left, render)
        while left:
            n = next(iter(left))
            answer = left.pop(n)
            if in_vain[signs[n]] >= _ENOUGH:
                continue
            changes = self._first(self._candidates.singles, conversations[n], answer, render)
            if changes is None and n not in alone.among([n, *left]):
                changes = self._first(self._candidates.combinations, conversations[n], answer, render)
            if changes is None:
                failures += 1
                in_vain[signs[n]] += 1
                if failures == _PATIENCE:
                    for own in alone.among(left):
                        del left[own]
                continue
            sets[n] = changes
            sets |= self._spread(changes, conversations, left, render)
        return sets

    def _spread(
        self, changes: Steps, conversations: Sequence[Conversation], left: dict[int, Rendering], render: Render
    ) -> dict[int, Steps]:
        """What a set explains of all that is left, without the changes that are not needed there; taken out of it."""
        acting = {n: self._candidates.acting(conversations[n], answer, changes, {}) for n, answer in left.items()}
        renderings = render([prepare(conversations[n], acting[n]) for n in left])
        explained = [n for n, rendering in zip(left, renderings, strict=True) if same_answer(rendering, left[n])]
        return {n: reduced(conversations[n], left.pop(n), acting[n], render) for n in explained}

    def _first(
        self, attempt: _Attempt, conversation: Conversation, answer: Rendering, render: Render
    ) -> Steps | None:
        """The first of the sets attempted that makes a renderer give an answer, without what it does not need."""
        candidates = attempt(conversation, answer)
        while batch := list(islice(candidates, _BATCH)):
            renderings = render([prepare(conversation, changes) for changes in batch])
            for changes, rendering in zip(batch, renderings, strict=True):
                if same_answer(rendering, answer):
                    return reduced(conversation, answer, changes, render)
        return None

    def explains(
        self, changes: Steps, conversations: Sequence[Conversation], answers: Callable[[], Sequence[Rendering]]
    ) -> list[bool]:
        """Whether these very changes, and nothing less, make the reference or the engine alone give each answer.

        ``answers`` are asked for once the reference has given its own: the target may be at work meanwhile.
        """
        plain = self._trials.on_reference(conversations)
        bases = [prepare(each, changes) for each in conversations]
        changed = self._trials.on_reference(bases)
        own = answers()
        out = [
            not same(before, answer) and after == answer
            for before, after, answer in zip(plain, changed, own, strict=True)
        ]
        open_ = [n for n, explains in enumerate(out) if not explains and not same(plain[n], own[n])]
        if open_ and self._subject.engine is not None:
            before = self._trials.on_engine([conversations[n] for n in open_])
            after = self._trials.on_engine([bases[n] for n in open_])
            for n, one, other in zip(open_, before, after, strict=True):
                out[n] = same_answer(other, own[n]) and not same_answer(one, own[n])
        return out

    def explained(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[bool]:
        """Whether one of the sets that explained other answers explains each answer, too."""
        plain = [prepare(each) for each in conversations]
        attempts = [
            (n, prepare(conversations[n], changes))
            for n, answer in enumerate(answers)
            for changes in self._known.values()
            if any(self._candidates.acts(change, conversations[n], plain[n], answer) for change in changes)
        ]
        renderings = self._trials.on_reference([base for _, base in attempts]) if attempts else []
        pairs = zip(attempts, renderings, strict=True)
        explained = {n for (n, _), rendering in pairs if same_answer(rendering, answers[n])}
        return [n in explained for n in range(len(conversations))]

    def patched(self, conversations: Sequence[Conversation]) -> list[Rendering] | None:
        """What the engine alone gives for the template as the target's steps patch it; ``None`` where none does."""
        patches = [step for step in self._candidates.all if step.changes_template and not step.changes_request]
        if rewritten(self._template, patches) is self._template:
            return None
        return self._trials.on_engine([prepare(conversation, patches) for conversation in conversations])

    def objecting(self, conversation: Conversation) -> Step | None:
        """The step that turns a conversation down, where one is known to."""
        base = prepare(conversation)
        for step in self._candidates.all:
            if step.objection(base) is not None:
                return step
            base = base.followed_by(step)
        return None

    def left_out(self, conversation: Conversation) -> tuple[str, ...]:
        """The step without whose matter the target gives what the reference gives, and what else is needed for that.

        Only of steps whose doing cannot be repeated here; none where that does not help.
        """
        for step in self._candidates.all:
            left = conversation if step.without is None else step.without(conversation)
            if left is conversation or not left.messages:
                continue
            (explanation,) = self.explain([left], [self._subject.target.render(self._template, left)])
            if explanation.same or explanation.complete:
                return (*explanation.names, step.name)
        return ()

    def base(self, conversation: Conversation, changes: Steps) -> Conversation:
        """What a deployment with these changes gives to its engine."""
        return prepare(conversation, changes) if changes else conversation

    def differing(self, conversations: Sequence[Conversation], answers: Sequence[Rendering]) -> list[int]:
        """The numbers of the answers that are not the reference's own."""
        pairs = zip(self._trials.on_reference(conversations), answers, strict=True)
        return [number for number, (before, answer) in enumerate(pairs) if not same(before, answer)]

    def _nearest(self, conversation: Conversation, answer: Rendering, known: Sequence[Steps] | None = None) -> Steps:
        """The set after which the reference's text goes with an answer's the longest; ``known``: one of these."""
        if not isinstance(answer, Rendered):
            return ()
        sets: list[Steps] = [()]
        if known is None:
            sets += [
                *self._candidates.singles(conversation, answer),
                *self._candidates.combinations(conversation, answer),
            ]
        else:
            sets += dict.fromkeys(known)
        shared = [
            common_prefix(rendering.text, answer.text) if isinstance(rendering, Rendered) else -1
            for rendering in self._trials.on_reference([prepare(conversation, each) for each in sets])
        ]
        best = max(range(len(sets)), key=lambda number: (shared[number], -len(sets[number]), -number))
        return sets[best]


def _adapter_of(target: str) -> Adapter | None:
    try:
        return find(target)[0]
    except UnknownTarget:
        return None
