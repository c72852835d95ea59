"""The things that a request may hold, each with the text that tells it and the conversations that hold it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.release._base import Subject
from portable_tpl.release._settings import settings_of
from portable_tpl.release._thoughts import thought_end, with_thought
from portable_tpl.release._turns import (
    ASSISTANT,
    ASSISTANT_AFTER,
    DESCRIPTION,
    DESCRIPTION_AFTER,
    FUNCTION,
    FUNCTION_AFTER,
    KEY,
    OTHER_TOOL,
    PARAMETER,
    REASONING,
    RESULT,
    RESULT_AFTER,
    SYSTEM,
    USER,
    USER_AFTER,
    VALUE,
    VALUE_AFTER,
    Turns,
    content,
)
from portable_tpl.targets.steps.reference import REASONING_FIELDS
from portable_tpl.template.usage.shape import CALL, DOCUMENT, MESSAGE, PART

_ASKED = "the text of a user's earlier turn"
_REPLY, _CALL, _RESULT = "the text of an assistant's turn", "a tool call", "a tool's result"
_NAME, _VALUE = "the name of a tool call", "the value of a tool call's argument"
_SYSTEM, _OFFER, _THOUGHT = "a system message", "the description of a tool", "the reasoning of the last turn"
# One text tells a document, by its title too; with the second word it is the text and not the title.
_DOCUMENTS = (("first", "docone"), ("second", "doctwo"))
_MANY = 6  # turns of each side after the first: templates that cut the history are known to keep four to ten messages
_LINE, _LINE_AFTER, _LINE_OF_RESULT = "second-line-1", "second-line-2", "second-line-3"


class Thing(NamedTuple):
    """Something that is sent: its name in a sentence, the text that tells it, and conversations that hold it.

    It is lost where none of the conversations prints it and one at least gives a prompt. Where one of the things
    called ``part_of`` is lost, that says it all. ``others`` are texts that tell it as well.
    """

    name: str
    text: str
    conversations: tuple[Conversation, ...]
    part_of: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts that tell it."""
        return self.text, *self.others


def things_of(subject: Subject, turns: Turns) -> list[Thing]:
    """Everything that the template may be sent: each thing alone, then in company."""
    things = [*_texts(turns), *_lines(turns), *_parts(subject, turns)]
    things += [*_documents(subject, turns), *_reasoning(subject, turns), *_answers(subject, turns)]
    if mentions_tools(subject) and turns.calls:
        things += [*_calls(turns), *_results(turns)]
    if turns.tools:
        things += _offers(turns)
    return [*things, *_pairs(subject, turns)]


def mentions_tools(subject: Subject) -> bool:
    """Whether the template deals with tools at all."""
    return subject.shape.reads(("tools",)) or subject.shape.reads(CALL[:-1]) or "tool" in subject.shape.roles


def _texts(turns: Turns) -> Iterator[Thing]:
    longer = turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER), prompt=True)
    yield Thing(_ASKED, USER, (longer,))
    yield Thing(_REPLY, ASSISTANT, (longer,))
    yield Thing("the text of the last user's turn", USER_AFTER, (longer,))
    if not turns.preface:
        yield Thing(_SYSTEM, SYSTEM, (turns.conversation(turns.system(), turns.user(), prompt=True),))
    later = [turn for _ in range(_MANY) for turn in (turns.user(USER_AFTER), turns.assistant(ASSISTANT_AFTER))]
    long = (turns.conversation(turns.user(), turns.assistant(), *later, turns.user(USER_AFTER), prompt=True),)
    yield Thing("the first user's turn of a long conversation", USER, long, (_ASKED,))
    yield Thing("the first answer of a long conversation", ASSISTANT, long, (_REPLY,))
    reply = {**turns.assistant(), "tool_calls": []}
    replied = turns.conversation(turns.user(), reply, turns.user(USER_AFTER), prompt=True, tools=False)
    yield Thing("the text of a reply with tool_calls: []", ASSISTANT, (replied,), (_REPLY,))


def _parts(subject: Subject, turns: Turns) -> Iterator[Thing]:
    """Two text parts in one user's turn, of a template that looks into parts."""
    if subject.shape.keys(PART) or subject.shape.part_roles:
        parts: Json = [{"type": "text", "text": text} for text in (USER, USER_AFTER)]
        conversations = (turns.conversation({"role": "user", "content": parts}, prompt=True),)
        yield Thing("a user's text as parts", USER, conversations)
        yield Thing("the second text part of a user's turn", USER_AFTER, conversations, ("a user's text as parts",))


def _calls(turns: Turns) -> Iterator[Thing]:
    second = "the second of two tool calls side by side"
    called = turns.called()
    yield Thing(_CALL, FUNCTION, _apart(called), others=(VALUE,))
    yield Thing(_NAME, FUNCTION, _apart(called), (_CALL,))
    yield Thing("the key of a tool call's argument", KEY, _apart(called), (_CALL,))
    yield Thing(_VALUE, VALUE, (called,), (_CALL,))
    beside = turns.called(turns.call(text=ASSISTANT))
    yield Thing("the text beside a tool call", ASSISTANT, (beside,), (_REPLY,))
    parallel = _apart(turns.called_twice())
    yield Thing("the first of two tool calls side by side", FUNCTION, parallel, (_CALL, _NAME))
    yield Thing(second, FUNCTION_AFTER, parallel, (_CALL, _NAME))
    yield Thing("the argument of the first of two tool calls side by side", VALUE, parallel, (_VALUE,))
    yield Thing("the argument of the second of two tool calls side by side", VALUE_AFTER, parallel, (_VALUE, second))


def _offers(turns: Turns) -> Iterator[Thing]:
    """What two tools say of themselves."""
    offered = (_with_tools(turns),)
    second, parameter = "the second of two tools", "the parameter of a tool"
    yield Thing(_OFFER, DESCRIPTION, offered)
    yield Thing(second, FUNCTION_AFTER, offered, (_OFFER,))
    yield Thing(f"the description of {second}", DESCRIPTION_AFTER, offered, (_OFFER, second))
    yield Thing(parameter, KEY, offered, (_OFFER,))
    yield Thing("the description of a tool's parameter", PARAMETER, offered, (_OFFER, parameter))


def _results(turns: Turns) -> Iterator[Thing]:
    parallel = (turns.called_twice(),)
    yield Thing(_RESULT, RESULT, (turns.called(),))
    yield Thing("the first of two results", RESULT, parallel, (_RESULT,))
    yield Thing("the second of two results", RESULT_AFTER, parallel, (_RESULT,))
    with_parts = turns.called(result={**turns.result(), "content": content(RESULT, "parts")})
    yield Thing("a tool's result as text parts", RESULT, (with_parts,), (_RESULT,))


def _apart(conversation: Conversation) -> tuple[Conversation, ...]:
    """The conversation without tools, whose schemas print the same names as calls do, and beside another one.

    Some templates print calls only where tools are offered.
    """
    alone = conversation.with_changes(tools=None)
    return (alone, conversation.with_changes(tools=[OTHER_TOOL])) if conversation.tools else (alone,)


def _with_tools(turns: Turns) -> Conversation:
    return turns.conversation(turns.user(), prompt=True, tools=True)


def _reasoning(subject: Subject, turns: Turns) -> Iterator[Thing]:
    if any(subject.shape.reads((*MESSAGE, name)) for name in REASONING_FIELDS):
        answered = (turns.user(), turns.assistant(reasoning=REASONING))
        called = (turns.user(), turns.call(reasoning=REASONING), turns.result())
        conversations = [
            turns.conversation(*messages, prompt=prompt, variables=setting)
            for setting in settings_of(subject)
            for messages, prompt in ((answered, False), (called, True))
            if prompt is False or turns.calls
        ]
        yield Thing(_THOUGHT, REASONING, tuple(conversations))
        if turns.prints_calls and turns.final_assistant:
            # With the call last as well: a template may drop what was thought before the last turn, and mean it.
            ended = [
                turns.conversation(turns.user(), turns.call(reasoning=REASONING), variables=setting)
                for setting in settings_of(subject)
            ]
            beside = [each for each in conversations if each.add_generation_prompt]
            yield Thing("the reasoning beside a tool call", REASONING, (*beside, *ended), (_THOUGHT,))


def _documents(subject: Subject, turns: Turns) -> Iterator[Thing]:
    if subject.shape.reads(("documents",)):
        question = turns.conversation(turns.user(), prompt=True, tools=False)
        conversations = _with_documents(subject, question)
        for name, text in _DOCUMENTS:
            thing = f"the {name} of two documents"
            yield Thing(thing, text, conversations)
            yield Thing(f"the text of {thing}", f"{text}-text", conversations, (thing,))


def _with_documents(subject: Subject, conversation: Conversation) -> tuple[Conversation, ...]:
    """A conversation with two documents, in each mode of the template."""
    keys = [key for key in subject.shape.keys(DOCUMENT) if key != "title"]
    documents: list[Json] = [
        {"title": f"{text}-title", **dict.fromkeys(("text", *keys), f"{text}-text")} for _, text in _DOCUMENTS
    ]
    settings = [{}, *({name: value} for name, value in _modes(subject))]
    return tuple(conversation.with_changes(documents=documents, variables=setting) for setting in settings)


def _modes(subject: Subject) -> Iterator[tuple[str, Json]]:
    """Values that variables of the template are compared with: some print documents in one mode only."""
    for name in subject.shape.variables:
        for value in subject.shape.at((name,)).equals:
            if isinstance(value, (str, bool)):
                yield name, value


def _lines(turns: Turns) -> Iterator[Thing]:
    """The second line of each turn's text."""
    dialogue = (
        turns.user(f"{USER}\n{_LINE}"),
        turns.assistant(f"{ASSISTANT}\n{_LINE_AFTER}"),
        turns.user(USER_AFTER),
    )
    conversations = (turns.conversation(*dialogue, prompt=True),)
    yield Thing("the second line of a user's text", _LINE, conversations, (_ASKED,))
    yield Thing("the second line of an assistant's text", _LINE_AFTER, conversations, (_REPLY,))
    if turns.prints_calls:
        called = turns.called(result=turns.result(f"{RESULT}\n{_LINE_OF_RESULT}"))
        yield Thing("the second line of a tool's result", _LINE_OF_RESULT, (called,), (_RESULT,))


def _answers(subject: Subject, turns: Turns) -> Iterator[Thing]:
    """What follows a thought in an earlier turn's content, of a template that looks for the end of one there."""
    end = thought_end(subject)
    if end:
        dialogue = (turns.user(), turns.assistant(with_thought(ASSISTANT, end)), turns.user(USER_AFTER))
        yield Thing(f"the text after {end}", ASSISTANT, (turns.conversation(*dialogue, prompt=True),), (_REPLY,))


def _pairs(subject: Subject, turns: Turns) -> Iterator[Thing]:
    """Things in the company of others: one may be printed in the other's place."""
    system = turns.opening()
    both = turns.conversation(*system, turns.user(), prompt=True, tools=True)
    if system and turns.tools:
        yield Thing("a system message beside tools", SYSTEM, (both,), (_SYSTEM,))
        yield Thing("the description of a tool beside a system message", DESCRIPTION, (both,), (_OFFER,))
    if turns.tools:
        yield Thing("the text of a user's turn beside tools", USER, (both,), (_ASKED,))
    if subject.shape.reads(("documents",)):
        name, text = _DOCUMENTS[0]
        document = f"the {name} of two documents"
        if system:
            question = turns.conversation(*system, turns.user(), prompt=True, tools=False)
            conversations = _with_documents(subject, question)
            yield Thing("a system message beside documents", SYSTEM, conversations, (_SYSTEM,))
            yield Thing("a document beside a system message", text, conversations, (document,))
        if turns.tools:
            offered = _with_documents(subject, _with_tools(turns))
            yield Thing("the description of a tool beside documents", DESCRIPTION, offered, (_OFFER,))
            yield Thing("a document beside tools", text, offered, (document,))
