"""Which changes of a deployment are worth a try on a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from portable_tpl.differential.attribute.reasoning_marks import seen_in_template, seen_on_server
from portable_tpl.differential.run.tracer import Normalised, Tracer, context_of, normalised
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.steps import all_normalisations
from portable_tpl.targets.steps._base import Normalisation
from portable_tpl.targets.steps.prefill import ends_with_assistant, prefilled_with

Changes = tuple[Normalisation, ...]

_PREFILLED = "final-assistant-prefilled"
_CONTRADICTING: tuple[tuple[str, ...], ...] = (
    ("enable-thinking-set", "enable-thinking-cleared"),
    ("reasoning-as-part", "string-to-parts", "string-to-parts-except-tools", "parts-joined", "parts-joined-tightly"),
    ("arguments-parsed", "arguments-to-text"),
    (_PREFILLED, f"{_PREFILLED}-with-reasoning", f"{_PREFILLED}-after-cut-prompt"),
    ("system-merged",),
    ("content-trimmed",),
    ("answers-gathered",),
)


class Candidates:
    """The changes that a target is known to make, and the sets of them that do something to a conversation."""

    def __init__(self, target: str, tracer: Tracer, template: Template, server: Runtime | None = None) -> None:
        name = target.partition("@")[0]
        self._changes: Changes = tuple(each for each in all_normalisations() if name in each.stacks)
        self._tracer = tracer
        self._template = template
        self._server = server
        self._learnt = False

    def __bool__(self) -> bool:
        return bool(self._changes)

    def learn(self, conversations: Sequence[Conversation]) -> None:
        """Take up the changes that depend on the template, once a conversation comes that they may concern."""
        at = next((n for n, change in enumerate(self._changes) if change.name == _PREFILLED), None)
        if self._learnt or at is None or not any(map(ends_with_assistant, conversations)):
            return
        self._learnt = True
        settings = [each for each in self._changes if each.name == "enable-thinking-set"]
        marks = None
        if self._server is not None:
            marks = seen_on_server(self._template, self._tracer, self._server, settings)
        marks = marks or seen_in_template(self._template, self._tracer)
        if marks is not None:
            self._changes = (*self._changes[: at + 1], prefilled_with(marks), *self._changes[at + 1 :])

    def singles(self, conversation: Conversation, answer: Rendering) -> Iterator[Changes]:
        """The changes that do something by themselves, one by one."""
        plain = normalised(conversation)
        for change in self._changes:
            if self.acts(change, conversation, plain, answer):
                yield (change,)

    def combinations(self, conversation: Conversation, answer: Rendering) -> Iterator[Changes]:
        """All changes together, with one of each that contradict one another; only what does something.

        Those with few of the contradicting ones come first: most deployments do little of that kind.
        """
        fixed = {each.name for each in self._changes} - {name for group in _CONTRADICTING for name in group}
        acting = self._acting_at_all(conversation, answer, fixed)
        choices = [
            [(), *((name,) for name in group if name in acting)] for group in _CONTRADICTING if acting & set(group)
        ]
        known: dict[tuple[str, ...], tuple[bool, Normalised]] = {}
        useful = [each for each in self._changes if each.name in acting]
        seen = set()
        for chosen in sorted(product(*choices), key=lambda parts: sum(map(len, parts))):
            wanted = fixed | {name for part in chosen for name in part}
            changes = self._acting(conversation, answer, [each for each in useful if each.name in wanted], known)
            key = tuple(change.name for change in changes)
            if len(changes) > 1 and key not in seen:
                seen.add(key)
                yield changes

    def _acting_at_all(self, conversation: Conversation, answer: Rendering, fixed: set[str]) -> set[str]:
        """What finds something to do, by itself or after others: a developer's message is merged only once it is
        the system's."""
        out = {change.name for (change,) in self.singles(conversation, answer)}
        for before in ([], *([name] for name in sorted(out - fixed))):
            first = [each for each in self._changes if each.name in fixed or each.name in before]
            made = normalised(conversation, self._acting(conversation, answer, first, {}))
            out |= {each.name for each in self._changes if self.acts(each, conversation, made, answer)}
        return out

    def _acting(
        self,
        conversation: Conversation,
        answer: Rendering,
        wanted: Iterable[Normalisation],
        known: dict[tuple[str, ...], tuple[bool, Normalised]],
    ) -> Changes:
        """The changes, in their order, without those that find nothing to do.

        ``known``: what became of sets that begin alike, by the names of what was done and of what was then tried.
        """
        changes: Changes = ()
        done: tuple[str, ...] = ()
        made = normalised(conversation)
        for change in wanted:
            key = (*done, change.name)
            if key not in known:
                acts = self.acts(change, conversation, made, answer)
                known[key] = (acts, made.followed_by(change) if acts else made)
            acts, made = known[key]
            if acts:
                changes, done = (*changes, change), key
        return changes

    def acts(self, change: Normalisation, given: Conversation, made: Normalised, answer: Rendering) -> bool:
        """Whether a change does anything after those made before; changes of the prompt may, unless it shows that
        they did not."""
        if change.apply(made) is not made:
            return True
        if change.changes_template:
            return change.rewrite(self._template.text) != self._template.text
        if change.changes_text:
            return isinstance(answer, Rendered) and change.finish(answer.text, given) == answer.text
        if change.changes_context:
            context = context_of(made, self._template.special_tokens)
            return not isinstance(context, dict) or change.adjust(context, given) != context
        return False
