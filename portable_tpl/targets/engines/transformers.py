"""The reference: jinja2 as transformers' ``apply_chat_template`` uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter, python_worker
from portable_tpl.targets.processes._base import REFERENCE, Availability
from portable_tpl.targets.processes._cases import encode
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.steps.reference import reference_context, reference_objection
from portable_tpl.template.syntax.environment import TRANSFORMERS


def _available(_version: str | None) -> Availability:
    try:
        return Availability(True, version=TRANSFORMERS, reason=f"on jinja2 {version('jinja2')}")
    except PackageNotFoundError:
        return Availability(False, reason="jinja2 is not installed", remedy="pip install jinja2")


def _context(conversation: Conversation, tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    return reference_objection(conversation) or reference_context(conversation, tokens)


class Reference(WorkerRuntime):
    """The warm reference, which can also tell where the text of ``{% generation %}`` blocks landed."""

    def render_with_spans(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """As ``render_all``; each :class:`Rendered` has its ``spans``, in the order of transformers' masks."""
        with self._lock:
            usual, self._options = self._options, encode({"spans": True})
            try:
                return [_with_spans(rendering) for rendering in self.render_all(template, conversations)]
            finally:
                self._options = usual


def _with_spans(rendering: Rendering) -> Rendering:
    if not isinstance(rendering, Rendered):
        return rendering
    answer = json.loads(rendering.text)
    return Rendered(answer["text"], tuple((start, end) for start, end in answer["spans"]))


_ADAPTER: Adapter = Adapter(
    id=REFERENCE,
    engine="transformers",
    launch=lambda _version: python_worker("transformers_worker"),
    available=_available,
    context=_context,
    summary="the reference: jinja2, set up as transformers' apply_chat_template does",
    opens=lambda version, limits: Reference(_ADAPTER, version, limits),
)
ADAPTERS = (_ADAPTER,)
