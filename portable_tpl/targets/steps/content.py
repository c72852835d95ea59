"""What deployments do to the content of a message."""

from __future__ import annotations

from collections.abc import Callable

from portable_tpl.model.conversation import Json
from portable_tpl.targets.steps._base import Message, Normalisation, each_message

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"


def text_parts(content: Json) -> list[str] | None:
    """The texts of content that is a list of text parts only, else ``None``."""
    if not isinstance(content, list) or not content:
        return None
    texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    if len(texts) != len(content) or not all(isinstance(text, str) for text in texts):
        return None
    return [text for text in texts if isinstance(text, str)]


def joined(separator: str) -> Callable[[Message], Message]:
    """A change of a message whose text parts become one string."""

    def change(message: Message) -> Message:
        texts = text_parts(message.get("content"))
        return message if texts is None else {**message, "content": separator.join(texts)}

    return change


def _text_among_parts(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    texts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return {**message, "content": "\n".join(texts)}


def as_parts(message: Message) -> Message:
    """The message with its string content as one text part."""
    content = message.get("content")
    return {**message, "content": [{"type": "text", "text": content}]} if isinstance(content, str) else message


def _as_parts_except_tools(message: Message) -> Message:
    return message if message.get("role") == "tool" else as_parts(message)


def _null_to_empty(message: Message) -> Message:
    return {**message, "content": ""} if "content" in message and message["content"] is None else message


def _missing_to_empty(message: Message) -> Message:
    return message if "content" in message else {**message, "content": ""}


def _empty_list_to_empty(message: Message) -> Message:
    return {**message, "content": ""} if message.get("content") == [] else message


def _part_keys(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    kept = [_plain_part(part) for part in content]
    return message if kept == content else {**message, "content": kept}


def _plain_part(part: Json) -> Json:
    if not isinstance(part, dict) or part.get("type") != "text":
        return part
    return {key: part[key] for key in ("type", "text") if key in part}


def _empty_reasoning(message: Message) -> Message:
    if message.get("reasoning_content") != "":
        return message
    return {key: value for key, value in message.items() if key != "reasoning_content"}


def _reasoning_as_part(message: Message) -> Message:
    if message.get("role") not in ("system", "assistant"):
        return message
    reasoning, content = message.get("reasoning_content"), message.get("content")
    parts: list[Json] = [{"type": "thinking", "thinking": reasoning}] if isinstance(reasoning, str) else []
    if isinstance(content, str):
        parts.append({"type": "text", "text": content})
    elif isinstance(content, list):
        parts += content
    kept = {key: value for key, value in message.items() if key != "reasoning_content"}
    return {**kept, "content": parts}


def _trimmed(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, str) or content == content.strip():
        return message
    return {**message, "content": content.strip()}


NORMALISATIONS = (
    Normalisation(
        "parts-joined",
        "Content that is a list of text parts becomes one string, the parts joined by newlines.",
        f"{_CHAT_CPP}; Dynamo formatters.rs; vLLM content format 'string'",
        ("llama.cpp", "dynamo", "vllm"),
        apply=each_message(joined("\n")),
    ),
    Normalisation(
        "parts-joined-tightly",
        "Content that is a list of text parts becomes one string, the parts joined by nothing.",
        "TGI router MessageContent; mlx-lm server",
        ("tgi", "mlx-lm"),
        apply=each_message(joined("")),
    ),
    Normalisation(
        "parts-without-text-dropped",
        "Content that is a list of parts becomes the text parts joined by newlines; other parts are lost.",
        "vLLM content format 'string'",
        ("vllm",),
        apply=each_message(_text_among_parts),
    ),
    Normalisation(
        "string-to-parts",
        "Content that is a string becomes a list of one text part.",
        f"{_CHAT_CPP}; vLLM content format 'openai'; google/minja chat-template.hpp",
        ("llama.cpp", "vllm", "minja"),
        apply=each_message(as_parts),
    ),
    Normalisation(
        "string-to-parts-except-tools",
        "Content that is a string becomes a list of one text part, but not in tool messages.",
        "smg crates/tokenizer at 010826e",
        ("smg",),
        apply=each_message(_as_parts_except_tools),
    ),
    Normalisation(
        "null-content-to-empty",
        "Content that is null becomes an empty string.",
        f"{_CHAT_CPP}; mlx-lm server",
        ("llama.cpp", "mlx-lm"),
        apply=each_message(_null_to_empty),
    ),
    Normalisation(
        "missing-content-to-empty",
        "A message without content is given an empty string.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=each_message(_missing_to_empty),
    ),
    Normalisation(
        "empty-parts-to-empty",
        "Content that is an empty list becomes an empty string.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=each_message(_empty_list_to_empty),
    ),
    Normalisation(
        "part-keys-dropped",
        "A text part keeps its type and its text.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=each_message(_part_keys),
    ),
    Normalisation(
        "empty-reasoning-dropped",
        "Reasoning that is an empty string is dropped.",
        _CHAT_CPP,
        ("llama.cpp",),
        apply=each_message(_empty_reasoning),
    ),
    Normalisation(
        "reasoning-as-part",
        "Content of system and assistant messages becomes a list of parts, reasoning the first of them.",
        "llama.cpp common/chat.cpp, for Mistral's templates with reasoning",
        ("llama.cpp",),
        apply=each_message(_reasoning_as_part),
    ),
    Normalisation(
        "content-trimmed",
        "White space around the content of every message is removed.",
        "llama.cpp common/chat.cpp, for StepFun's templates",
        ("llama.cpp",),
        apply=each_message(_trimmed),
    ),
)
