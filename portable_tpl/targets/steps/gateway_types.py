"""What smg does in reading a request into types: refuse what does not fit, and lose what the types do not have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.steps._base import Message, Step, each_message
from portable_tpl.targets.steps.content import as_parts, is_structured
from portable_tpl.targets.steps.typed import fields_kept, missing_of, tool_misfit, turned_down

_SMG = "smg 1.13.0, measured on its gateway before a scheduler that keeps what it is sent"
_NAME = ("name",)
# The keys of a message of each role, beside role and content, in the order in which they are written out.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "system": _NAME,
    "developer": _NAME,
    "user": _NAME,
    "assistant": ("name", "tool_calls", "reasoning_content"),
    "tool": ("tool_call_id",),
    "function": _NAME,
    "root": _NAME,
}
_PARTS = ("text", "image_url", "video_url", "input_audio", "audio_url")
_FUNCTION_KEYS = ("name", "description", "parameters", "strict")


def _kept_tool(tool: Message) -> Message:
    function = tool.get("function")
    if not isinstance(function, dict):
        return tool
    filled = {"parameters": {}, **function}
    known = {key: filled[key] for key in _FUNCTION_KEYS if filled.get(key) is not None}
    others = {key: value for key, value in function.items() if key not in _FUNCTION_KEYS}
    return {"type": tool.get("type", "function"), "function": {**known, **others}}


def _misfits(conversation: Conversation) -> Iterator[str | None]:
    yield None if conversation.messages else "there is no message"
    yield from _tool_misfits(conversation)
    yield from map(_message_misfit, conversation.messages)


def _tool_misfits(conversation: Conversation) -> Iterator[str | None]:
    yield from map(tool_misfit, conversation.tools or ())


def _message_misfit(message: Message) -> str | None:
    role = message.get("role")
    if not isinstance(role, str) or role not in _KEYS:
        return f"the role {role} is not known"
    content = message.get("content")
    if isinstance(content, list):
        if not all(isinstance(part, dict) and part.get("type") in _PARTS for part in content):
            return "a part of content is of no known type"
    elif not isinstance(content, str) and (content is not None or role != "assistant"):
        return f"a message of the role {role} has no content"
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        return "a tool's answer has no tool_call_id"
    if role == "assistant" and "reasoning" in message and "reasoning_content" in message:
        return "reasoning is there by two names"
    calls = message.get("tool_calls") if role == "assistant" else None
    return next((reason for reason in map(_call_misfit, calls) if reason), None) if isinstance(calls, list) else None


def _call_misfit(call: Json) -> str | None:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        return "a tool call has no function with a name"
    if missing_of(call) is None and isinstance(function.get("arguments"), str):
        try:
            json.loads(function["arguments"])
        except ValueError:
            return "a tool call has arguments that are no JSON"
    return missing_of(call)


def _structured_content(message: Message) -> Message:
    return message if message.get("role") == "tool" else as_parts(message)


def _without_documents(conversation: Conversation) -> Conversation:
    if conversation.documents is None and "documents" not in conversation.variables:
        return conversation
    variables = {name: value for name, value in conversation.variables.items() if name != "documents"}
    return conversation.with_changes(documents=None, variables=variables)


STEPS = (
    Step(
        "gateway-request-required",
        "A request that does not fit the gateway's types is turned down.",
        _SMG,
        "An unknown role, a tool call without an id or a type, arguments that are no JSON, a part of a type that the "
        "OpenAI format does not have, content that is not there, no message at all: no template sees such a request.",
        objection=turned_down(_misfits),
    ),
    Step(
        "typed-tools-required",
        "A tool without a type, or without a function that has a name, is turned down.",
        "the Runner of mistralrs 0.9.5, measured",
        "A template that reads tools of another shape is given none of them.",
        objection=turned_down(_tool_misfits),
    ),
    Step(
        "gateway-fields-kept",
        "A message, a tool call and a tool keep the fields that the gateway's types have, nulls left out.",
        _SMG,
        "A tool's answer has no name there, and a tool without parameters has empty ones. Reasoning is "
        "reasoning_content, under whichever of its names it was sent; a thought called thinking is lost.",
        on_request=fields_kept(_KEYS, _kept_tool),
    ),
    Step(
        "string-to-structured-parts",
        "Content that is a string becomes a list of one text part, but for a tool's.",
        _SMG,
        "So it is for templates in which a loop runs over a message's content, or over what is called content.",
        on_request=each_message(_structured_content),
        applies=is_structured,
    ),
    Step(
        "documents-lost",
        "The documents of a request are lost: the variable is there, and null.",
        _SMG,
        "A template for retrieval prints what it prints without documents.",
        on_request=_without_documents,
    ),
)
