"""The reference: jinja2 as transformers' ``apply_chat_template`` uses it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets.processes._adapter import Adapter, python_worker
from portable_tpl.targets.processes._base import REFERENCE, Availability
from portable_tpl.targets.steps.reference import reference_context, reference_objection


def _available(_version: str | None) -> Availability:
    try:
        return Availability(True, version=version("jinja2"))
    except PackageNotFoundError:
        return Availability(False, reason="jinja2 is not installed", remedy="pip install jinja2")


def _context(conversation: Conversation, tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    return reference_objection(conversation) or reference_context(conversation, tokens)


ADAPTERS = (
    Adapter(
        id=REFERENCE,
        engine="jinja2",
        launch=lambda _version: python_worker("transformers_worker"),
        available=_available,
        context=_context,
        summary="the reference: jinja2, set up as transformers' apply_chat_template does",
    ),
)
