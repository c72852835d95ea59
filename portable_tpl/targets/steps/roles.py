"""What deployments do to the roles and the order of messages."""

from __future__ import annotations

from portable_tpl.model.conversation import Conversation
from portable_tpl.targets.steps._base import Message, Normalisation, each_message, with_messages

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"
_KEPT_KEYS = ("role", "content", "reasoning_content", "name", "tool_call_id", "tool_calls")


def _developer_to_system(message: Message) -> Message:
    return {**message, "role": "system"} if message.get("role") == "developer" else message


def _first_system_merged(conversation: Conversation) -> Conversation:
    messages = conversation.messages
    if not messages or messages[0].get("role") != "system":
        return conversation
    if len(messages) == 1:
        return conversation.with_changes(messages=[])
    content, following = messages[0].get("content"), messages[1].get("content")
    if not isinstance(content, str) or not isinstance(following, str):
        return conversation
    merged = {**messages[1], "content": f"{content}\n{following}"}
    return conversation.with_changes(messages=[merged, *messages[2:]])


def _systems_to_user(conversation: Conversation) -> Conversation:
    out: list[Message] = []
    pending = ""
    for message in conversation.messages:
        content = message.get("content")
        if message.get("role") == "system" and isinstance(content, str):
            pending = f"{pending}\n{content}" if pending else content
            continue
        if pending and message.get("role") == "user" and isinstance(content, str):
            message = {**message, "content": f"{pending}\n{content}" if content else pending}
            pending = ""
        elif pending:
            out.append({"role": "user", "content": pending})
            pending = ""
        out.append(message)
    if pending:
        out.append({"role": "user", "content": pending})
    return with_messages(conversation, out)


def _known_keys(message: Message) -> Message:
    kept = {key: message[key] for key in _KEPT_KEYS if key in message}
    return message if list(kept) == list(message) else kept


NORMALISATIONS = (
    Normalisation(
        "developer-to-system",
        "Messages of the developer role become system messages.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=each_message(_developer_to_system),
    ),
    Normalisation(
        "system-merged",
        "A first system message is put in front of the next message, a newline between; alone, it is dropped.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=_first_system_merged,
    ),
    Normalisation(
        "system-to-user",
        "System messages are put in front of the next user message, or become user messages.",
        "google/minja chat-template.hpp, polyfill_system_role",
        ("minja",),
        apply=_systems_to_user,
    ),
    Normalisation(
        "message-keys-dropped",
        "Keys of a message that the OpenAI format does not know are dropped, the others put in a fixed order.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=each_message(_known_keys),
    ),
)
