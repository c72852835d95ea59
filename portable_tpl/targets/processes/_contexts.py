"""Contexts for engines that are reached through JSON, and for servers that build their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.targets.steps.prepared import context_of
from portable_tpl.targets.steps.reference import reference_context


def json_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
    """The reference's own context, for an engine that can only be given what JSON can spell."""
    return if_json(reference_context(conversation, container_tokens))


def prepared_json_context(
    conversation: Conversation, container_tokens: Mapping[str, str]
) -> dict[str, Json] | Rendering:
    """The same after the steps of a deployment, where the conversation is one that was prepared."""
    context = context_of(conversation, container_tokens)
    return if_json(context) if isinstance(context, dict) else context


def chat_request(conversation: Conversation) -> dict[str, Json]:
    """The request of a client of an OpenAI-style server for this conversation.

    What the caller did not give is left out, except ``add_generation_prompt``: it is spelled out, as servers take
    it for true where ``apply_chat_template`` takes it for false.
    """
    body: dict[str, Json] = {
        "messages": conversation.messages,
        "add_generation_prompt": bool(conversation.add_generation_prompt),
    }
    if conversation.tools is not None:
        body["tools"] = conversation.tools
    variables = dict(conversation.variables)
    if conversation.documents is not None:
        variables.setdefault("documents", conversation.documents)
    if variables:
        body["chat_template_kwargs"] = variables
    return body


def given_tokens(
    conversation: Conversation, container_tokens: Mapping[str, str], names: Iterable[str]
) -> dict[str, Json]:
    """Those of some special tokens that there are."""
    tokens = conversation.tokens_for(container_tokens)
    return {name: tokens[name] for name in names if name in tokens}


def chat_request_with(
    *names: str,
) -> Callable[[Conversation, Mapping[str, str]], dict[str, Json] | Rendering]:
    """What builds :func:`chat_request`, and those of the special tokens that the tokenizer behind it has."""

    def build(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json] | Rendering:
        tokens = given_tokens(conversation, container_tokens, names)
        return if_json({"body": chat_request(conversation), "tokens": tokens})

    return build


def if_json(context: dict[str, Json]) -> dict[str, Json] | Rendering:
    """The context, or why it cannot be sent: Python's own JSON knows more numbers than JSON does."""
    try:
        json.dumps(context, allow_nan=False)
    except ValueError:
        return Failed("unsupported", "JSON has no infinities and no NaN")
    return context
