"""An engine with the steps of a deployment around it, be it that the deployment runs something else than both."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps.prepared import prepare, rewritten, steps_for


class Stepped:
    """``engine`` with the steps that ``adapter`` names around it; closing it leaves the engine open."""

    def __init__(self, engine: Runtime, adapter: Adapter) -> None:
        self.id, self.engine, self.version = adapter.id, engine.engine, engine.version
        self._engine = engine
        self._steps = [step(name) for name in adapter.steps]

    def render(self, template: Template, conversation: Conversation) -> Rendering:
        """Render one conversation."""
        return self.render_all(template, [conversation])[0]

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template."""
        steps = steps_for(template, self._steps, self._engine.render_all)
        prepared = [prepare(conversation, steps) for conversation in conversations]
        answers = self._engine.render_all(rewritten(template, steps), prepared)
        return [each.finished(answer) for each, answer in zip(prepared, answers, strict=True)]

    def close(self) -> None:
        """Nothing is done: the engine is its opener's."""
