"""Something that was sent is neither printed nor refused.

What it asks
------------
Whether each thing that a request may hold is in the prompt: each turn's text, each of two text parts of a user's
turn, a system message, the text beside a tool call, the name, the keys and the values of a call, each of two calls
side by side, each result, a result as text parts, a reply with ``tool_calls: []``, a tool's description, the
reasoning of the last turn, each document.

Why it matters
--------------
A model cannot know what it is not shown, and nobody is told: the request looks as if it had worked. It is an
error where the template deals with such things at all. A template that knows no tools gets one note.

Example
-------
``{% if message.tool_calls is defined %}`` prints the calls and skips the content: with ``tool_calls: []`` the reply
is lost.

What to do
----------
Print it, or refuse the request with ``raise_exception``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.release._base import Example, Exchange, Observation, Subject
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._settings import settings_of
from portable_tpl.release._turns import (
    ASSISTANT,
    DESCRIPTION,
    FUNCTION,
    FUNCTION_AFTER,
    KEY,
    REASONING,
    RESULT,
    RESULT_AFTER,
    SYSTEM,
    USER,
    USER_AFTER,
    VALUE,
    Message,
    Turns,
    content,
    turns_of,
)
from portable_tpl.targets.steps.reference import REASONING_FIELDS
from portable_tpl.template.usage.shape import CALL, DOCUMENT, MESSAGE, PART

CODE = "REL105"

_REPLY, _CALL, _RESULT = "the text of an assistant's turn", "a tool call", "a tool's result"
_DOCUMENT_TEXTS = ("document-text-1", "document-text-2")


class _Thing(NamedTuple):
    """Something that is sent: its name in a sentence, the text that tells it, and conversations that hold it.

    It is lost where none of the conversations prints it and one at least gives a prompt. Where the thing called
    ``part_of`` is lost, that says it all.
    """

    name: str
    text: str
    conversations: tuple[Conversation, ...]
    part_of: str = ""


def examine(subject: Subject, inquiry: Inquiry) -> Iterator[Observation]:
    """One observation a thing that is lost, and one note for a template without tools."""
    turns = turns_of(subject, inquiry)
    tools = _mentions_tools(subject)
    things = [*_texts(turns), *_parts(subject, turns), *_documents(subject, turns), *_reasoning(subject, turns)]
    if tools and turns.calls:
        things += [*_calls(turns), *_results(turns)]
    if turns.tools:
        things.append(_Thing("the description of a tool", DESCRIPTION, (_with_tools(turns),)))
    inquiry.render_all([each for thing in things for each in thing.conversations])
    lost = {thing.name for thing in things if _is_lost(thing.text, inquiry.render_all(thing.conversations))}
    for thing in things:
        if thing.name in lost and thing.part_of not in lost:
            yield _observation(thing)
    if not tools:
        yield from _no_tools(turns, inquiry)


def _mentions_tools(subject: Subject) -> bool:
    return subject.shape.reads(("tools",)) or subject.shape.reads(CALL[:-1]) or "tool" in subject.shape.roles


def _texts(turns: Turns) -> Iterator[_Thing]:
    longer = turns.conversation(turns.user(), turns.assistant(), turns.user(USER_AFTER), prompt=True)
    yield _Thing("the text of a user's earlier turn", USER, (longer,))
    yield _Thing(_REPLY, ASSISTANT, (longer,))
    yield _Thing("the text of the last user's turn", USER_AFTER, (longer,))
    if not turns.preface:
        system: Message = {"role": "system", "content": content(SYSTEM, turns.user_form)}
        yield _Thing("a system message", SYSTEM, (turns.conversation(system, turns.user(), prompt=True),))
    reply = {**turns.assistant(), "tool_calls": []}
    replied = turns.conversation(turns.user(), reply, turns.user(USER_AFTER), prompt=True, tools=False)
    yield _Thing("the text of a reply with tool_calls: []", ASSISTANT, (replied,), _REPLY)


def _parts(subject: Subject, turns: Turns) -> Iterator[_Thing]:
    """Two text parts in one user's turn, of a template that looks into parts."""
    if subject.shape.keys(PART) or subject.shape.part_roles:
        parts: Json = [{"type": "text", "text": text} for text in (USER, USER_AFTER)]
        conversations = (turns.conversation({"role": "user", "content": parts}, prompt=True),)
        yield _Thing("a user's text as parts", USER, conversations)
        yield _Thing("the second text part of a user's turn", USER_AFTER, conversations, "a user's text as parts")


def _calls(turns: Turns) -> Iterator[_Thing]:
    called = turns.conversation(turns.user(), turns.call(), turns.result(), prompt=True)
    yield _Thing(_CALL, FUNCTION, (_without_tools(called),))
    yield _Thing("the key of a tool call's argument", KEY, (_without_tools(called),), _CALL)
    yield _Thing("the value of a tool call's argument", VALUE, (called,), _CALL)
    beside = turns.conversation(turns.user(), turns.call(text=ASSISTANT), turns.result(), prompt=True)
    yield _Thing("the text beside a tool call", ASSISTANT, (beside,), _REPLY)
    parallel = (_without_tools(_parallel(turns)),)
    yield _Thing("the second of two tool calls side by side", FUNCTION_AFTER, parallel, _CALL)


def _results(turns: Turns) -> Iterator[_Thing]:
    called = turns.conversation(turns.user(), turns.call(), turns.result(), prompt=True)
    yield _Thing(_RESULT, RESULT, (called,))
    yield _Thing("the first of two results", RESULT, (_parallel(turns),), _RESULT)
    yield _Thing("the second of two results", RESULT_AFTER, (_parallel(turns),), _RESULT)
    parts = {**turns.result(), "content": content(RESULT, "parts")}
    with_parts = turns.conversation(turns.user(), turns.call(), parts, prompt=True)
    yield _Thing("a tool's result as text parts", RESULT, (with_parts,), _RESULT)


def _parallel(turns: Turns) -> Conversation:
    results = (turns.result(), turns.result(RESULT_AFTER, second=True))
    return turns.conversation(turns.user(), turns.call(both=True), *results, prompt=True)


def _without_tools(conversation: Conversation) -> Conversation:
    """The tools' schemas print the same names as calls do."""
    return conversation.with_changes(tools=None)


def _with_tools(turns: Turns) -> Conversation:
    return turns.conversation(turns.user(), prompt=True, tools=True)


def _reasoning(subject: Subject, turns: Turns) -> Iterator[_Thing]:
    if any(subject.shape.reads((*MESSAGE, name)) for name in REASONING_FIELDS):
        answered = (turns.user(), turns.assistant(reasoning=REASONING))
        called = (turns.user(), turns.call(reasoning=REASONING), turns.result())
        conversations = [
            turns.conversation(*messages, prompt=prompt, variables=setting)
            for setting in settings_of(subject)
            for messages, prompt in ((answered, False), (called, True))
            if prompt is False or turns.calls
        ]
        yield _Thing("the reasoning of the last turn", REASONING, tuple(conversations))


def _documents(subject: Subject, turns: Turns) -> Iterator[_Thing]:
    if not subject.shape.reads(("documents",)):
        return
    keys = [key for key in subject.shape.keys(DOCUMENT) if key not in ("title", "text")]
    documents = [_document(text, keys) for text in _DOCUMENT_TEXTS]
    conversation = turns.conversation(turns.user(), prompt=True, tools=False).with_changes(documents=documents)
    settings = [{}, *({name: value} for name, value in _modes(subject))]
    conversations = tuple(conversation.with_changes(variables=setting) for setting in settings)
    for text, name in zip(_DOCUMENT_TEXTS, ("first", "second"), strict=True):
        yield _Thing(f"the {name} of two documents", text, conversations)


def _document(text: str, keys: Sequence[str]) -> Message:
    return {"title": f"title of {text}", "text": text, **dict.fromkeys(keys, text)}


def _modes(subject: Subject) -> Iterator[tuple[str, Json]]:
    """Values that variables of the template are compared with: some print documents in one mode only."""
    for name in subject.shape.variables:
        for value in subject.shape.at((name,)).equals:
            if isinstance(value, (str, bool)):
                yield name, value


def _no_tools(turns: Turns, inquiry: Inquiry) -> Iterator[Observation]:
    called = turns.conversation(turns.user(), turns.call(), turns.result(), prompt=True)
    rendering = inquiry.render(called)
    if isinstance(rendering, Rendered) and not _holds_text(rendering, FUNCTION):
        yield Observation(
            Severity.NOTE,
            "There is no support for tools: a tool call is not in the prompt, and nothing refuses it",
            (Exchange("a tool call and its result", called),),
        )


def _is_lost(text: str, answers: Sequence[Rendering]) -> bool:
    printed = [answer for answer in answers if isinstance(answer, Rendered)]
    return bool(printed) and not any(_holds_text(answer, text) for answer in printed)


def _holds_text(rendering: Rendering, text: str) -> bool:
    return isinstance(rendering, Rendered) and _plain(text) in _plain(rendering.text)


def _plain(text: str) -> str:
    """Without case, and without what a template may put in place of dashes and underscores."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _observation(thing: _Thing) -> Observation:
    text = thing.text
    return Observation(
        Severity.ERROR,
        f"{thing.name[0].upper()}{thing.name[1:]} is lost: it is not in the prompt, and nothing refuses it",
        (Exchange(f"{thing.name}: {text!r}", thing.conversations[0]),),
        holds=lambda renderings: _is_lost(text, renderings),
    )


_TURN = "    {{- '<|' + m.role + '|>' + m.content + '<|end|>' }}\n"
_LOOP = "{%- for m in messages %}\n__{%- endfor %}\n"
_TOOLS = "{%- if tools %}{{ '<|tools|>' + tools | tojson }}{% endif %}\n"
_CALLS = """\
    {{- '<|' + m.role + '|>' + m.content }}
    {%- for call in m.tool_calls or [] %}
        {{- '<call>' + call.function | tojson + '</call>' }}
    {%- endfor %}
    {{- '<|end|>' }}
"""
_WITH_CALLS = """\
    {%- if m.tool_calls is defined %}
        {%- for call in m.tool_calls %}{{ '<call>' + call.function | tojson + '</call>' }}{% endfor %}
    {%- else %}{{ m.content }}{% endif %}
"""
_PARTS = """\
    {%- set text = m.content if m.content is string else m.content | map(attribute='text') | join %}
"""

VALID = (
    Example(_TOOLS + _LOOP.replace("__", _PARTS + _CALLS.replace("m.content", "text"))),
    # A system message that is refused is not lost.
    Example(
        "{%- if messages[0].role == 'system' %}{{ raise_exception('no system message') }}{% endif %}\n"
        + _TOOLS
        + _LOOP.replace("__", _PARTS + _CALLS.replace("m.content", "text"))
    ),
    Example(
        "{%- for d in documents or [] %}{{ '<doc>' + d.title + d.text }}{% endfor %}\n"
        + _TOOLS
        + _LOOP.replace("__", _PARTS + _CALLS.replace("m.content", "text"))
    ),
)
INVALID = (
    Example(
        _TOOLS
        + _LOOP.replace(
            "__",
            _PARTS.replace("m.content | map(attribute='text') | join", "m.content[0].text")
            + _CALLS.replace("m.content", "text"),
        ),
        Severity.ERROR,
    ),
    Example(_TOOLS + _LOOP.replace("__", _TURN), Severity.ERROR),
    Example(_TOOLS + _LOOP.replace("__", _WITH_CALLS), Severity.ERROR),
    Example(
        _LOOP.replace("__", _TURN.replace("{{-", "{%- if m.role != 'system' %}{{").replace("}}", "}}{% endif %}")),
        Severity.ERROR,
    ),
    Example(_LOOP.replace("__", _TURN), Severity.NOTE),
)
