"""The reference, asked not only what it prints but which way it goes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from portable_tpl.differential.run.render_cache import Memory
from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter, python_worker
from portable_tpl.targets.processes._base import Availability, Limits
from portable_tpl.targets.processes._cases import encode
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.steps._base import Normalisation
from portable_tpl.targets.steps.reference import reference_context, reference_objection
from portable_tpl.template.tracing.trace import Piece, Trace

Mode = Literal["text", "branches", "pieces", "values"]


@dataclass(frozen=True)
class Normalised(Conversation):
    """A conversation as a deployment passes it on, with what it does to the finished context and to the prompt.

    ``given`` is the conversation of the caller. Unlike transformers, deployments run templates without messages.
    """

    given: Conversation | None = None
    changes: tuple[Normalisation, ...] = ()

    @cached_property
    def key(self) -> str:
        """A text that is equal for equal contexts."""
        names = ",".join(each.name for each in self.changes if each.changes_context)
        given = self.given.key if self.given is not None and names else ""
        return f"{names}|{given}|{json.dumps(self.to_json())}"

    def followed_by(self, change: Normalisation) -> Normalised:
        """After one more change."""
        return _after(change.apply(self), self.given or self, (*self.changes, change))

    def rewritten(self, template: Template) -> Template:
        """The template after what the deployment does to it."""
        text = template.text
        for change in self.changes:
            if change.changes_template:
                text = change.rewrite(text)
        return template if text == template.text else replace(template, text=text)

    def finished(self, rendering: Rendering) -> Rendering:
        """The prompt after what the deployment does to it."""
        if isinstance(rendering, Rendered) and self.given is not None:
            for change in self.changes:
                rendering = Rendered(change.finish(rendering.text, self.given))
        return rendering


def normalised(given: Conversation, changes: Sequence[Normalisation] = ()) -> Normalised:
    """The conversation after named changes, in their order."""
    made = given
    for change in changes:
        made = change.apply(made)
    return _after(made, given, tuple(changes))


def _after(made: Conversation, given: Conversation, changes: tuple[Normalisation, ...]) -> Normalised:
    return Normalised(
        made.messages,
        made.tools,
        made.documents,
        made.add_generation_prompt,
        made.variables,
        made.special_tokens,
        made.clock,
        given=given,
        changes=changes,
    )


def context_of(conversation: Conversation, tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """What a template is given for a conversation, by transformers or after a deployment's changes."""
    if not isinstance(conversation, Normalised):
        return reference_objection(conversation) or reference_context(conversation, tokens)
    context = reference_context(conversation, tokens)
    for change in conversation.changes:
        context = change.adjust(context, conversation.given or conversation)
    return context


_ADAPTER = Adapter(
    id="transformers-traced",
    engine="jinja2",
    launch=lambda _version: python_worker("trace_worker"),
    available=lambda _version: Availability(True),
    context=context_of,
)


class Tracer(WorkerRuntime):
    """A warm, instrumented reference in a process of its own: templates are not trusted."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(_ADAPTER, limits=limits)
        self._texts = Memory()

    def trace(self, template: Template, conversations: Sequence[Conversation], mode: Mode) -> list[Trace]:
        """Render with the reference and tell the way of each render; ``text`` tells nothing but the rendering."""
        with self._lock:
            self._options = encode({"mode": mode})
            if mode == "text":
                made = self._texts.render_all(self.render_all, template, conversations)
            else:
                made = self.render_all(template, conversations)
            traces = [_read(rendering) for rendering in made]
        return [
            replace(trace, rendering=conversation.finished(trace.rendering))
            if isinstance(conversation, Normalised) and conversation.changes
            else trace
            for conversation, trace in zip(conversations, traces, strict=True)
        ]

    def reached(
        self, template: Template, conversations: Sequence[Conversation], wanted: Collection[int]
    ) -> list[Trace]:
        """Render with the reference; ``branches`` of each trace are those of the wanted nodes that were evaluated."""
        with self._lock:
            self._options = encode({"mode": "reached", "nodes": sorted(wanted)})
            return [_read(rendering) for rendering in self.render_all(template, conversations)]


def _read(rendering: Rendering) -> Trace:
    if not isinstance(rendering, Rendered):
        return Trace(rendering)
    told: dict[str, Any] = json.loads(rendering.text)
    return Trace(
        _rendering(told),
        frozenset(told["branches"]),
        tuple(map(_piece, told.get("pieces", ()))),
        tuple(map(_piece, told.get("captured", ()))),
        dict(told.get("values", ())),
    )


def _rendering(told: Mapping[str, Any]) -> Rendering:
    if "text" in told:
        return Rendered(told["text"])
    if "refused" in told:
        return Refused(told["refused"])
    failed = told["failed"]
    return Failed(failed["kind"], failed["message"], failed.get("line"))


def _piece(told: list[Any]) -> Piece:
    node, text, inner = told
    return Piece(node, text, tuple(map(_piece, inner)))
