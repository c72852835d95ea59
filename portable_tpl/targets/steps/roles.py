"""What deployments do to the roles and the order of messages."""

from __future__ import annotations

from collections.abc import Callable

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Message, Step, Trial, each_message, with_messages

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"
_DYNAMO = "Dynamo lib/renderer/src/template/oai.rs, normalize_system_messages"
_ROLES = {"s": "system", "u": "user", "a": "assistant"}
_NO_EMPTY = ("name", "tool_call_id")  # an empty text is as good as none there
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
    kept = {
        key: message[key] for key in _KEPT_KEYS if key in message and not (key in _NO_EMPTY and message[key] == "")
    }
    return message if list(kept) == list(message) else kept


def _leading_systems(messages: list[Message]) -> int:
    return next((n for n, message in enumerate(messages) if message.get("role") != "system"), len(messages))


def _later_systems_demoted(conversation: Conversation) -> Conversation:
    messages = conversation.messages
    leading = _leading_systems(messages)
    out = _merged_runs(messages[:leading], "system")
    for message in messages[leading:]:
        out.append({**message, "role": "user"} if message.get("role") == "system" else message)
    return with_messages(conversation, out)


def _users_merged(conversation: Conversation) -> Conversation:
    return with_messages(conversation, _merged_runs(conversation.messages, "user"))


def _merged_runs(messages: list[Message], role: str) -> list[Message]:
    """The messages, those of a role that follow one another as one."""
    out: list[Message] = []
    for message in messages:
        if out and message.get("role") == role == out[-1].get("role"):
            out[-1] = {**out[-1], "content": _joined_content(out[-1].get("content"), message.get("content"))}
        else:
            out.append(message)
    return out


def _joined_content(one: Json, other: Json) -> Json:
    if isinstance(one, str) and isinstance(other, str):
        return f"{one}\n\n{other}" if one and other else one + other
    if one is None:
        return other
    if isinstance(one, (str, list)) and isinstance(other, (str, list)):
        return [*_parts(one), *_parts(other)]
    return one


def _parts(content: str | list[Json]) -> list[Json]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _refuses(*shapes: str) -> Callable[[Template, Trial], bool]:
    """Dynamo's question: does a template take a system message and a user's, but not some order of roles?"""

    def applies(template: Template, trial: Trial) -> bool:
        trials = [
            Conversation(
                [{"role": _ROLES[letter], "content": letter} for letter in shape], add_generation_prompt=False
            )
            for shape in ("su", *shapes)
        ]
        plain, *others = trial(template, trials)
        return isinstance(plain, Rendered) and any(not isinstance(answer, Rendered) for answer in others)

    return applies


STEPS = (
    Step(
        "later-systems-demoted",
        "System messages at the start become one, later ones become the user's, for a template that refuses "
        "them there.",
        _DYNAMO,
        "The template is tried out with a system message behind a user's, and behind an answer.",
        on_request=_later_systems_demoted,
        applies=_refuses("sus", "suasu"),
    ),
    Step(
        "consecutive-users-merged",
        "User messages in a row become one, an empty line between, for a template that refuses two of them.",
        _DYNAMO,
        "The template is tried out with two user messages in a row.",
        on_request=_users_merged,
        applies=_refuses("suu"),
    ),
    Step(
        "developer-to-system",
        "Messages of the developer role become system messages.",
        _CHAT_CPP,
        "A template needs no branch for the role there; the reference passes it on.",
        on_request=each_message(_developer_to_system),
    ),
    Step(
        "system-merged",
        "A first system message is put in front of the next message, a newline between; alone, it is dropped.",
        _CHAT_CPP,
        "So it is for templates that take no system message.",
        on_request=_first_system_merged,
        choice="system-merged",
    ),
    Step(
        "system-to-user",
        "System messages are put in front of the next user message, or become user messages.",
        "google/minja chat-template.hpp, polyfill_system_role",
        "So it is for templates that print no system message.",
        on_request=_systems_to_user,
        choice="system-to-user",
    ),
    Step(
        "message-keys-dropped",
        "Keys of a message that the OpenAI format does not know are dropped, the others put in a fixed order.",
        _CHAT_CPP,
        "A field of a template's own, beside the OpenAI format, does not reach it from a client of the server, nor "
        "does a name or a tool_call_id that is empty.",
        on_request=each_message(_known_keys),
    ),
)
