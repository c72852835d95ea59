"""What llama.cpp's server makes of a final assistant message: the beginning of the answer that is to come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from portable_tpl.model.conversation import Conversation
from portable_tpl.targets.steps._base import Step

_SOURCE = "llama.cpp tools/server, prefill_assistant, measured on b11549"
_CHOICE = "a final assistant message"
_WITH_REASONING = (
    "final-assistant-prefilled-with-reasoning",
    "A final assistant message is hidden from the template; the beginning of an answer, its reasoning in the "
    "template's own marks and its content are appended to the prompt.",
)
_AFTER_CUT_PROMPT = (
    "final-assistant-prefilled-after-cut-prompt",
    "A final assistant message is hidden from the template; what the generation prompt adds to a prompt without one, "
    "as the server cuts it off, and the message's content are appended.",
)


def ends_with_assistant(conversation: Conversation) -> bool:
    """Whether a conversation's last message is the assistant's."""
    return bool(conversation.messages) and conversation.messages[-1].get("role") == "assistant"


@dataclass(frozen=True)
class ReasoningMarks:
    """How an answer begins, up to its reasoning, and the mark after that (empty where reasoning is left out).

    ``after_prompt``: it begins after the generation prompt, and not in the place of one.
    """

    opening: str
    end: str
    after_prompt: bool


def prefilled_with(marks: ReasoningMarks) -> Step:
    """Where the server begins an answer in a way of its own; marks of reasoning come even around none."""
    name, description = _WITH_REASONING if marks.end else _AFTER_CUT_PROMPT
    return Step(
        name,
        description,
        _SOURCE,
        "How an answer begins is learnt from the server, or from what the template prints of an earlier turn.",
        on_request=partial(_hidden, prompt=marks.after_prompt),
        on_prompt=partial(_appended_with_reasoning, marks=marks),
        choice=_CHOICE,
        variant_of="final-assistant-prefilled",
    )


def _hidden(conversation: Conversation, prompt: bool = True) -> Conversation:
    if not ends_with_assistant(conversation):
        return conversation
    wanted = prompt and bool(conversation.messages[-1].get("content"))
    return conversation.with_changes(messages=conversation.messages[:-1], add_generation_prompt=wanted)


def _appended(text: str, conversation: Conversation) -> str:
    return text + _content(conversation)


def _appended_with_reasoning(text: str, conversation: Conversation, marks: ReasoningMarks) -> str:
    content = _content(conversation)
    printed = marks.end and ends_with_assistant(conversation)
    reasoning = conversation.messages[-1].get("reasoning_content") if printed else None
    if not content and not reasoning:
        return text
    return text + marks.opening + str(reasoning or "") + (marks.end + content if content else "")


def _content(conversation: Conversation) -> str:
    content = conversation.messages[-1].get("content") if ends_with_assistant(conversation) else None
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        content = "\n\n".join(str(part.get("text", "")) for part in content)
    return content if isinstance(content, str) else ""


PREFILLED = Step(
    "final-assistant-prefilled",
    "A final assistant message is hidden from the template and its content appended to the prompt.",
    _SOURCE,
    "So a client continues an answer. The template never sees the message, and its own end of turn is not printed.",
    on_request=_hidden,
    on_prompt=_appended,
    choice=_CHOICE,
)
# The ways in which the server begins an answer depend on the template: these two stand for what is seen of it.
_USUAL = ReasoningMarks("<think>", "</think>", True)
STEPS = (PREFILLED, prefilled_with(_USUAL), prefilled_with(ReasoningMarks("", "", True)))
