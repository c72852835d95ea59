"""llama.cpp's own server on loopback, with a model made on the spot: the stack its users get, and its engine alone.

The special tokens of the stack are those of the model's vocabulary, as they are for its users. That vocabulary does
not ask for a beginning-of-text token in front of the prompt. One that does makes the server take such a token off the
prompt's start, and the tokenizer put it back: the tokens are the same, only the text differs (``llama.cpp
common/chat.cpp``, tested).
"""

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

_ENGINE = "llama.cpp"
_EXTRA = "pip install 'portable-tpl[llamacpp]'"


def _here() -> str | None:
    """The build of llama.cpp in this environment."""
    try:
        return f"b{version('xllamacpp').split('.')[2]}"
    except (PackageNotFoundError, IndexError):
        return None


def _launch(asked: str | None) -> Launch:
    folder = None if asked in (None, _here()) else str(installs.engine_folder(_ENGINE, str(asked)))
    launch = python_worker("llamacpp_worker", folder)
    # Every thread of the server would otherwise reserve an arena of its own against the memory limit.
    return replace(launch, environment={**launch.environment, "MALLOC_ARENA_MAX": "2"})


def _available(asked: str | None) -> Availability:
    if find_spec("gguf") is None:
        return Availability(False, reason="the gguf package is not installed", remedy=_EXTRA)
    here = _here()
    if asked is None or asked == here:
        if here is None:
            return Availability(False, reason="the xllamacpp package is not installed", remedy=_EXTRA)
        return Availability(True, version=here)
    if not installs.is_installed(_ENGINE, asked):
        reason = f"llama.cpp {asked} is not installed"
        return Availability(False, reason=reason, remedy=installs.remedy(_ENGINE, asked))
    return Availability(True, version=asked)


def stack_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """The request, and the special tokens of the model that it goes to."""
    tokens = conversation.tokens_for(container_tokens)
    return if_json(
        {"body": chat_request(conversation), "bos": tokens.get("bos_token"), "eos": tokens.get("eos_token")}
    )


# What the server does around its engine. Which of them it does depends on what it finds out about a template.
STEPS = (
    "parts-joined",
    "string-to-parts",
    "null-content-to-empty",
    "missing-content-to-empty",
    "empty-parts-to-empty",
    "part-keys-dropped",
    "empty-reasoning-dropped",
    "reasoning-as-part",
    "content-trimmed",
    "developer-to-system",
    "system-merged",
    "message-keys-dropped",
    "final-assistant-prefilled",
    "arguments-parsed",
    "arguments-to-text",
    "call-keys-dropped",
    "schema-keys-dropped",
    "tools-empty-to-none",
    "empty-calls-dropped",
    "answers-gathered",
    "enable-thinking-set",
    "enable-thinking-cleared",
    "dates-set",
    "tools-omitted-when-none",
    "documents-omitted-when-none",
    "reasoning-alias-omitted",
    "generation-prompt-omitted-when-false",
    "bos-stripped",
    "eos-stripped",
    "template-patched",
)
_BARE = Adapter(
    id="llama.cpp-engine",
    engine="llama.cpp",
    launch=_launch,
    available=_available,
    options={"engine": True},
    context=json_context,
    versioned=True,
    summary="llama.cpp's template engine alone, given the reference's own context",
)
ADAPTERS = (
    Adapter(
        id=_ENGINE,
        engine="llama.cpp",
        launch=_launch,
        available=_available,
        context=stack_context,
        versioned=True,
        summary="llama.cpp's server with its steps around messages and variables",
        steps=STEPS,
        steps_vary=True,
        bare=_BARE,
    ),
    _BARE,
)
