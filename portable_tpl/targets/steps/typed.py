"""What servers do that read a request into types: refuse what does not fit, and lose what the types do not have."""

from __future__ import annotations

from collections.abc import Mapping

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


def _fields_kept(conversation: Conversation) -> Conversation:
    messages = [kept_message(message, _KEYS) for message in conversation.messages]
    out = with_messages(conversation, messages)
    return out if not out.tools else out.with_changes(tools=[_kept_tool(tool) for tool in out.tools])


def kept_message(message: Message, fields: Mapping[str, tuple[str, ...]]) -> Message:
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
        kept["tool_calls"] = [kept_call(call) if isinstance(call, dict) else call for call in calls]
    return message if list(kept.items()) == list(message.items()) else kept


def kept_call(call: Message) -> Message:
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


def _misfit(conversation: Conversation) -> Failed | None:
    """The first thing that the types do not take."""
    if not conversation.messages:
        return refused("there is no message")
    if conversation.tools is not None:
        reason = _tools_misfit(conversation.tools)
        if reason is not None:
            return refused(reason)
    for message in conversation.messages:
        role = message.get("role")
        reason = _role_misfit(role, message) if isinstance(role, str) else "a message has no role"
        if reason is not None:
            return refused(reason)
    return None


def _tools_misfit(tools: list[Message]) -> str | None:
    if not tools:
        return "the list of tools is empty"
    for tool in tools:
        function = tool.get("function")
        if not isinstance(tool.get("type"), str):
            return "a tool has no type"
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return "a tool has no function with a name"
    return None


def refused(reason: str) -> Failed:
    """The answer to a request that does not fit."""
    return Failed("error", f"the request does not fit the server's types: {reason}")


def _role_misfit(role: str, message: Message) -> str | None:
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
        missing = next((key for key in ("id", "type") if not isinstance(call.get(key), str)), None)
        if missing is not None:
            return f"a tool call has no {missing}"
    return None


STEPS = (
    Step(
        "fitting-request-required",
        "A request that does not fit the server's types is turned down.",
        _DYNAMO,
        "A tool call without an id, an answer without tool_call_id, an unknown role, a part of a type that "
        "the OpenAI "
        "format does not have, no message at all: no template sees such a request.",
        objection=_misfit,
    ),
    Step(
        "unknown-fields-lost",
        "A message, a tool call and a tool keep the fields that the server's types have, without those that "
        "are null.",
        _DYNAMO,
        "A tool's answer has no name there. Reasoning is reasoning_content, under whichever of its names it "
        "was sent; "
        "content that is null beside tool calls is not there.",
        on_request=_fields_kept,
    ),
)
