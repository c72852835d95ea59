"""Parts that several profiles are put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.deployments._profile import Patch
from portable_tpl.targets.steps import normalisation

REVERSE = Patch(
    "reverse-slice",
    "[::-1] becomes |reverse",
    "plain text replacement",
    lambda text: text.replace("[::-1]", "|reverse"),
)
EXACT_GENERATION = Patch(
    "generation-tags",
    "{% generation %} and {% endgeneration %}, spelled exactly so, are removed",
    "plain text replacement",
    lambda text: text.replace("{% generation %}", "").replace("{% endgeneration %}", ""),
)


def applied(*names: str) -> Callable[[Conversation], Conversation]:
    """The normalisations of these names, one after the other."""
    steps = [normalisation(name).apply for name in names]

    def rewrite(conversation: Conversation) -> Conversation:
        for step in steps:
            conversation = step(conversation)
        return conversation

    return rewrite


def tokens_or_none(conversation: Conversation, container: Mapping[str, str], *names: str) -> dict[str, Json]:
    """Special tokens as a server passes them that has a place for each: those that are not there are none."""
    tokens = conversation.tokens_for(container)
    return {name: tokens.get(name) for name in names}


def plain_messages(conversation: Conversation) -> list[dict[str, Json]]:
    """The messages as they are; unlike the reference, servers in Rust keep keys that are null."""
    return [dict(message) for message in conversation.messages]
