"""What a deployment profile is, and how one is run.

A profile is an engine at a version, its flags, patches of the template's source, changes of the conversation, and a
context of its own. Each of these is a :class:`Fact` with its source, and says whether the real engine does it or
whether it is modelled here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import TypeAlias

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets import installs
from portable_tpl.targets.processes._adapter import Adapter, ContextBuilder, Launch, python_worker
from portable_tpl.targets.processes._base import Availability, Limits
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.template.syntax.environment import TRANSFORMERS

_PLANS_KEPT = 64
_NO_OPTIONS: Mapping[str, Json] = MappingProxyType({})

# Renders a template of the profile's engine as it is, without the profile around it.
Probe: TypeAlias = Callable[[Template, Sequence[Conversation]], "list[Rendering]"]


@dataclass(frozen=True)
class Fact:
    """One thing that is so in a deployment. ``modelled``: done here, after the source; else by the engine itself."""

    text: str
    source: str
    modelled: bool = True


@dataclass(frozen=True)
class Patch:
    """A change that a deployment makes to a template's source before it is compiled."""

    name: str
    description: str
    source: str
    apply: Callable[[str], str]


def _unchanged(conversation: Conversation) -> Conversation | Rendering:
    return conversation


def _as_is(text: str, conversation: Conversation) -> str:
    return text


@dataclass(frozen=True)
class Plan:
    """What is done for one template: the source that the engine gets, and what happens before and after each render.

    ``rewrite`` gives a conversation, or the answer itself where the deployment turns the request down. ``finish`` is
    given the prompt and the conversation as the caller gave it. A ``failure`` is the answer to everything.
    """

    text: str
    rewrite: Callable[[Conversation], Conversation | Rendering] = _unchanged
    finish: Callable[[str, Conversation], str] = _as_is
    failure: Failed | None = None


@dataclass(frozen=True)
class Profile:
    """One deployment. ``pinned`` is the version of minijinja that it runs; ``None``: the engine of the reference."""

    id: str
    summary: str
    facts: tuple[Fact, ...]
    context: ContextBuilder
    plan: Callable[[Template, Probe], Plan]
    pinned: str | None = None
    options: Mapping[str, Json] = field(default_factory=lambda: _NO_OPTIONS, hash=False)
    patches: tuple[Patch, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is real and what is modelled, one line a fact."""
        return tuple(
            f"{'modelled' if fact.modelled else 'real engine'}: {fact.text} ({fact.source})" for fact in self.facts
        )

    def patched(self, text: str) -> str:
        """The source after all patches."""
        for patch in self.patches:
            text = patch.apply(text)
        return text


class ProfileRuntime(WorkerRuntime):
    """An engine with a deployment around it."""

    def __init__(self, profile: Profile, adapter: Adapter, limits: Limits | None = None) -> None:
        self._profile = profile
        self._plans: OrderedDict[tuple[str, str | None], Plan] = OrderedDict()
        super().__init__(adapter, None, limits)

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template, as the deployment would."""
        plan = self._plan(template)
        if plan.failure is not None:
            return [plan.failure] * len(conversations)
        rewritten = [plan.rewrite(conversation) for conversation in conversations]
        asked = [each for each in rewritten if isinstance(each, Conversation)]
        answers = iter(super().render_all(replace(template, text=plan.text), asked))
        out: list[Rendering] = []
        for conversation, each in zip(conversations, rewritten, strict=True):
            answer = next(answers) if isinstance(each, Conversation) else each
            if isinstance(answer, Rendered) and isinstance(each, Conversation):
                answer = Rendered(plan.finish(answer.text, conversation))
            out.append(answer)
        return out

    def _plan(self, template: Template) -> Plan:
        key = (template.text, template.path)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._profile.plan(template, super().render_all)
            if len(self._plans) > _PLANS_KEPT:
                self._plans.popitem(last=False)
        return plan


def profile_adapter(profile: Profile) -> Adapter:
    """The target for a profile."""

    def launch(_asked: str | None) -> Launch:
        if profile.pinned is None:
            return python_worker("transformers_worker")
        here = profile.pinned == _minijinja_here()
        folder = None if here else str(installs.engine_folder("minijinja", profile.pinned))
        return python_worker("minijinja_worker", folder)

    def available(_asked: str | None) -> Availability:
        if profile.pinned is None:
            return Availability(True, version=TRANSFORMERS)
        if profile.pinned == _minijinja_here() or installs.is_installed("minijinja", profile.pinned):
            return Availability(True, version=profile.pinned)
        remedy = installs.remedy("minijinja", profile.pinned)
        return Availability(False, reason=f"its engine, minijinja {profile.pinned}, is not installed", remedy=remedy)

    adapter = Adapter(
        id=profile.id,
        engine="transformers" if profile.pinned is None else "minijinja",
        launch=launch,
        available=available,
        options=profile.options,
        context=profile.context,
        summary=profile.summary,
        notes=profile.notes,
    )
    return replace(adapter, opens=lambda _version, limits: ProfileRuntime(profile, adapter, limits))


def _minijinja_here() -> str | None:
    try:
        return version("minijinja")
    except PackageNotFoundError:
        return None
