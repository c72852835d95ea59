"""The engines of deployments without what the deployments do around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portable_tpl.differential.run.render_cache import Memory
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import Limits, Runtime
from portable_tpl.targets.processes._contexts import prepared_json_context
from portable_tpl.targets.processes._deadline import Deadline
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import find
from portable_tpl.targets.steps.prepared import Prepared


class BareEngine:
    """A deployment's engine alone; given a :class:`Prepared` conversation, in the context after its steps."""

    def __init__(self, adapter: Adapter, version: str | None, limits: Limits | None) -> None:
        self._runtime = (
            adapter.opens(version, limits)  # one that takes prepared conversations as it is
            if adapter.opens is not None
            else WorkerRuntime(replace(adapter, context=prepared_json_context), version, limits)
        )
        self.id, self.engine, self.version = self._runtime.id, self._runtime.engine, self._runtime.version
        self._memory = Memory()

    @property
    def deadline(self) -> Deadline | None:
        """After which nothing is rendered."""
        return self._runtime.deadline

    @deadline.setter
    def deadline(self, deadline: Deadline | None) -> None:
        self._runtime.deadline = deadline

    def render(self, template: Template, conversation: Conversation) -> Rendering:
        """Render one conversation."""
        return self.render_all(template, [conversation])[0]

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template."""
        answers = self._memory.render_all(self._runtime.render_all, template, conversations)
        return [
            conversation.finished(answer) if isinstance(conversation, Prepared) else answer
            for conversation, answer in zip(conversations, answers, strict=True)
        ]

    def close(self) -> None:
        """Stop the engine; may be called twice."""
        self._runtime.close()


class BareEngines:
    """Opens the engine of a target alone when it is first asked for, where the target is more than its engine."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._open: dict[str, BareEngine | None] = {}
        self.deadline: Deadline | None = None

    def of(self, target: str) -> Runtime | None:
        """The engine alone, for a target that is more than its engine."""
        if target not in self._open:
            self._open[target] = self._opened(target)
        engine = self._open[target]
        if engine is not None:
            engine.deadline = self.deadline
        return engine

    def _opened(self, target: str) -> BareEngine | None:
        try:
            adapter, version = find(target)
            bare = adapter.bare
            return BareEngine(bare, version, self._limits) if bare and bare.available(version).ok else None
        except (UnknownTarget, TargetUnavailable):
            return None

    def close(self) -> None:
        """Stop the engines."""
        for engine in self._open.values():
            if engine is not None:
                engine.close()
        self._open.clear()
