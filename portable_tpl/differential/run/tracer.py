"""The reference, asked not only what it prints but which way it goes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from portable_tpl.differential.run.render_cache import Memory
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter, python_worker
from portable_tpl.targets.processes._base import Availability, Limits
from portable_tpl.targets.processes._cases import encode
from portable_tpl.targets.processes._shared import rendered
from portable_tpl.targets.processes._worker import WRAPPING, WorkerRuntime
from portable_tpl.targets.steps.prepared import Prepared, context_of
from portable_tpl.template.tracing.trace import Piece, Trace

Mode = Literal["text", "branches", "order", "pieces", "values"]


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
        self._wrapping = WRAPPING
        self._texts = Memory()

    def trace(self, template: Template, conversations: Sequence[Conversation], mode: Mode) -> list[Trace]:
        """Render with the reference and tell the way of each render; ``text`` tells nothing but the rendering."""
        with self._lock:
            self._options = encode({"mode": mode})
            if mode == "text":
                renderings = self._texts.render_all(self.render_all, template, conversations)
            else:
                renderings = self.render_all(template, conversations)
            traces = [_read(rendering) for rendering in renderings]
        return [
            replace(trace, rendering=conversation.finished(trace.rendering))
            if isinstance(conversation, Prepared) and conversation.steps
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
    data: dict[str, Any] = json.loads(rendering.text)
    return Trace(
        _rendering(data),
        frozenset(data["branches"]),
        tuple(map(_piece, data.get("pieces", ()))),
        tuple(map(_piece, data.get("captured", ()))),
        dict(data.get("values", ())),
        dict(data.get("turns", ())),
        tuple(data.get("order", ())),
    )


def _rendering(data: Mapping[str, Any]) -> Rendering:
    if "text" in data:
        return rendered(data["text"])
    if "refused" in data:
        return Refused(data["refused"])
    failed = data["failed"]
    return Failed(failed["kind"], failed["message"], failed.get("line"))


def _piece(data: list[Any]) -> Piece:
    node, text, inner = data
    return Piece(node, text, tuple(map(_piece, inner)))
