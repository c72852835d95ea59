"""What servers do that read a request into types: refuse what does not fit, and lose what the types do not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed
from portable_tpl.targets.steps._base import Message, Step, with_messages

_DYNAMO = "Dynamo lib/protocols, ChatCompletionRequestMessage; measured on ai-dynamo-runtime 1.6.1"
_NAME = ("name",)
# The keys of a message of each role, beside role and content, in the order in which they are written out.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "developer": _NAME,
    "system": ("name", "tools"),
    "user": _NAME,
    "assistant": ("refusal", "reasoning_content", "name", "tool_calls"),
    "tool": ("tool_call_id",),
    "function": _NAME,
}
_PARTS = ("text", "image_url", "video_url", "audio_url", "input_audio", "refusal")
_FUNCTION_KEYS = ("name", "description", "parameters", "strict")


def fields_kept(
    fields: Mapping[str, tuple[str, ...]], kept_tool: Callable[[Message], Message]
) -> Callable[[Conversation], Conversation]:
    """A change that keeps of messages and tool calls the fields that a server's types have, and makes tools anew."""

    def on_request(conversation: Conversation) -> Conversation:
        out = with_messages(conversation, [_kept_message(message, fields) for message in conversation.messages])
        return out if not out.tools else out.with_changes(tools=[kept_tool(tool) for tool in out.tools])

    return on_request


def _kept_message(message: Message, fields: Mapping[str, tuple[str, ...]]) -> Message:
    """A message with the keys that ``fields`` name for its role beside role and content, in that order."""
    role = message.get("role")
    keys = fields.get(role) if isinstance(role, str) else None
    if keys is None:
        return message
    given = {key: value for key, value in message.items() if value is not None}
    if "reasoning" in given:
        given.setdefault("reasoning_content", given["reasoning"])
    kept = {key: given[key] for key in ("role", "content", *keys) if key in given}
    calls = kept.get("tool_calls")
    if isinstance(calls, list):
        kept["tool_calls"] = [_kept_call(call) if isinstance(call, dict) else call for call in calls]
    return message if list(kept.items()) == list(message.items()) else kept


def _kept_call(call: Message) -> Message:
    """A tool call with the fields that the OpenAI format has."""
    kept: Message = {key: call[key] for key in ("id", "type", "function") if key in call}
    if isinstance(kept.get("function"), dict):
        kept["function"] = {key: kept["function"][key] for key in ("name", "arguments") if key in kept["function"]}
    return kept


def _kept_tool(tool: Message) -> Message:
    function = tool.get("function")
    if not isinstance(function, dict):
        return tool
    kept = {key: function[key] for key in _FUNCTION_KEYS if function.get(key) is not None}
    return {"type": tool.get("type", "function"), "function": kept}


def turned_down(
    misfits: Callable[[Conversation], Iterator[str | None]],
) -> Callable[[Conversation], Failed | None]:
    """The answer to a request that does not fit: it names the first misfit."""

    def objection(conversation: Conversation) -> Failed | None:
        misfit = next((each for each in misfits(conversation) if each is not None), None)
        return None if misfit is None else Failed("error", f"the request does not fit the server's types: {misfit}")

    return objection


def _misfits(conversation: Conversation) -> Iterator[str | None]:
    yield None if conversation.messages else "there is no message"
    yield "the list of tools is empty" if conversation.tools == [] else None
    yield from map(tool_misfit, conversation.tools or ())
    yield from map(_message_misfit, conversation.messages)


def tool_misfit(tool: Message) -> str | None:
    """What of a tool does not fit, if something does not."""
    function = tool.get("function")
    if not isinstance(tool.get("type"), str):
        return "a tool has no type"
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return "a tool has no function with a name"
    return None


def _message_misfit(message: Message) -> str | None:
    role = message.get("role")
    if not isinstance(role, str):
        return "a message has no role"
    if role not in _KEYS:
        return f"the role {role} is not known"
    tools = message.get("tools")
    if tools is not None and (role != "system" or not isinstance(tools, list)):
        return "only a system message has tools, a list of them"
    content = message.get("content")
    if content is None and role != "assistant":
        return f"a message of the role {role} has no content"
    if isinstance(content, list):
        if not all(map(_is_part, content)):
            return "a part of content is of no known type"
    elif content is not None and not isinstance(content, str):
        return "content is neither a text nor a list of parts"
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        return "a tool's answer has no tool_call_id"
    return _calls_misfit(message.get("tool_calls")) if role == "assistant" else None


def _is_part(part: Json) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in _PARTS:
        return False
    if kind in ("text", "refusal"):
        return isinstance(part.get(kind), str)
    return isinstance(part.get(kind), dict)


def _calls_misfit(calls: Json) -> str | None:
    if calls is None:
        return None
    if not isinstance(calls, list):
        return "tool_calls is no list"
    for call in calls:
        if not isinstance(call, dict) or not isinstance(call.get("function"), dict):
            return "a tool call has no function"
        missing = missing_of(call)
        if missing is not None:
            return missing
    return None


def missing_of(call: Message) -> str | None:
    """Which of what every tool call has one has not."""
    return next((f"a tool call has no {key}" for key in ("id", "type") if not isinstance(call.get(key), str)), None)


STEPS = (
    Step(
        "fitting-request-required",
        "A request that does not fit the server's types is turned down.",
        _DYNAMO,
        "A tool call without an id, an answer without tool_call_id, an unknown role, a part of a type that "
        "the OpenAI "
        "format does not have, no message at all: no template sees such a request.",
        objection=turned_down(_misfits),
    ),
    Step(
        "unknown-fields-lost",
        "A message, a tool call and a tool keep the fields that the server's types have, without those that "
        "are null.",
        _DYNAMO,
        "A tool's answer has no name there. Reasoning is reasoning_content, under whichever of its names it "
        "was sent; "
        "content that is null beside tool calls is not there.",
        on_request=fields_kept(_KEYS, _kept_tool),
    ),
)
