"""The reference: jinja2 as transformers' ``apply_chat_template`` uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.processes._bundled_engine import BundledEngine
from portable_tpl.targets.processes._cases import encode
from portable_tpl.targets.processes._worker import WRAPPING, WorkerRuntime
from portable_tpl.targets.steps.reference import TRANSFORMERS, reference_context, reference_objection

ENGINE = BundledEngine(REFERENCE, TRANSFORMERS, "transformers_worker")


def _context(conversation: Conversation, tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    return reference_objection(conversation) or reference_context(conversation, tokens)


class Reference(WorkerRuntime):
    """The warm reference, which can also tell where the text of ``{% generation %}`` blocks landed."""

    def render_with_spans(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """As ``render_all``; each :class:`Rendered` has its ``spans``, in the order of transformers' masks."""
        with self._lock:
            usual, self._options = self._options, encode({"spans": True})
            self._wrapping = WRAPPING
            try:
                return [_with_spans(rendering) for rendering in self.render_all(template, conversations)]
            finally:
                self._options = usual
                self._wrapping = 1


def _with_spans(rendering: Rendering) -> Rendering:
    if not isinstance(rendering, Rendered):
        return rendering
    answer = json.loads(rendering.text)
    return Rendered(answer["text"], tuple((start, end) for start, end in answer["spans"]))


_ADAPTER: Adapter = Adapter(
    id=REFERENCE,
    engine=ENGINE.name,
    launch=ENGINE.launch,
    available=ENGINE.available,
    context=_context,
    summary="the reference: jinja2, set up as transformers' apply_chat_template does",
    opens=lambda version, limits: Reference(_ADAPTER, version, limits),
)
ADAPTERS = (_ADAPTER,)
