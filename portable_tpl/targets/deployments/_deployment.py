"""What a deployment is, and how one is run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments._build import Build, BuiltEngine
from portable_tpl.targets.deployments._wheels import Wheel
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.processes._contexts import prepared_json_context
from portable_tpl.targets.processes._node_engine import NodeEngine
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps._base import Step
from portable_tpl.targets.steps.prepared import context_of, prepare, rewritten, steps_for

_LISTS_KEPT = 64  # lists of steps, by template: whether a step applies may take a parse or some renders


@dataclass(frozen=True)
class Fact:
    """One thing that is so in a deployment, and where that is from."""

    text: str
    source: str


@dataclass(frozen=True)
class Deployment:
    """An engine as a server was built with it, and the names of the steps around it, in their order.

    ``facts`` are about the engine itself, ``limits`` what is left out or only nearly so here. ``wheel`` is where the
    engine's version can be read, where a package carries the server.
    """

    id: str
    summary: str
    build: Build
    steps: tuple[str, ...]
    facts: tuple[Fact, ...]
    limits: tuple[Fact, ...] = ()
    wheel: Wheel | None = None

    @property
    def pinned(self) -> str | None:
        """The version of its engine that it runs; ``None``: there is only one."""
        return self.build.version

    @property
    def notes(self) -> tuple[str, ...]:
        """What is real and what is modelled, one line each: the engine, the steps around it, what is left out."""
        return (
            *(f"real engine: {fact.text} ({fact.source})" for fact in self.facts),
            *(f"modelled: {name}: {step(name).summary} ({step(name).source})" for name in self.steps),
            *(f"left out: {fact.text} ({fact.source})" for fact in self.limits),
        )


class DeploymentRuntime(BuiltEngine):
    """An engine with the steps of a deployment around it."""

    def __init__(self, deployment: Deployment, adapter: Adapter, limits: Limits | None = None) -> None:
        self._steps = tuple(step(name) for name in deployment.steps)
        self._lists: OrderedDict[Template, tuple[Step, ...]] = OrderedDict()
        super().__init__(deployment.build, adapter, None, limits)

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template, as the deployment would."""
        steps = self._steps_for(template)
        prepared = [prepare(conversation, steps) for conversation in conversations]
        answers = super().render_all(rewritten(template, steps), prepared)
        return [each.finished(answer) for each, answer in zip(prepared, answers, strict=True)]

    def _steps_for(self, template: Template) -> tuple[Step, ...]:
        steps = self._lists.get(template)
        if steps is None:
            steps = self._lists[template] = steps_for(template, self._steps, super().render_all)
            if len(self._lists) > _LISTS_KEPT:
                self._lists.popitem(last=False)
        return steps


def deployment_adapter(deployment: Deployment) -> Adapter:
    """The target for a deployment, with its engine alone beside it."""
    build = deployment.build
    engine = build.engine
    bare = Adapter(
        id=f"{deployment.id}-engine",
        engine=engine.name,
        launch=lambda _asked: engine.launch(build.version),
        available=lambda _asked: engine.available(build.version),
        package=engine.package,
        pinned=build.version,
        options=build.options,
        context=prepared_json_context if isinstance(engine, NodeEngine) else context_of,
        summary=f"the engine of {deployment.id} without its steps",
    )
    bare = replace(bare, opens=lambda version, limits: BuiltEngine(build, bare, version, limits))
    adapter = replace(
        bare,
        id=deployment.id,
        summary=deployment.summary,
        notes=deployment.notes,
        steps=deployment.steps,
        bare=bare,
    )
    return replace(adapter, opens=lambda _asked, limits: DeploymentRuntime(deployment, adapter, limits))
