"""What single deployments do to messages and tools, beside what many do."""

from __future__ import annotations

import json
from collections.abc import Callable

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.steps._base import Message, Normalisation, each_message
from portable_tpl.targets.steps.content import joined, text_parts
from portable_tpl.targets.steps.tools import arguments_parsed

_TGI = "text-generation-inference router/src/lib.rs, TextMessage"
_MISTRAL = "mistral.rs mistralrs-core/src/pipeline/chat_template.rs"
_DYNAMO = "Dynamo lib/llm/src/preprocessor/prompt/template/oai.rs"
_SMG = "smg router, process_content_format, and crates/tokenizer at 010826e"
_VLLM = "vLLM vllm/entrypoints/chat_utils.py"
_SCHEMA_FIRST = ("type", "properties", "required", "additionalProperties")


def _flattened(message: Message) -> Message:
    """Role and text, which is all that a message is there; messages of another kind stay as they are."""
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        text = json.dumps([_described_call(call) for call in calls], ensure_ascii=False, separators=(",", ":"))
        return {"role": message.get("role"), "content": text}
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(_part_text(part) for part in content)
    return {"role": message.get("role"), "content": content}


def _described_call(call: Json) -> Json:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return call
    described = {
        "description": function.get("description"),
        "name": function.get("name"),
        "arguments": function.get("arguments"),
    }
    return {"id": call.get("id", ""), "type": call.get("type", "function"), "function": described}


def _part_text(part: Json) -> str:
    if not isinstance(part, dict):
        return ""
    if isinstance(part.get("text"), str):
        return str(part["text"])
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return f"![]({url})" if isinstance(url, str) else ""


def _each_function(change: Callable[[Message], Message]) -> Callable[[Conversation], Conversation]:
    def apply(conversation: Conversation) -> Conversation:
        if not conversation.tools:
            return conversation
        tools = [
            {**tool, "function": change(tool["function"])} if isinstance(tool.get("function"), dict) else tool
            for tool in conversation.tools
        ]
        return conversation.with_changes(tools=tools)

    return apply


def _completed(function: Message) -> Message:
    parameters = function.get("parameters")
    if not isinstance(parameters, dict):
        return function
    missing: Message = {} if "type" in parameters else {"type": "object"}
    if "properties" not in parameters:
        missing["properties"] = {}
    return {**function, "parameters": {**parameters, **missing}} if missing else function


def _reordered(function: Message) -> Message:
    parameters = function.get("parameters")
    if isinstance(parameters, dict):
        rest = sorted(set(parameters) - set(_SCHEMA_FIRST))
        known = [name for name in _SCHEMA_FIRST if name in parameters]
        function = {**function, "parameters": {name: parameters[name] for name in [*known, *rest]}}
    order = ("name", "description", "parameters", "strict")
    first = {name: function[name] for name in order if name in function}
    return first | {name: value for name, value in function.items() if name not in order}


def _keys_sorted(conversation: Conversation) -> Conversation:
    return conversation.with_changes(
        messages=[_sorted(message) for message in conversation.messages],
        tools=_sorted(conversation.tools),
        variables=_sorted(conversation.variables),
    )


def _sorted(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _rebuilt_with_strings(message: Message) -> Message:
    return _rebuilt(message, lambda texts: "\n".join(texts))


def _rebuilt_with_parts(message: Message) -> Message:
    content = message.get("content")
    if isinstance(content, list) and text_parts(content) is None and content:
        return _rebuilt(message, lambda texts: content)
    return _rebuilt(message, lambda texts: [{"type": "text", "text": text} for text in texts])


def _rebuilt(message: Message, build: Callable[[list[str]], Json]) -> Message:
    """Role, content, and what the role may have besides; content that is not there is content without a part."""
    content = message.get("content")
    texts = [content] if isinstance(content, str) else _known_texts(content)
    out: Message = {"role": message.get("role"), "content": build(texts)}
    if message.get("role") == "assistant":
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            out["tool_calls"] = [arguments_parsed(call) if isinstance(call, dict) else call for call in calls]
        reasoning = message.get("reasoning", message.get("reasoning_content"))
        if reasoning is not None:
            out |= {"reasoning": reasoning, "reasoning_content": reasoning}
    elif message.get("role") == "tool" and "tool_call_id" in message:
        out["tool_call_id"] = message["tool_call_id"]
    if isinstance(message.get("name"), str):
        out["name"] = message["name"]
    return out


def _known_texts(content: Json) -> list[str]:
    parts = content if isinstance(content, list) else []
    return [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]


NORMALISATIONS = (
    Normalisation(
        "messages-flattened",
        "A message is its role and a text: parts joined, images as Markdown, tool calls as JSON instead of content.",
        _TGI,
        ("tgi",),
        apply=each_message(_flattened),
    ),
    Normalisation(
        "keys-sorted",
        "The keys of every object are in alphabetical order.",
        "minijinja without its preserve_order feature",
        ("tgi",),
        apply=_keys_sorted,
    ),
    Normalisation(
        "tool-parameters-completed",
        "Parameters of a tool without type or properties are given them.",
        _DYNAMO,
        ("dynamo",),
        apply=_each_function(_completed),
    ),
    Normalisation(
        "tool-schema-reordered",
        "A tool's keys are put in a fixed order, those of its parameters too.",
        _MISTRAL,
        ("mistral.rs",),
        apply=_each_function(_reordered),
    ),
    Normalisation(
        "parts-joined-by-blanks",
        "Content that is a list of text parts becomes one string, the parts joined by a blank.",
        _SMG,
        ("smg",),
        apply=each_message(joined(" ")),
    ),
    Normalisation(
        "messages-rebuilt-with-strings",
        "A message is rebuilt from role, content, tool calls, reasoning and name; its content is a string.",
        f"{_VLLM}, content format 'string'",
        ("vllm",),
        apply=each_message(_rebuilt_with_strings),
    ),
    Normalisation(
        "messages-rebuilt-with-parts",
        "A message is rebuilt from role, content, tool calls, reasoning and name; its content is a list of parts.",
        f"{_VLLM}, content format 'openai'",
        ("vllm",),
        apply=each_message(_rebuilt_with_parts),
    ),
)
