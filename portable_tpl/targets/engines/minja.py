"""google/minja as OpenVINO GenAI runs it: the stack with its polyfills, and its engine alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets import installs
from portable_tpl.targets.processes._adapter import Adapter, Launch, python_worker
from portable_tpl.targets.processes._base import Availability
from portable_tpl.targets.processes._contexts import chat_request, if_json, json_context

_ENGINE = "minja"
_EXTRA = "pip install 'portable-tpl[openvino]'"
_TOKENS = ("bos_token", "eos_token", "pad_token")
# The first start on a machine converts a tokenizer, and imports transformers for it.
_START_SECONDS = 300.0


def _here() -> str | None:
    """The version of OpenVINO GenAI in this environment."""
    try:
        return version("openvino-genai")
    except PackageNotFoundError:
        return None


def _launch(asked: str | None) -> Launch:
    folder = None if asked in (None, _here()) else str(installs.engine_folder(_ENGINE, str(asked)))
    launch = python_worker("minja_worker", folder)
    environment = {**launch.environment, "MALLOC_ARENA_MAX": "2", "HF_HUB_OFFLINE": "1"}
    return replace(launch, environment=environment, start_seconds=_START_SECONDS)


def _available(asked: str | None) -> Availability:
    missing = [name for name in ("openvino_tokenizers", "transformers") if find_spec(name) is None]
    here = _here()
    if asked is None or asked == here:
        if here is None:
            missing.insert(0, "openvino_genai")
        if missing:
            return Availability(False, reason=f"not installed: {', '.join(missing)}", remedy=_EXTRA)
        return Availability(True, version=here)
    if not installs.is_installed(_ENGINE, asked):
        reason = f"OpenVINO GenAI {asked} is not installed"
        return Availability(False, reason=reason, remedy=installs.remedy(_ENGINE, asked))
    if "transformers" in missing:
        return Availability(False, reason="transformers is not installed", remedy=_EXTRA)
    return Availability(True, version=asked)


def stack_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """The request, and the special tokens of the tokenizer that it goes to."""
    tokens = conversation.tokens_for(container_tokens)
    known = {name: tokens[name] for name in _TOKENS if name in tokens}
    return if_json({"body": chat_request(conversation), "tokens": known})


# The polyfills, of which it takes those that it finds a template to need.
STEPS = (
    "string-to-parts",
    "system-to-user",
    "arguments-parsed",
    "tools-empty-to-none",
    "calls-as-content",
    "answers-as-user",
    "tools-in-system-prompt",
    "tools-omitted-when-none",
    "documents-omitted-when-none",
)
_BARE = Adapter(
    id="minja-engine",
    engine="minja",
    launch=_launch,
    available=_available,
    options={"engine": True},
    context=json_context,
    versioned=True,
    summary="google/minja's template engine alone, given the reference's own context",
)
ADAPTERS = (
    Adapter(
        id=_ENGINE,
        engine="minja",
        launch=_launch,
        available=_available,
        aliases=("openvino",),
        context=stack_context,
        versioned=True,
        summary="google/minja in OpenVINO GenAI, with the polyfills that its users get",
        steps=STEPS,
        steps_vary=True,
        bare=_BARE,
    ),
    _BARE,
)
