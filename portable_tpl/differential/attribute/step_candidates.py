"""Which steps of a deployment are worth a try on a conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from portable_tpl.differential.attribute.call_example import example_on_server
from portable_tpl.differential.attribute.reasoning_marks import seen_in_template, seen_on_server
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps._base import Step, Trial
from portable_tpl.targets.steps.prefill import PREFILLED, ends_with_assistant, prefilled_with
from portable_tpl.targets.steps.prepared import Prepared, context_of, prepare, rewritten, steps_for
from portable_tpl.targets.steps.tools_in_prompt import DESCRIBED, described_with

Steps = tuple[Step, ...]


class Candidates:
    """The steps that a target is known to take, and the sets of them that do something to a conversation.

    ``trial`` renders with the target's engine alone, to see which steps the target takes for the template.
    """

    def __init__(self, names: Sequence[str], subject: Subject, trial: Trial) -> None:
        self._subject = subject
        self._template = subject.template
        self._steps: Steps = steps_for(subject.template, [step(name) for name in names], trial)
        self._learnt: set[str] = set()

    @property
    def all(self) -> Steps:
        """Every step that the target may take."""
        return self._steps

    def __bool__(self) -> bool:
        return bool(self._steps)

    def learn(self, conversations: Sequence[Conversation]) -> None:
        """Take up the changes that depend on the template, once a conversation comes that they may concern."""
        if any(map(ends_with_assistant, conversations)):
            self._learn_once(PREFILLED, self._prefill)
        if any(each.tools for each in conversations):
            self._learn_once(DESCRIBED, self._described)

    def _learn_once(self, known: Step, learn: Callable[[], Step | None]) -> None:
        """Put what is learnt of a step behind it, where the target may take that step."""
        at = next((n for n, each in enumerate(self._steps) if each is known), None)
        if at is None or known.name in self._learnt:
            return
        self._learnt.add(known.name)
        variant = learn()
        if variant is not None:
            self._steps = (*self._steps[: at + 1], variant, *self._steps[at + 1 :])

    def _prefill(self) -> Step | None:
        marks = seen_on_server(self._subject, [step("enable-thinking-set")]) or seen_in_template(self._subject)
        return None if marks is None else prefilled_with(marks)

    def _described(self) -> Step | None:
        example = example_on_server(self._subject, [step("system-to-user"), step("string-to-parts")])
        return None if example is None else described_with(example)

    def singles(self, conversation: Conversation, answer: Rendering) -> Iterator[Steps]:
        """The changes that do something by themselves, one by one."""
        plain = prepare(conversation)
        for change in self._steps:
            if self.acts(change, conversation, plain, answer):
                yield (change,)

    def combinations(self, conversation: Conversation, answer: Rendering) -> Iterator[Steps]:
        """All changes together, with one of each that contradict one another; only what does something.

        Those with few of the contradicting ones come first: most deployments do little of that kind.
        """
        fixed = {each.name for each in self._steps if each.choice is None}
        acting = self._acting_at_all(conversation, answer, fixed)
        alternatives: dict[str, list[tuple[str, ...]]] = {}
        for each in self._steps:
            if each.choice is not None and each.name in acting:
                alternatives.setdefault(each.choice, [()]).append((each.name,))
        choices = list(alternatives.values())
        known: dict[tuple[str, ...], tuple[bool, Prepared]] = {}
        useful = [each for each in self._steps if each.name in acting]
        seen = set()
        for chosen in sorted(product(*choices), key=lambda parts: sum(map(len, parts))):
            wanted = fixed | {name for part in chosen for name in part}
            changes = self.acting(conversation, answer, [each for each in useful if each.name in wanted], known)
            key = tuple(change.name for change in changes)
            if len(changes) > 1 and key not in seen:
                seen.add(key)
                yield changes

    def _acting_at_all(self, conversation: Conversation, answer: Rendering, fixed: set[str]) -> set[str]:
        """What finds something to do, by itself or after others: a developer's message is merged only once it is
        the system's."""
        out = {change.name for (change,) in self.singles(conversation, answer)}
        for before in ([], *([name] for name in sorted(out - fixed))):
            first = [each for each in self._steps if each.name in fixed or each.name in before]
            done = self.acting(conversation, answer, first, {})
            base = prepare(conversation, done)
            out |= {each.name for each in done}
            out |= {each.name for each in self._steps if self.acts(each, conversation, base, answer)}
        return out

    def acting(
        self,
        conversation: Conversation,
        answer: Rendering,
        wanted: Iterable[Step],
        known: dict[tuple[str, ...], tuple[bool, Prepared]],
    ) -> Steps:
        """The changes, in their order, without those that find nothing to do.

        ``known``: what became of sets that begin alike, by the names of what was done and of what was then tried.
        """
        changes: Steps = ()
        done: tuple[str, ...] = ()
        base = prepare(conversation)
        for change in wanted:
            key = (*done, change.name)
            if key not in known:
                acts = self.acts(change, conversation, base, answer)
                known[key] = (acts, base.followed_by(change) if acts else base)
            acts, base = known[key]
            if acts:
                changes, done = (*changes, change), key
        return changes

    def acts(self, change: Step, given: Conversation, base: Prepared, answer: Rendering) -> bool:
        """Whether a change does anything after those made before; changes of the prompt may, unless it shows that
        they did not."""
        if change.changes_request and change.on_request(base) is not base:
            return True
        if change.objects and change.objection(base) is not None:
            return True
        if change.changes_template:
            return rewritten(self._template, (change,)) is not self._template
        if change.changes_prompt:
            return isinstance(answer, Rendered) and change.on_prompt(answer.text, given) == answer.text
        if change.changes_context:
            tokens = self._template.special_tokens
            context, known = context_of(base, tokens), replace(base, special_tokens=base.tokens_for(tokens))
            return not isinstance(context, dict) or change.on_context(context, known) != context
        return False
