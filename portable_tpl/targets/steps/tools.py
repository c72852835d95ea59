"""What deployments do to tool calls and to the tools' answers."""

from __future__ import annotations

import json

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Message, Step, Trial, each_message, each_tool_call, with_messages

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


def _arguments_or_empty(call: Message) -> Message:
    """The arguments as values; nothing at all, or a text without anything in it, becomes an empty object."""
    if not isinstance(call.get("function"), dict):
        return call
    arguments = _arguments(call)
    return arguments_parsed(call) if arguments not in (None, "") else _with_arguments(call, {})


def _parses_arguments(template: Template, trial: Trial) -> bool:
    """Dynamo's question: text is left to templates that ask whether arguments are text, and print it then."""
    if "arguments is string" not in template.text:
        return True
    spelled = '{"probe": "value"}'
    call = {"id": "call_probe", "type": "function", "function": {"name": "probe", "arguments": spelled}}
    messages: list[Message] = [
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_probe", "content": "r"},
    ]
    (answer,) = trial(template, [Conversation(messages, add_generation_prompt=True)])
    return not (isinstance(answer, Rendered) and spelled in answer.text)


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


def _without_empty_calls(message: Message) -> Message:
    if message.get("tool_calls") != []:
        return message
    return {key: value for key, value in message.items() if key != "tool_calls"}


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
    if message.get("content") not in (None, [], {}):
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


STEPS = (
    Step(
        "arguments-parsed",
        "Arguments of a tool call that are a JSON text become the values they spell.",
        f"{_CHAT_CPP} (supports_object_arguments); vLLM; {_MINJA}, polyfill_object_arguments",
        "So it is for templates that read arguments as a mapping. Clients send them as JSON text.",
        on_request=each_tool_call(arguments_parsed),
        choice="form of arguments",
    ),
    Step(
        "arguments-object-parsed",
        "Arguments of a tool call that are the JSON text of an object become that object.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        "A text that is no JSON, or that of another value, stays text.",
        on_request=each_tool_call(_arguments_object_only),
    ),
    Step(
        "arguments-parsed-or-empty",
        "Arguments of a tool call become the values that their JSON text spells, null or an empty text an "
        "empty object.",
        "vLLM vllm/entrypoints/chat_utils.py, _postprocess_messages (vllm#30648)",
        "A template that loops over arguments needs no test for none there.",
        on_request=each_tool_call(_arguments_or_empty),
    ),
    Step(
        "arguments-parsed-unless-printed",
        "Arguments that are a JSON text become values, unless the template prints such a text as it is.",
        "Dynamo lib/renderer/src/template/formatters.rs, detect_tool_calls_arguments_string",
        "A template is asked by a trial if 'arguments is string' stands in it.",
        on_request=each_tool_call(arguments_parsed),
        applies=_parses_arguments,
    ),
    Step(
        "arguments-to-text",
        "Arguments of a tool call that are an object become compact JSON text.",
        f"{_CHAT_CPP}, where the template does not take objects; ai-dynamo-runtime 1.6.1, measured",
        "So a template that prints arguments|tojson prints a text in quotes there, unless it is parsed again.",
        on_request=each_tool_call(_arguments_dumped),
        choice="form of arguments",
    ),
    Step(
        "call-keys-dropped",
        "A tool call keeps type, function name, arguments and id, in this order, and gets the type 'function'.",
        _CHAT_CPP,
        "A type that a client left out is there, and anything else it added is not.",
        on_request=each_tool_call(_call_keys),
    ),
    Step(
        "empty-calls-dropped",
        "A message whose list of tool calls is empty has none.",
        f"{_CHAT_CPP}; vLLM vllm/entrypoints/chat_utils.py, _postprocess_messages (vllm#30648)",
        "So 'tool_calls is defined' is false for an empty list: ask for the list's truth.",
        on_request=each_message(_without_empty_calls),
    ),
    Step(
        "answers-gathered",
        "Tool calls, the tools' answers and the text after them become one assistant message with tool_responses.",
        "llama.cpp common/chat.cpp, for the first templates of Gemma 4; measured on b11549",
        "So it is for templates that read tool_responses of an assistant message.",
        on_request=_answers_gathered,
        choice="answers-gathered",
    ),
    Step(
        "calls-as-content",
        "Tool calls become JSON text in the content of their message.",
        f"{_MINJA}, polyfill_tool_calls",
        "So it is for templates that print no tool calls.",
        on_request=each_message(_calls_as_content),
        choice="calls-as-content",
    ),
    Step(
        "answers-as-user",
        "Tool messages become user messages that hold JSON text.",
        f"{_MINJA}, polyfill_tool_responses",
        "So it is for templates that print no messages of the role tool.",
        on_request=each_message(_answers_as_user),
    ),
)
