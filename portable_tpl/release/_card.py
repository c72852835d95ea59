"""The card of a template, from the same renders that the release checks ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portable_tpl.model.card import Card, CardVariable, Fact
from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.words import listed
from portable_tpl.release._base import NotAsked, Subject
from portable_tpl.release._findings import without_place
from portable_tpl.release._inquiry import Inquiry, reason_of
from portable_tpl.release._refusals import Request, requests_of
from portable_tpl.release._run import inspect_template
from portable_tpl.release._settings import settings_of, words_of
from portable_tpl.release._turns import (
    ASSISTANT,
    ASSISTANT_AFTER,
    CALL_ID,
    FUNCTION,
    KEY,
    REASONING,
    RESULT,
    RESULT_AFTER,
    SYSTEM,
    USER,
    USER_AFTER,
    VALUE,
    VALUE_AFTER,
    Message,
    Turns,
    content,
    turns_of,
)
from portable_tpl.targets.steps.reference import REASONING_FIELDS
from portable_tpl.template.usage.shape import MESSAGE
from portable_tpl.template.usage.variables import variables

# The texts that tell whether a request of a kind was printed.
_TOLD = {
    "system": (SYSTEM,),
    "system-later": (SYSTEM,),
    "developer": (SYSTEM,),
    "unknown-role": (SYSTEM,),
    "tool": (RESULT,),
    "parallel": (VALUE, VALUE_AFTER, RESULT, RESULT_AFTER),
    "null-content": (VALUE,),
    "no-user": (ASSISTANT,),
    "assistant-first": (ASSISTANT,),
    "assistant-last": (ASSISTANT,),
    "two-users": (USER, USER_AFTER),
    "two-assistants": (ASSISTANT, ASSISTANT_AFTER),
}
_PYTHON_PARTS = "[{'type': 'text'"
_THOUGHTS = ("thinking", "reasoning")  # types of parts
_ABOUT_TOOLS = ("tool", "parallel", "null-content")
_ROLE_WORDS = {
    "system": "system message",
    "system-later": "system message later on",
    "developer": "developer message",
    "unknown-role": "other roles",
    "no-user": "without a user's turn",
    "two-users": "two user's turns in a row",
    "two-assistants": "two assistant's turns in a row",
    "tool": "results of tools",
    "parallel": "calls side by side",
    "null-content": "calls without content",
    "assistant-first": "assistant's turn first",
    "assistant-last": "assistant's turn last",
}


def card_of(subject: Subject, inquiry: Inquiry) -> Card:
    """All facts about a template; raises :class:`NotAsked` where it takes no user's turn."""
    turns = turns_of(subject, inquiry)
    requests = requests_of(turns, inquiry)
    facts = (
        *(_request_fact("roles", each) for each in requests if each.kind not in _ABOUT_TOOLS),
        *_content(turns, inquiry),
        *_tools(turns, inquiry),
        *(_request_fact("tools", each) for each in requests if each.kind in _ABOUT_TOOLS),
        *_reasoning(subject, turns, inquiry),
        *_documents(subject, turns, inquiry),
        *_prompting(subject, inquiry),
    )
    return Card(
        subject.template.label,
        subject.template.name,
        subject.template.sha256,
        facts,
        tuple(
            CardVariable(each.name, each.flag, each.defaults, each.values)
            for each in variables(subject.parsed, subject.shape)
        ),
        generation_prompt=_added(turns, inquiry),
        reasoning_fields=_fields(subject),
        part_types=subject.shape.part_types if subject.shape.part_roles else (),
        roles=subject.shape.roles,
    )


def _request_fact(group: str, request: Request) -> Fact:
    return _fact(group, request.kind, _ROLE_WORDS[request.kind], request.rendering, *_TOLD[request.kind])


def _fact(group: str, key: str, words: str, rendering: Rendering, *texts: str) -> Fact:
    """Whether a rendering holds all texts; where it does not, why."""
    if not isinstance(rendering, Rendered):
        return Fact(group, key, words, False, reason_of(rendering))
    missing = [text for text in texts if text not in rendering.text]
    if missing:
        return Fact(group, key, words, False, "not printed" if len(missing) == len(texts) else "printed in part")
    spoilt = _PYTHON_PARTS in rendering.text
    return Fact(group, key, words, not spoilt, "printed as Python writes it" if spoilt else "")


def _content(turns: Turns, inquiry: Inquiry) -> Iterator[Fact]:
    for form, words in (("text", "content as text"), ("parts", "content as parts")):
        message: Message = {"role": "user", "content": content(USER, "text" if form == "text" else "parts")}
        yield _fact("content", form, words, inquiry.render(turns.conversation(message, prompt=True)), USER)


def _tools(turns: Turns, inquiry: Inquiry) -> Iterator[Fact]:
    offered = inquiry.render(turns.conversation(turns.user(), prompt=True, tools=True))
    schemas = bool(turns.tools) and isinstance(offered, Rendered) and FUNCTION in offered.text
    yield Fact("tools", "schemas", "schemas of tools", schemas, "" if turns.tools else "not read")
    for key, words, as_text in (
        ("arguments-mapping", "arguments as a mapping", False),
        ("arguments-text", "arguments as JSON text", True),
    ):
        rendering = inquiry.render(_called(turns, as_text=as_text))
        fact = _fact("tools", key, words, rendering, KEY, VALUE)
        twice = isinstance(rendering, Rendered) and f'{KEY}\\"' in rendering.text
        yield fact._replace(answer=False, note="encoded twice") if twice else fact
    yield _fact("tools", "ids", "ids of calls", inquiry.render(_called(turns)), CALL_ID)
    parts = turns.called(result={**turns.result(), "content": content(RESULT, "parts")})
    yield _fact("tools", "result-parts", "results as parts", inquiry.render(parts), RESULT)
    beside = turns.called(turns.call(text=ASSISTANT))
    yield _fact("tools", "text-beside", "text beside a call", inquiry.render(beside), ASSISTANT)


def _called(turns: Turns, as_text: bool | None = None) -> Conversation:
    """A call and its result, without the tools, which print the same names."""
    forms: dict[bool | None, Json] = {True: f'{{"{KEY}": "{VALUE}"}}', False: {KEY: VALUE}, None: None}
    return turns.called(turns.call(arguments=forms[as_text])).with_changes(tools=None)


def _fields(subject: Subject) -> tuple[str, ...]:
    return tuple(name for name in REASONING_FIELDS if subject.shape.reads((*MESSAGE, name)))


def _reasoning(subject: Subject, turns: Turns, inquiry: Inquiry) -> Iterator[Fact]:
    """Whether the last turn's reasoning is printed, and whether it stays once a user's turn follows."""
    if not _fields(subject):
        parts = [each for each in _THOUGHTS if each in subject.shape.part_types and _prints(each, turns, inquiry)]
        note = f"as parts of type {listed(parts, 'or')}" if parts else "no field of it is read"
        yield Fact("reasoning", "field", "reasoning", bool(parts), note)
        return
    answered = (turns.user(), turns.assistant(reasoning=REASONING))
    for key, words, messages in (
        ("last-turn", "in the last turn", answered),
        ("history", "kept in the history", (*answered, turns.user(USER_AFTER))),
    ):
        settings = settings_of(subject)
        conversations = [turns.conversation(*messages, variables=setting) for setting in settings]
        renderings = inquiry.render_all(conversations)
        usual = _fact("reasoning", key, words, renderings[0], REASONING)
        held = [
            words_of(setting).removeprefix(" ")
            for setting, rendering in zip(settings, renderings, strict=True)
            if isinstance(rendering, Rendered) and REASONING in rendering.text
        ]
        yield usual if usual.answer or not held else usual._replace(note=held[0])


def _prints(kind: str, turns: Turns, inquiry: Inquiry) -> bool:
    """Whether a thought is printed that is a part of a kind."""
    parts: Json = [{"type": kind, kind: REASONING}, {"type": "text", "text": ASSISTANT}]
    answer = inquiry.text(turns.conversation(turns.user(), {"role": "assistant", "content": parts}))
    return answer is not None and REASONING in answer


def _documents(subject: Subject, turns: Turns, inquiry: Inquiry) -> Iterator[Fact]:
    document = {"title": "document-title-1", "text": "document-text-1"}
    conversation = turns.conversation(turns.user(), prompt=True, tools=False).with_changes(documents=[document])
    fact = _fact("documents", "documents", "documents", inquiry.render(conversation), "document-text-1")
    yield fact if subject.shape.reads(("documents",)) else fact._replace(note="not read")


def _prompting(subject: Subject, inquiry: Inquiry) -> Iterator[Fact]:
    """What the release checks say, in a word each."""
    for key, code, words, group in (
        ("generation-prompt", "REL102", "generation prompt", "prompt"),
        ("continuation", "REL112", "continuing the last message", "prompt"),
        ("history", "REL101", "history stays as it was", "prompt"),
        ("mask", "REL104", "mask of the assistant's text", "training"),
    ):
        inspection = inspect_template(subject, inquiry, (code,))
        worst: Sequence[str] = [without_place(finding.message) for finding in inspection.findings]
        if inspection.unasked:
            yield Fact(group, key, words, None, inspection.unasked[0].reason)
        else:
            yield Fact(group, key, words, not worst, worst[0] if worst else "")


def _added(turns: Turns, inquiry: Inquiry) -> str:
    """What the generation flag adds after a user's turn."""
    plain = inquiry.text(turns.conversation(turns.user()))
    prompted = inquiry.text(turns.conversation(turns.user(), prompt=True))
    if plain is None or prompted is None:
        return ""
    return prompted.removeprefix(plain) if prompted.startswith(plain) else ""


__all__ = ["NotAsked", "card_of"]
