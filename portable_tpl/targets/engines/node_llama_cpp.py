"""node-llama-cpp's JinjaTemplateChatWrapper on Node.js, and the @huggingface/jinja that it brings."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.targets.installs import Package
from portable_tpl.targets.processes._adapter import stack_and_engine
from portable_tpl.targets.processes._contexts import given_tokens, if_json
from portable_tpl.targets.processes._node_engine import NodeEngine

_ID = "node-llama-cpp"
_TOKENS = ("bos_token", "eos_token")
ENGINE = NodeEngine("@huggingface/jinja", Package(_ID, "npm", _ID), "node_llama_cpp_worker.mjs")


def stack_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """A request in OpenAI's format, the caller's variables, and the special tokens of the model."""
    request: dict[str, Json] = {"messages": conversation.messages}
    if conversation.tools:
        request["tools"] = conversation.tools
    variables = dict(conversation.variables)
    if conversation.documents is not None:
        variables.setdefault("documents", conversation.documents)
    return if_json(
        {
            "request": request,
            "generate": bool(conversation.add_generation_prompt),
            "variables": variables,
            "tokens": given_tokens(conversation, container_tokens, _TOKENS),
        }
    )


# The wrapper tries a template out, and takes those that it finds to be needed.
STEPS = (
    "roles-dropped",
    "reasoning-dropped",
    "functions-in-own-words",
    "parts-run-together",
    "null-content-to-empty",
    "missing-content-to-empty",
    "system-as-marked-user",
    "turns-joined",
    "content-put-in-afterwards",
    "answer-left-open",
    "enable-thinking-set",
    "tools-omitted-when-none",
    "documents-omitted-when-none",
    "generation-prompt-omitted-when-false",
    "message-keys-dropped",
)
ADAPTERS = stack_and_engine(
    ENGINE,
    _ID,
    "node-llama-cpp: templates run on placeholders, an answer left open",
    "the template engine that node-llama-cpp brings, given the reference's own context",
    context=stack_context,
    steps=STEPS,
    steps_vary=True,
)
