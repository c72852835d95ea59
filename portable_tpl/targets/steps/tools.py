"""What deployments do to tools, tool calls and tool answers."""

from __future__ import annotations

import json

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.steps._base import Message, Normalisation, each_message, each_tool_call, with_messages

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"
_MINJA = "google/minja chat-template.hpp"


def _with_arguments(call: Message, arguments: Json) -> Message:
    return {**call, "function": {**call["function"], "arguments": arguments}}


def _arguments(call: Message) -> Json:
    function = call.get("function")
    return function.get("arguments") if isinstance(function, dict) else None


def arguments_parsed(call: Message) -> Message:
    """The tool call with arguments as values where they are a JSON text, else the call itself."""
    arguments = _arguments(call)
    if not isinstance(arguments, str):
        return call
    try:
        return _with_arguments(call, json.loads(arguments))
    except ValueError:
        return call


def _arguments_object_only(call: Message) -> Message:
    parsed = arguments_parsed(call)
    return parsed if isinstance(_arguments(parsed), dict) else call


def _arguments_dumped(call: Message) -> Message:
    arguments = _arguments(call)
    if arguments is None or isinstance(arguments, str):
        return call
    return _with_arguments(call, json.dumps(arguments, ensure_ascii=False, separators=(",", ":")))


def _call_keys(call: Message) -> Message:
    function = call.get("function")
    if not isinstance(function, dict):
        return call
    kept = {key: function[key] for key in ("name", "arguments") if key in function}
    out: Message = {"type": "function", "function": kept}
    if call.get("id"):
        out["id"] = call["id"]
    return out


def _tool_keys(conversation: Conversation) -> Conversation:
    if not conversation.tools:
        return conversation
    tools = []
    for tool in conversation.tools:
        function = tool.get("function")
        if not isinstance(function, dict):
            return conversation
        kept = {
            "name": function.get("name"),
            "description": function.get("description", ""),
            "parameters": function.get("parameters", {}),
        }
        tools.append({"type": "function", "function": kept})
    return conversation.with_changes(tools=tools)


def _without_empty_calls(message: Message) -> Message:
    if message.get("tool_calls") != []:
        return message
    return {key: value for key, value in message.items() if key != "tool_calls"}


def _tools_empty_to_none(conversation: Conversation) -> Conversation:
    return conversation.with_changes(tools=None) if conversation.tools == [] else conversation


def _calls_as_content(message: Message) -> Message:
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return message
    listed = []
    for call in (arguments_parsed(call) for call in calls if isinstance(call, dict)):
        function = call.get("function")
        if call.get("type") != "function" or not isinstance(function, dict):
            continue
        entry = {"name": function.get("name"), "arguments": function.get("arguments")}
        listed.append({**entry, "id": call["id"]} if "id" in call else entry)
    body: Message = {"tool_calls": listed}
    if message.get("content"):
        body["content"] = message["content"]
    kept = {key: value for key, value in message.items() if key != "tool_calls"}
    return {**kept, "content": json.dumps(body, ensure_ascii=False, indent=2)}


def _answers_as_user(message: Message) -> Message:
    if message.get("role") != "tool":
        return message
    answer = {"tool": message["name"]} if "name" in message else {}
    answer["content"] = message.get("content")
    if "tool_call_id" in message:
        answer["tool_call_id"] = message["tool_call_id"]
    kept = {key: value for key, value in message.items() if key != "name"}
    return {**kept, "role": "user", "content": json.dumps({"tool_response": answer}, ensure_ascii=False, indent=2)}


def _answers_gathered(conversation: Conversation) -> Conversation:
    """A turn with tool calls, what the tools answered, and the text after that, in one message."""
    left = list(conversation.messages)
    out: list[Message] = []
    while left:
        message = left.pop(0)
        calls = message.get("tool_calls")
        if message.get("role") != "assistant" or not isinstance(calls, list) or not calls:
            out.append(message)
            continue
        turn: Message = {"role": "assistant", "tool_calls": calls}
        answers: list[Json] = []
        while left and left[0].get("role") == "tool":
            answers.append(
                {"name": _call_name(calls, len(answers)), "response": _spelled(left.pop(0).get("content"))}
            )
        if answers:
            turn["tool_responses"] = answers
        if left and left[0].get("role") == "assistant" and not left[0].get("tool_calls") and left[0].get("content"):
            turn["content"] = left.pop(0)["content"]
        if message.get("reasoning_content") is not None:
            turn["reasoning_content"] = message["reasoning_content"]
        out.append(turn)
    return with_messages(conversation, out)


def _call_name(calls: list[Json], number: int) -> Json:
    call = calls[number] if number < len(calls) else None
    function = call.get("function") if isinstance(call, dict) else None
    return function.get("name", "") if isinstance(function, dict) else ""


def _spelled(content: Json) -> Json:
    """The value that a JSON text spells, else the text."""
    try:
        return json.loads(content) if isinstance(content, str) else content
    except ValueError:
        return content


def _tools_in_system_prompt(conversation: Conversation) -> Conversation:
    if not conversation.tools:
        return conversation
    listed = json.dumps(conversation.tools, ensure_ascii=False, indent=2)
    text = f"You can call any of the following tools to satisfy the user's requests: {listed}"
    messages = conversation.messages
    if messages and messages[0].get("role") == "system":
        content = messages[0].get("content")
        if not isinstance(content, str):
            return conversation
        rest, text = messages[1:], f"{content}\n\n{text}"
    else:
        rest = messages
    return conversation.with_changes(messages=[{"role": "system", "content": text}, *rest])


NORMALISATIONS = (
    Normalisation(
        "arguments-parsed",
        "Arguments of a tool call that are a JSON text become the values they spell.",
        f"{_CHAT_CPP} (supports_object_arguments); vLLM; {_MINJA}, polyfill_object_arguments",
        ("llama.cpp", "vllm", "minja"),
        apply=each_tool_call(arguments_parsed),
    ),
    Normalisation(
        "arguments-object-parsed",
        "Arguments of a tool call that are the JSON text of an object become that object.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        ("mistral.rs",),
        apply=each_tool_call(_arguments_object_only),
    ),
    Normalisation(
        "arguments-to-text",
        "Arguments of a tool call that are an object become compact JSON text.",
        f"{_CHAT_CPP}, where the template does not take objects",
        ("llama.cpp",),
        apply=each_tool_call(_arguments_dumped),
    ),
    Normalisation(
        "call-keys-dropped",
        "A tool call keeps type, function name, arguments and id, in this order, and gets the type 'function'.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=each_tool_call(_call_keys),
    ),
    Normalisation(
        "schema-keys-dropped",
        "A tool keeps name, description and parameters, in this order; missing ones become empty.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=_tool_keys,
    ),
    Normalisation(
        "tools-empty-to-none",
        "An empty list of tools is no tools at all.",
        f"{_CHAT_CPP}; OpenVINO GenAI tokenizer",
        ("llama.cpp", "minja"),
        apply=_tools_empty_to_none,
    ),
    Normalisation(
        "empty-calls-dropped",
        "A message whose list of tool calls is empty has none.",
        "llama.cpp common/chat.cpp, measured on b11549",
        ("llama.cpp",),
        apply=each_message(_without_empty_calls),
    ),
    Normalisation(
        "answers-gathered",
        "Tool calls, the tools' answers and the text after them become one assistant message with tool_responses.",
        "llama.cpp common/chat.cpp, for the first templates of Gemma 4; measured on b11549",
        ("llama.cpp",),
        apply=_answers_gathered,
    ),
    Normalisation(
        "calls-as-content",
        "Tool calls become JSON text in the content of their message.",
        f"{_MINJA}, polyfill_tool_calls",
        ("minja",),
        apply=each_message(_calls_as_content),
    ),
    Normalisation(
        "answers-as-user",
        "Tool messages become user messages that hold JSON text.",
        f"{_MINJA}, polyfill_tool_responses",
        ("minja",),
        apply=each_message(_answers_as_user),
    ),
    Normalisation(
        "tools-in-system-prompt",
        "Tools are described in a system message instead of being given to the template.",
        f"{_MINJA}, polyfill_tools",
        ("minja",),
        apply=_tools_in_system_prompt,
    ),
)
