"""The reference's own way from a conversation to what the template sees.

Source of facts: ``apply_chat_template`` in ``transformers/tokenization_utils_base.py`` and ``render_jinja_template``
in ``transformers/utils/chat_template_utils.py``, version 5.24.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed

# The version of transformers that is modelled here, in the templates' environment and in everything before them.
TRANSFORMERS = "5.24"
# Where callers put an assistant's reasoning, the name that templates mostly read first.
REASONING_FIELDS = ("reasoning_content", "thinking", "reasoning")


def reference_context(conversation: Conversation, container_tokens: Mapping[str, str]) -> dict[str, Json]:
    """Every variable that ``apply_chat_template`` gives to the template; nothing of the conversation is changed.

    ``tools`` and ``documents`` that were not given are ``None``, and so defined. Variables win over everything else,
    as keyword arguments do there over special tokens.
    """
    return {
        **conversation.tokens_for(container_tokens),
        "messages": [reference_message(message) for message in conversation.messages],
        "tools": conversation.tools,
        "documents": conversation.documents,
        "add_generation_prompt": bool(conversation.add_generation_prompt),
        **conversation.variables,
    }


def reference_message(message: dict[str, Json]) -> dict[str, Json]:
    """A message as the template sees it: no keys that are ``None``, reasoning under the names templates read."""
    message = {key: value for key, value in message.items() if value is not None}
    reasoning = next((message[name] for name in REASONING_FIELDS if name in message), None)
    if reasoning is None:
        return message
    return {"thinking": reasoning, **message, "reasoning_content": reasoning}


def reference_objection(conversation: Conversation) -> Failed | None:
    """The error with which ``apply_chat_template`` answers before any template is run, if it does."""
    if not conversation.messages:
        reason = "Cannot apply chat template to an empty conversation. Provide at least one message."
        return Failed("error", f"ValueError: {reason}")
    return None
