"""What a normalisation is: one named thing that a deployment does to a conversation around the template."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from portable_tpl.model.conversation import Conversation, Json

Message: TypeAlias = dict[str, Json]
Context: TypeAlias = dict[str, Json]


def _same_conversation(conversation: Conversation) -> Conversation:
    return conversation


def _same_context(context: Context, conversation: Conversation) -> Context:
    return context


def _same_text(text: str, conversation: Conversation) -> str:
    return text


def _same_template(text: str) -> str:
    return text


@dataclass(frozen=True)
class Normalisation:
    """One change that a deployment makes before, around or after the template; pure, inputs are never changed.

    ``apply`` changes the conversation as the caller gave it; ``adjust`` changes the finished context (only there can
    a variable be undefined); ``finish`` changes the prompt. The last two are also given the conversation that the
    caller gave. ``rewrite`` changes the text of the template. Each leaves alone what it does not concern. ``stacks``
    are the targets seen to do it, ``source`` says where.
    """

    name: str
    description: str
    source: str
    stacks: tuple[str, ...]
    apply: Callable[[Conversation], Conversation] = _same_conversation
    adjust: Callable[[Context, Conversation], Context] = _same_context
    finish: Callable[[str, Conversation], str] = _same_text
    rewrite: Callable[[str], str] = _same_template

    @property
    def changes_context(self) -> bool:
        """Whether it works on the finished context, so that no conversation can stand for its effect."""
        return self.adjust is not _same_context

    @property
    def changes_text(self) -> bool:
        """Whether it works on the prompt."""
        return self.finish is not _same_text

    @property
    def changes_template(self) -> bool:
        """Whether it works on the template, so that no conversation can stand for its effect."""
        return self.rewrite is not _same_template


def each_message(change: Callable[[Message], Message]) -> Callable[[Conversation], Conversation]:
    """Lift a change of one message to conversations; the same object comes back where nothing changed."""

    def apply(conversation: Conversation) -> Conversation:
        changed = [change(message) for message in conversation.messages]
        return with_messages(conversation, changed)

    return apply


def each_tool_call(change: Callable[[Message], Message]) -> Callable[[Conversation], Conversation]:
    """Lift a change of one tool call to conversations; whatever is not an object is left as it is."""

    def in_message(message: Message) -> Message:
        calls = message.get("tool_calls")
        if not isinstance(calls, list):
            return message
        changed = [change(call) if isinstance(call, dict) else call for call in calls]
        return message if _identical(changed, calls) else {**message, "tool_calls": changed}

    return each_message(in_message)


def with_messages(conversation: Conversation, messages: list[Message]) -> Conversation:
    """The conversation with other messages, or itself where they are the very same objects."""
    return (
        conversation if _identical(messages, conversation.messages) else conversation.with_changes(messages=messages)
    )


def _identical(new: Iterable[Json], old: list[Json]) -> bool:
    listed = list(new)
    return len(listed) == len(old) and all(one is other for one, other in zip(listed, old, strict=True))
