"""llama.cpp's own server on loopback, with a model made on the spot: the stack its users get, and its engine alone.

The special tokens of the stack are those of the model's vocabulary, as they are for its users. That vocabulary does
not ask for a beginning-of-text token in front of the prompt. One that does makes the server take such a token off the
prompt's start, and the tokenizer put it back: the tokens are the same, only the text differs (``llama.cpp
common/chat.cpp``, tested).
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import stack_and_engine
from portable_tpl.targets.processes._contexts import chat_request, if_json
from portable_tpl.targets.processes._python_engine import PythonEngine

# Every thread of the server would otherwise reserve an arena of its own against the memory limit.
ENGINE = PythonEngine(
    Package("llama.cpp", "pip", "xllamacpp", label="b{2}"),
    "llamacpp_worker",
    "pip install 'portable-tpl[llamacpp]'",
    needs=("gguf",),
    environment={"MALLOC_ARENA_MAX": "2"},
    idle_megabytes=5 * 64,  # the worker keeps six servers, one of them from its start; each maps 64 MB
)


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
ADAPTERS = stack_and_engine(
    ENGINE,
    "llama.cpp",
    "llama.cpp's server with its steps around messages and variables",
    "llama.cpp's template engine alone, given the reference's own context",
    context=stack_context,
    steps=STEPS,
    steps_vary=True,
)
