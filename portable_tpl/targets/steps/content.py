"""What deployments do to the content of a message."""

from __future__ import annotations

from collections.abc import Callable

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Message, Step, Trial, each_message

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"
_SMG = "smg model_gateway/src/routers/grpc/utils/chat_utils.rs, process_content_format (f8daa88)"
_DYNAMO = "Dynamo lib/renderer/src/template/oai.rs, may_be_fix_msg_content"
_MEDIA = {"image_url": "image", "video_url": "video", "audio_url": "audio", "input_audio": "audio"}
_MARKER = "template_test"


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


def _as_placeholder(part: Json) -> Json:
    kind = part.get("type") if isinstance(part, dict) else None
    return {"type": _MEDIA[kind]} if isinstance(kind, str) and kind in _MEDIA else part


def _media_as_placeholders(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    changed = [_as_placeholder(part) for part in content]
    return message if changed == content else {**message, "content": changed}


def _answer_content(message: Message) -> Message:
    return (
        {**message, "content": None} if message.get("role") == "assistant" and "content" not in message else message
    )


def _needs_parts(template: Template, trial: Trial) -> bool:
    """Whether a message comes out if its content is a list of parts, and does not if it is a string."""
    contents: tuple[Json, ...] = ([{"type": "text", "text": _MARKER}], _MARKER)
    trials = [Conversation([{"role": "user", "content": content}], special_tokens={}) for content in contents]
    with_parts, with_string = (
        isinstance(answer, Rendered) and _MARKER in answer.text for answer in trial(template, trials)
    )
    return with_parts and not with_string


def _needs_no_parts(template: Template, trial: Trial) -> bool:
    return not _needs_parts(template, trial)


def is_structured(template: Template, trial: Trial) -> bool:
    """Whether smg gives a template parts."""
    from portable_tpl.targets.steps.detection import looks_structured

    return looks_structured(template)


def _unstructured(template: Template, trial: Trial) -> bool:
    return not is_structured(template, trial)


STEPS = (
    Step(
        "parts-joined",
        "Content that is a list of text parts becomes one string, the parts joined by newlines.",
        f"{_CHAT_CPP}; Dynamo formatters.rs; vLLM content format 'string'",
        "The server finds out whether a template takes parts; where it takes strings only, a client's parts "
        "still arrive.",
        on_request=each_message(joined("\n")),
        choice="form of content",
    ),
    Step(
        "string-to-parts",
        "Content that is a string becomes a list of one text part.",
        f"{_CHAT_CPP}; vLLM content format 'openai'; google/minja chat-template.hpp",
        "A template that asks 'content is string' takes its other branch there: let both print the same.",
        on_request=each_message(as_parts),
        choice="form of content",
    ),
    Step(
        "media-parts-as-placeholders",
        "A part with an image, a video or a sound by its address becomes a part that says only which it is.",
        f"{_SMG}; Dynamo lib/renderer/src/template/oai.rs, convert_media_url_to_placeholder",
        "So {'type': 'image_url', ...} is {'type': 'image'} for the template.",
        on_request=each_message(_media_as_placeholders),
    ),
    Step(
        "absent-answer-to-null",
        "An assistant message without content is given one that is null.",
        _SMG,
        "So 'content is none' is true beside tool calls there, and in the reference it is undefined.",
        on_request=each_message(_answer_content),
    ),
    Step(
        "string-to-needed-parts",
        "Content that is a string becomes a list of one text part, for a template that prints no string.",
        _DYNAMO,
        "The template is tried out: with a message of parts it prints the text, with a string it does not.",
        on_request=each_message(as_parts),
        applies=_needs_parts,
    ),
    Step(
        "parts-joined-unless-needed",
        "Content that is a list of text parts becomes one string, joined by newlines, unless only parts are printed.",
        _DYNAMO,
        "The template is tried out with a message of parts, and with a string.",
        on_request=each_message(joined("\n")),
        applies=_needs_no_parts,
    ),
    Step(
        "unstructured-parts-joined",
        "Content that is a list of parts becomes the texts in it, joined by newlines.",
        _SMG,
        "So it is for templates in which no loop runs over a message's content, nor over what is called content.",
        on_request=each_message(_text_among_parts),
        applies=_unstructured,
    ),
    Step(
        "null-content-to-empty",
        "Content that is null becomes an empty string.",
        f"{_CHAT_CPP}; mlx-lm server",
        "So 'content is none' is never true there, as in the reference, where the key is not there at all.",
        on_request=each_message(_null_to_empty),
    ),
    Step(
        "missing-content-to-empty",
        "A message without content is given an empty string.",
        _CHAT_CPP,
        "So 'content is defined' is always true there: ask for the content's truth instead.",
        on_request=each_message(_missing_to_empty),
    ),
    Step(
        "empty-parts-to-empty",
        "Content that is an empty list becomes an empty string.",
        _CHAT_CPP,
        "So a loop over the parts of content runs over no character there, and 'content is string' is true.",
        on_request=each_message(_empty_list_to_empty),
    ),
    Step(
        "part-keys-dropped",
        "A text part keeps its type and its text.",
        _CHAT_CPP,
        "What else a client put into a part, as cache_control, no template sees.",
        on_request=each_message(_part_keys),
    ),
    Step(
        "empty-reasoning-dropped",
        "Reasoning that is an empty string is dropped.",
        _CHAT_CPP,
        "A template that prints empty marks of reasoning for an empty thought prints none there.",
        on_request=each_message(_empty_reasoning),
    ),
    Step(
        "reasoning-as-part",
        "Content of system and assistant messages becomes a list of parts, reasoning the first of them.",
        "llama.cpp common/chat.cpp, for Mistral's templates with reasoning",
        "So it is for templates that read parts of the type 'thinking'.",
        on_request=each_message(_reasoning_as_part),
        choice="form of content",
    ),
    Step(
        "content-trimmed",
        "White space around the content of every message is removed.",
        "llama.cpp common/chat.cpp, for StepFun's templates",
        "White space at the ends of content is lost, whatever the template would do with it.",
        on_request=each_message(_trimmed),
        choice="content-trimmed",
    ),
)
