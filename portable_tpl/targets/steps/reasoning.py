"""What deployments do to the reasoning of earlier turns."""

from __future__ import annotations

from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Message, Step, Trial, each_message

_DYNAMO = "Dynamo lib/renderer/src/template/oai.rs, inject_reasoning_content_into_messages"


def _put_into_content(message: Message) -> Message:
    reasoning, content = message.get("reasoning_content"), message.get("content")
    if message.get("role") != "assistant" or not isinstance(reasoning, str) or not reasoning:
        return message
    thought = f"<think>{reasoning}</think>"
    if isinstance(content, list):
        content = [{"type": "text", "text": thought}, *content]
    elif content is None or isinstance(content, str):
        content = thought + (content or "")
    else:
        return message
    return _without({**message, "content": content}, "reasoning_content")


def _without(message: Message, key: str) -> Message:
    """The message without a key, in whose place the last one comes: so serde_json's maps forget."""
    last = next(reversed(message))
    return {
        (last if each == key else each): message[last if each == key else each] for each in message if each != last
    }


def _reads_no_reasoning(template: Template, trial: Trial) -> bool:
    return "reasoning_content" not in template.text


STEPS = (
    Step(
        "reasoning-put-into-content",
        "An answer's reasoning is put before its content, between <think> and </think>.",
        _DYNAMO,
        "So it is for templates in whose text reasoning_content does not stand: the reference prints no "
        "reasoning there.",
        on_request=each_message(_put_into_content),
        applies=_reads_no_reasoning,
    ),
)
