"""Who answers the questions of release checks: the reference, its tracer, and the engines that run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.difference import TemplateDifference
from portable_tpl.model.errors import RenderError
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering, Sample, is_stopped
from portable_tpl.model.source import Template
from portable_tpl.model.words import cut, in_one_line
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.steps.continuation import cut_after_final_message, mark_final_message
from portable_tpl.template.tracing.trace import Trace

_LONGEST_MESSAGE = 100  # characters of an engine's words in a finding
_NO_TARGETS: Mapping[str, Runtime] = MappingProxyType({})


class Reference(Runtime, Protocol):
    """The reference, which also tells where text of ``{% generation %}`` blocks landed."""

    def render_with_spans(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """As ``render_all``; each ``Rendered`` has its ``spans``."""
        ...


class Tracer(Protocol):
    """The reference, asked which way it goes."""

    def trace(
        self, template: Template, conversations: Sequence[Conversation], mode: Literal["order", "pieces"]
    ) -> list[Trace]:
        """One trace a conversation."""
        ...


@dataclass(frozen=True)
class Engines:
    """What runs: the reference, the tracer, and the targets by id. ``command`` makes a shell line of a rendering.

    ``provided`` names the globals, filters and tests that the deployment brings (the configuration's ``provided``).
    ``difference`` tells how the prompts of two templates differ.
    """

    reference: Reference
    tracer: Tracer
    command: Callable[[Template, Conversation, str], str]
    targets: Mapping[str, Runtime] = field(default_factory=lambda: _NO_TARGETS)
    provided: frozenset[str] = frozenset()
    difference: Callable[[Template, Template], TemplateDifference] | None = None


class Inquiry:
    """The questions about one template; what was rendered once is not rendered again.

    ``sample`` is what the run itself rendered on the reference, ``tier`` the strangest that it was asked for.
    """

    def __init__(
        self,
        template: Template,
        engines: Engines,
        sample: Sequence[Sample] = (),
        tier: Tier = Tier.EVERYDAY,
    ) -> None:
        self.template = template
        self.tier = tier
        self.engines = engines
        self.sample = tuple(sample)
        self.kept: dict[str, Any] = {}  # what one check worked out and others use as well
        self._renderings: dict[str, Rendering] = {each.conversation.key: each.rendering for each in sample}
        self._spanned: dict[str, Rendering] = {}

    def render(self, conversation: Conversation) -> Rendering:
        """What the reference makes of a conversation."""
        return self.render_all([conversation])[0]

    def render_all(self, conversations: Iterable[Conversation]) -> list[Rendering]:
        """The same for many, in one round trip."""
        return _remembered(self._renderings, self.template, tuple(conversations), self.engines.reference.render_all)

    def text(self, conversation: Conversation) -> str | None:
        """The reference's prompt, or ``None`` where it refuses or fails."""
        rendering = self.render(conversation)
        return rendering.text if isinstance(rendering, Rendered) else None

    def render_continued(self, conversation: Conversation) -> Rendering:
        """The prompt that ends inside the final message; an error where transformers does not find the message in it.

        ``Failed`` of kind ``unsupported`` stands for a request that transformers refuses before it renders.
        """
        try:
            marked, continuation = mark_final_message(conversation, self.template.text)
        except RenderError as error:
            return Failed("unsupported", str(error))
        rendering = self.render(marked)
        if not isinstance(rendering, Rendered):
            return rendering
        try:
            return Rendered(cut_after_final_message(rendering.text, continuation))
        except RenderError as error:
            return Failed("error", str(error))

    def render_with_spans(self, conversations: Iterable[Conversation]) -> list[Rendering]:
        """The reference's prompts with the spans of their generation blocks."""
        ask = self.engines.reference.render_with_spans
        return _remembered(self._spanned, self.template, tuple(conversations), ask)

    def replay(self, target: str, conversations: Sequence[Conversation]) -> list[Rendering]:
        """What a running target makes of conversations."""
        engine = self.engines.targets[target]
        return _settled(conversations, lambda batch: engine.render_all(self.template, batch))

    def trace(self, conversations: Sequence[Conversation], mode: Literal["order", "pieces"]) -> list[Trace]:
        """How the tests of the reference's render came out, in order, or what it printed where."""
        return self.engines.tracer.trace(self.template, conversations, mode)


def _remembered(
    known: dict[str, Rendering],
    template: Template,
    conversations: tuple[Conversation, ...],
    ask: Callable[[Template, Sequence[Conversation]], list[Rendering]],
) -> list[Rendering]:
    fresh = {each.key: each for each in conversations if each.key not in known}
    if fresh:
        known.update(zip(fresh, _settled(list(fresh.values()), lambda batch: ask(template, batch)), strict=True))
    return [known[each.key] for each in conversations]


def _settled(
    conversations: Sequence[Conversation], ask: Callable[[Sequence[Conversation]], list[Rendering]]
) -> list[Rendering]:
    """An engine's answers; those that hit a limit are asked for again, since a loaded machine hits limits too."""
    answers = ask(conversations)
    stopped = [number for number, answer in enumerate(answers) if is_stopped(answer)]
    if not stopped:
        return answers
    again = ask([conversations[number] for number in stopped])
    for number, answer in zip(stopped, again, strict=True):
        answers[number] = answer
    return answers


def reason_of(rendering: Rendering) -> str:
    """Why there is no prompt, for the middle of a sentence."""
    if isinstance(rendering, Refused):
        return f"refuses it ({cut(in_one_line(rendering.message), _LONGEST_MESSAGE)})"
    if isinstance(rendering, Failed):
        return f"fails ({cut(in_one_line(rendering.message), _LONGEST_MESSAGE)})"
    return "does not print it"
