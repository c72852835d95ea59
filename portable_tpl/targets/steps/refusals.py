"""What keeps a conversation from any template, beside the steps of a deployment: causes with a page of their own."""

from __future__ import annotations

from portable_tpl.targets.steps._base import Step

REQUEST_REFUSED = "request-refused"
UNSUPPORTED_INPUT = "unsupported-input"
CONVERSATION_REFUSED = "conversation-refused"
TEMPLATE_REFUSED = "template-refused"

REFUSALS = (
    Step(
        REQUEST_REFUSED,
        "The deployment gives an error, its engine alone does not.",
        "measured: the same error comes with a template that reads nothing, or the engine alone gives a prompt",
        "A server may not take a kind of content, a role or an order of messages. Nothing in a template can "
        "change it.",
    ),
    Step(
        UNSUPPORTED_INPUT,
        "The runtime cannot be given such a conversation at all.",
        "measured",
        "JSON has no infinities, a program in Rust no lone surrogates: no client could send it either.",
    ),
    Step(
        CONVERSATION_REFUSED,
        "The reference itself does not take the conversation.",
        "transformers/tokenization_utils_base.py, apply_chat_template",
        "transformers turns down a conversation without messages before any template is run; servers mostly do not.",
    ),
    Step(
        TEMPLATE_REFUSED,
        "The deployment does not take the template at all, though its engine renders it.",
        "measured: the server ends at its start with this template, before any request",
        "llama.cpp's server tries a template at its start, with a user's turn and with tool calls, to learn how to "
        "read answers. A template that raises there, or whose calls it cannot read back, serves no request.",
    ),
)
