"""Conversations beside the same with turns after them, which begin alike where a history is stable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import ASSISTANT, REASONING, SYSTEM, USER_AFTER, Message, Turns


class Pair(NamedTuple):
    """A conversation and one that goes on from it, both rendered with one setting of the flags.

    ``follows`` says in a sentence's words what the longer one has beside the shorter, ``beside`` what both have.
    ``plain`` is the shorter one without the generation prompt, where it has one.
    """

    kind: str
    follows: str
    shorter: Conversation
    longer: Conversation
    setting: dict[str, Json]
    plain: Conversation | None = None
    beside: str = ""

    @property
    def conversations(self) -> list[Conversation]:
        """What an engine is asked."""
        return [self.shorter, self.longer, *([] if self.plain is None else [self.plain])]


_RESULT, _USER = "a tool's result", "a user's turn"
_Setting = dict[str, Json]


def pairs_of(turns: Turns, setting: _Setting) -> Iterator[Pair]:
    """What goes on without a system message, and without tools but for calls."""
    if turns.final_assistant:
        if not setting:
            spaced = turns.conversation(turns.user(), turns.assistant(f"\n\n{ASSISTANT}\n"))
            yield Pair("space", _USER, spaced, _extended(spaced, turns.user(USER_AFTER)), setting)
        for suffix, reasoning in (("", None), ("-reasoning", REASONING)):
            answered = turns.conversation(turns.user(), turns.assistant(reasoning=reasoning), variables=setting)
            yield Pair(f"user{suffix}", _USER, answered, _extended(answered, turns.user(USER_AFTER)), setting)
            if turns.prints_calls:
                called = turns.conversation(turns.user(), turns.call(reasoning=reasoning), variables=setting)
                yield Pair(f"tool{suffix}", _RESULT, called, _extended(called, turns.result()), setting)
    yield from _prompts(turns, turns.conversation(turns.user(), variables=setting))
    if turns.prints_calls:
        yield from _tool_pairs(turns, turns.conversation(turns.user(), tools=True, variables=setting))


def furnished_pairs(turns: Turns, inquiry: Inquiry) -> Iterator[Pair]:
    """The same with tools that nobody calls, and with a system message, where the template takes them."""
    offered = turns.conversation(turns.user(), tools=True)
    if turns.tools and not turns.needs_tools:
        yield from (pair._replace(beside=" with tools") for pair in _prompts(turns, offered))
    if not turns.preface:
        system = turns.system()
        conversation = turns.conversation(system, turns.user())
        if SYSTEM in (inquiry.text(conversation.with_changes(add_generation_prompt=True)) or ""):
            beside = " with a system message"
            yield from (pair._replace(beside=beside) for pair in _prompts(turns, conversation))
            if turns.prints_calls:
                conversation = turns.conversation(system, turns.user(), tools=True)
                yield from (pair._replace(beside=beside) for pair in _tool_pairs(turns, conversation))


def _prompts(turns: Turns, conversation: Conversation) -> Iterator[Pair]:
    """What a model is asked after a user's turn, and after the answer and another one."""
    follows = "an answer and a user's turn"
    longer = _extended(conversation, turns.assistant(), turns.user(USER_AFTER), prompt=True)
    yield Pair("user", follows, _extended(conversation, prompt=True), longer, conversation.variables, conversation)


def _tool_pairs(turns: Turns, conversation: Conversation) -> Iterator[Pair]:
    """What a model is asked before a call, after its result, and after the answer to that."""
    called = _extended(conversation, turns.call(), turns.result())
    prompted = _extended(called, prompt=True)
    yield Pair(
        "tool",
        "a call with its result",
        _extended(conversation, prompt=True),
        prompted,
        conversation.variables,
        conversation,
    )
    answered = _extended(called, turns.assistant())
    longer = _extended(answered, turns.user(USER_AFTER), prompt=True)
    yield Pair("user", "an answer and a user's turn", prompted, longer, conversation.variables, called)
    if turns.final_assistant:
        yield Pair("user", _USER, answered, longer, conversation.variables)


def _extended(conversation: Conversation, *messages: Message, prompt: bool = False) -> Conversation:
    return conversation.with_changes(messages=[*conversation.messages, *messages], add_generation_prompt=prompt)
