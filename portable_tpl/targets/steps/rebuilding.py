"""What deployments do that build every message anew, from what they know of it."""

from __future__ import annotations

import json
from collections.abc import Callable

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed
from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Message, Step, Trial, each_message
from portable_tpl.targets.steps.content import text_parts
from portable_tpl.targets.steps.reference import reference_objection

_TGI = "text-generation-inference router/src/lib.rs, TextMessage"
_VLLM = "vLLM vllm/entrypoints/chat_utils.py"


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
            out["tool_calls"] = calls
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


def _takes_parts(template: Template, trial: Trial) -> bool:
    from portable_tpl.targets.steps.detection import iterates_content

    return iterates_content(template)


def _takes_strings(template: Template, trial: Trial) -> bool:
    return not _takes_parts(template, trial)


def _content_missing(conversation: Conversation) -> Failed | None:
    if all(isinstance(message.get("content"), str) for message in conversation.messages):
        return None
    return Failed("error", "a message needs content that is a text or parts, or tool calls")


STEPS = (
    Step(
        "messages-flattened",
        "A message is its role and a text: parts joined, images as Markdown, tool calls as JSON instead of content.",
        _TGI,
        "name, tool_call_id, tool_calls and reasoning never reach the template. An assistant's calls are "
        "printed as the "
        "content of its message, whatever the template would do with calls.",
        on_request=each_message(_flattened),
    ),
    Step(
        "content-required",
        "A message with neither content nor tool calls is turned down.",
        "text-generation-inference router/src/lib.rs, MessageBody",
        "The template's own branch for such a message is never reached.",
        objection=_content_missing,
    ),
    Step(
        "keys-sorted",
        "The keys of every object are in alphabetical order.",
        "minijinja without its preserve_order feature; text-generation-inference Cargo.toml",
        "So tools and arguments are printed with other bytes. Objects that the template itself writes are "
        "sorted, too; "
        "that is not modelled.",
        on_request=_keys_sorted,
    ),
    Step(
        "messages-rebuilt-with-strings",
        "A message is rebuilt from role, content, tool calls, reasoning and name; its content is a string.",
        f"{_VLLM}, content format 'string'",
        "So it is with templates in which no loop runs over a message's content. Parts of text are joined by "
        "newlines.",
        on_request=each_message(_rebuilt_with_strings),
        applies=_takes_strings,
    ),
    Step(
        "messages-rebuilt-with-parts",
        "A message is rebuilt from role, content, tool calls, reasoning and name; its content is a list of parts.",
        f"{_VLLM}, content format 'openai'",
        "So it is with templates in which some loop runs over a message's content. A string becomes one text part.",
        on_request=each_message(_rebuilt_with_parts),
        applies=_takes_parts,
    ),
    Step(
        "empty-conversation-refused",
        "A conversation without messages is turned down.",
        "transformers/tokenization_utils_base.py, apply_chat_template",
        "Other servers run the template without a message.",
        objection=reference_objection,
    ),
)
