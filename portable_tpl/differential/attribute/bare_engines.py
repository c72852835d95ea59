"""The engines of deployments without what the deployments do around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from portable_tpl.differential.run.render_cache import Memory
from portable_tpl.differential.run.tracer import Normalised, context_of
from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import Limits, Runtime
from portable_tpl.targets.processes._contexts import if_json
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import find


class Twin(WorkerRuntime):
    """A deployment's engine alone; given a :class:`Normalised` conversation, in the context after its changes."""

    def __init__(self, adapter: Adapter, version: str | None, limits: Limits | None) -> None:
        super().__init__(adapter, version, limits)
        self._memory = Memory()

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template."""
        answers = self._memory.render_all(super().render_all, template, conversations)
        return [
            conversation.finished(answer) if isinstance(conversation, Normalised) else answer
            for conversation, answer in zip(conversations, answers, strict=True)
        ]


def _context(conversation: Conversation, tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    context = context_of(conversation, tokens)
    return if_json(context) if isinstance(context, dict) else context


class Twins:
    """Opens ``NAME-engine`` beside a target ``NAME`` when it is first asked for, where there is such a target."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._open: dict[str, Twin | None] = {}

    def of(self, target: str) -> Runtime | None:
        """The engine alone, for a target that is more than its engine."""
        if target not in self._open:
            name, at, version = target.partition("@")
            try:
                adapter, asked = find(f"{name}-engine{at}{version}")
                twin = (
                    Twin(replace(adapter, context=_context), asked, self._limits)
                    if adapter.available(asked).ok
                    else None
                )
            except (UnknownTarget, TargetUnavailable):
                twin = None
            self._open[target] = twin
        return self._open[target]

    def close(self) -> None:
        """Stop the engines."""
        for runtime in self._open.values():
            if runtime is not None:
                runtime.close()
        self._open.clear()
