"""Dynamo's own frontend in the place of the model of it, where its package is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._adapter import Adapter, Launch, python_worker
from portable_tpl.targets.processes._base import Availability, Limits
from portable_tpl.targets.processes._contexts import chat_request_with
from portable_tpl.targets.processes._worker import WorkerRuntime

_PACKAGE = "ai-dynamo-runtime"
# The frontend's clock cannot be set from outside: templates that read it are the model's.
_CLOCK = "strftime_now"


def installed() -> str | None:
    """The version of Dynamo's package here."""
    try:
        return version(_PACKAGE) if find_spec("dynamo") is not None else None
    except PackageNotFoundError:
        return None


class FrontendRuntime(WorkerRuntime):
    """The real frontend; the ``model`` of it renders templates that ask for the time."""

    def __init__(self, adapter: Adapter, model: Adapter, limits: Limits | None = None) -> None:
        self._model = model
        self._model_limits = limits
        self._modelled: WorkerRuntime | None = None
        super().__init__(adapter, None, limits)

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template: one load, one round trip."""
        if _CLOCK not in template.text:
            return super().render_all(template, conversations)
        if self._modelled is None:
            assert self._model.opens is not None
            self._modelled = self._model.opens(None, self._model_limits)
        self._modelled.deadline = self.deadline
        return self._modelled.render_all(template, conversations)

    def close(self) -> None:
        """Stop the worker process; may be called twice."""
        super().close()
        if self._modelled is not None:
            self._modelled.close()


def frontend_adapter(model: Adapter) -> Adapter:
    """The target with the real frontend, whatever is installed."""

    def launch(_asked: str | None) -> Launch:
        return replace(python_worker("dynamo_worker"), address_space=False)

    def available(version: str | None) -> Availability:
        state = model.available(version)
        package = installed()
        if package is None:
            return Availability(
                False, reason=f"{_PACKAGE} is not installed", remedy="pip install 'portable-tpl[dynamo]'"
            )
        return replace(state, reason=f"the frontend of {_PACKAGE} {package}") if state.ok else state

    adapter = replace(
        model,
        launch=launch,
        available=available,
        options={},
        context=chat_request_with("bos_token", "eos_token", "unk_token"),
        notes=(f"real: the frontend of {_PACKAGE}; the model of it where a template reads {_CLOCK}", *model.notes),
    )
    return replace(adapter, opens=lambda _asked, limits: FrontendRuntime(adapter, model, limits))
