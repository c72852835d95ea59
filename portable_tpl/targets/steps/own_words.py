"""What a deployment puts into words of its own, which depend on more than is known here."""

from __future__ import annotations

from portable_tpl.model.conversation import Conversation
from portable_tpl.targets.steps._base import Step, with_messages


def _without_functions(conversation: Conversation) -> Conversation:
    """Without tools, calls and their results."""
    kept = [
        message
        for message in conversation.messages
        if message.get("role") != "tool" and not message.get("tool_calls")
    ]
    left = with_messages(conversation, kept)
    return left.with_changes(tools=None) if left.tools else left


STEPS = (
    Step(
        "functions-in-own-words",
        "Tools, calls and results are put into words, of the package's own or as it sees a template print calls.",
        "node-llama-cpp 3.22.1, ChatWrapper.ts, generateAvailableFunctionsSystemText; JinjaTemplateChatWrapper.ts",
        "A template is not given tools, nor tool_calls or messages of the role tool: what it does with them has no "
        "effect there.",
        without=_without_functions,
    ),
)
