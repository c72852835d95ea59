"""The turns that release checks ask with, in the form that a template takes: texts that occur nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.release._base import NotAsked, Subject
from portable_tpl.release._inquiry import Inquiry, reason_of
from portable_tpl.targets.steps.reference import REASONING_FIELDS
from portable_tpl.template.usage.shape import MESSAGE

Form = Literal["text", "parts"]
Message = dict[str, Json]

SYSTEM = "system-text-1"
USER, USER_AFTER = "user-text-1", "user-text-2"
ASSISTANT, ASSISTANT_AFTER = "assistant-text-1", "assistant-text-2"
REASONING = "reasoning-text-1"
RESULT, RESULT_AFTER = "result-text-1", "result-text-2"
FUNCTION, FUNCTION_AFTER = "find_place", "find_route"
KEY, VALUE, VALUE_AFTER = "place_name", "place-value-1", "place-value-2"
DESCRIPTION, DESCRIPTION_AFTER = "description-text-1", "description-text-2"
PARAMETER = "parameter-text-1"
# Nine letters and digits: the one form that every template takes that looks at ids.
CALL_ID, CALL_ID_AFTER = "call12345", "call67890"

_DOCUMENT: Message = {"title": "document-title-1", "text": "document-text-1"}
_FORMS: tuple[Form, ...] = ("text", "parts")
_ABSENT = "absent"


def taking(schema: Json) -> Message:
    """The parameters of a tool that takes one thing."""
    return {"type": "object", "properties": {KEY: schema}, "required": [KEY]}


_PARAMETERS = taking({"type": "string", "description": PARAMETER})


def tool(name: str = FUNCTION, parameters: Json = _PARAMETERS, description: str = DESCRIPTION) -> Message:
    """A tool with one parameter, as clients send it, or with other parameters; ``None``: it has no such key."""
    function = {"name": name, "description": description}
    return {
        "type": "function",
        "function": function if parameters is None else {**function, "parameters": parameters},
    }


# One that shares no word with the calls.
OTHER_TOOL = tool("look_up", {"type": "object", "properties": {"word": {"type": "string"}}}, "description-text-3")


@dataclass(frozen=True)
class Turns:
    """How a template takes each turn, and the turns in that form.

    ``preface`` comes before the first user's turn where the template cannot do without it; ``needs_tools`` and
    ``documents`` are for one that cannot do without those. ``calls`` says whether a
    call and its result are taken at all, ``refusal`` why not, and
    ``prints_calls`` whether both reach the prompt. ``call_content`` is what stands beside a call. ``reasoning_field``
    is where the template looks for a thought; the reference gives one under the other names as well.
    """

    user_form: Form = "text"
    assistant_form: Form = "text"
    result_form: Form = "text"
    arguments_as_text: bool = False
    call_content: str = ""
    reasoning_field: str = "reasoning_content"
    preface: tuple[Message, ...] = ()
    tools: tuple[Message, ...] = ()
    documents: tuple[Message, ...] = ()
    needs_tools: bool = False
    final_assistant: bool = True
    calls: bool = True
    prints_calls: bool = False
    refusal: str = ""

    def system(self, role: str = "system") -> Message:
        """A system message, or the same under another role."""
        return {"role": role, "content": content(SYSTEM, self.user_form)}

    def opening(self) -> tuple[Message, ...]:
        """A system message, where the preface is none."""
        return () if self.preface else (self.system(),)

    def user(self, text: str = USER) -> Message:
        """A user's turn."""
        return {"role": "user", "content": content(text, self.user_form)}

    def assistant(self, text: str = ASSISTANT, reasoning: str | None = None) -> Message:
        """An assistant's turn, with what it thought where that is given."""
        message: Message = {"role": "assistant", "content": content(text, self.assistant_form)}
        return message if reasoning is None else {**message, self.reasoning_field: reasoning}

    def call(
        self,
        *,
        reasoning: str | None = None,
        text: str | None = None,
        both: bool = False,
        arguments: Json = None,
    ) -> Message:
        """An assistant's turn with one call, or two side by side, and maybe a text or what it thought beside them.

        ``arguments``: in place of those of the first call.
        """
        message: Message = {"role": "assistant"}
        if text is not None:
            message["content"] = content(text, self.assistant_form)
        elif self.call_content != _ABSENT:
            message["content"] = self.call_content
        if reasoning is not None:
            message[self.reasoning_field] = reasoning
        names = ((CALL_ID, FUNCTION, VALUE), (CALL_ID_AFTER, FUNCTION_AFTER, VALUE_AFTER))
        calls = [self._call(*each) for each in names[: 2 if both else 1]]
        if arguments is not None:
            calls[0]["function"]["arguments"] = arguments
        return {**message, "tool_calls": calls}

    def _call(self, call_id: str, name: str, value: str) -> Message:
        arguments: Json = f'{{"{KEY}": "{value}"}}' if self.arguments_as_text else {KEY: value}
        return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}

    def result(self, text: str = RESULT, *, second: bool = False) -> Message:
        """What a tool gave back, to the first call or to the second."""
        return {
            "role": "tool",
            "tool_call_id": CALL_ID_AFTER if second else CALL_ID,
            "name": FUNCTION_AFTER if second else FUNCTION,
            "content": content(text, self.result_form),
        }

    def conversation(
        self,
        *messages: Message,
        prompt: bool | None = False,
        tools: bool | None = None,
        variables: dict[str, Json] | None = None,
    ) -> Conversation:
        """A conversation of these turns after the preface; ``prompt`` is the generation flag.

        Tools go with it where it holds a call, or where ``tools`` says so.
        """
        with_tools = any("tool_calls" in message for message in messages) if tools is None else tools
        with_tools = with_tools or self.needs_tools
        return Conversation(
            [*self.preface, *messages],
            tools=list(self.tools) if with_tools and self.tools else None,
            documents=list(self.documents) or None,
            add_generation_prompt=prompt,
            variables=variables or {},
        )

    def called(self, call: Message | None = None, result: Message | None = None) -> Conversation:
        """A question, a call and its result, to be answered; of the usual ones where none are given."""
        return self.conversation(self.user(), call or self.call(), result or self.result(), prompt=True)

    def called_twice(self, *, calls_swapped: bool = False, results_swapped: bool = False) -> Conversation:
        """Two calls side by side and their results, to be answered; the calls, or the results, in the other order."""
        call, results = self.call(both=True), [self.result(), self.result(RESULT_AFTER, second=True)]
        calls = call["tool_calls"][:: -1 if calls_swapped else 1]
        ordered = results[:: -1 if results_swapped else 1]
        return self.conversation(self.user(), {**call, "tool_calls": calls}, *ordered, prompt=True)

    def offering(self, parameters: Json) -> Conversation:
        """A question beside one tool with these parameters (``None``: it has no such key)."""
        offered = self.conversation(self.user(), prompt=True, tools=True)
        return offered.with_changes(tools=[tool(parameters=parameters)])

    def expect_calls(self) -> None:
        """Raises :class:`NotAsked` where the template takes no calls."""
        if not self.calls:
            raise NotAsked(self.refusal)


def content(text: str, form: Form) -> Json:
    """A message's content as text or as one text part."""
    return text if form == "text" else [{"type": "text", "text": text}]


def turns_of(subject: Subject, inquiry: Inquiry) -> Turns:
    """The form in which the template takes turns; raises :class:`NotAsked` where it takes no user's turn at all."""
    known = inquiry.kept.get("turns")
    if known is None:
        known = inquiry.kept["turns"] = _learn(subject, inquiry)
    if isinstance(known, NotAsked):
        raise known
    assert isinstance(known, Turns)
    return known


def _learn(subject: Subject, inquiry: Inquiry) -> Turns | NotAsked:
    tools = (tool(), tool(FUNCTION_AFTER, description=DESCRIPTION_AFTER)) if subject.shape.reads(("tools",)) else ()
    users = [Turns(user_form=form, preface=preface, tools=tools) for preface in _prefaces() for form in _FORMS]
    if tools:
        users += [Turns(user_form=form, tools=tools, needs_tools=True) for form in _FORMS]
    if subject.shape.reads(("documents",)):
        users += [Turns(user_form=form, tools=tools, documents=(_DOCUMENT,)) for form in _FORMS]
    taken, answer = _first(inquiry, users, lambda turns: turns.conversation(turns.user(), prompt=True), USER)
    if taken is None:
        return NotAsked(f"no form of a user's turn is taken: the template {reason_of(answer)}")
    taken = _learn_assistant(inquiry, replace(taken, reasoning_field=_reasoning_field(subject)))
    return _learn_calls(inquiry, taken)


def _reasoning_field(subject: Subject) -> str:
    """``reasoning`` where the template reads that name alone: the reference does not make it of the other two."""
    read = [name for name in REASONING_FIELDS if subject.shape.reads((*MESSAGE, name))]
    return read[0] if read == ["reasoning"] else "reasoning_content"


def _prefaces() -> Iterator[tuple[Message, ...]]:
    yield ()
    for form in _FORMS:
        yield ({"role": "system", "content": content("system-preface-1", form)},)


def _learn_assistant(inquiry: Inquiry, turns: Turns) -> Turns:
    """The form of an assistant's content; where a conversation may not end with it, one goes on after it."""
    for final, printed in ((True, (ASSISTANT,)), (False, (ASSISTANT,)), (True, ()), (False, ())):
        drafts = [replace(turns, assistant_form=form, final_assistant=final) for form in _FORMS]

        def ask(draft: Turns) -> Conversation:
            end = [] if draft.final_assistant else [draft.user(USER_AFTER)]
            return draft.conversation(draft.user(), draft.assistant(), *end)

        taken, _ = _first(inquiry, drafts, ask, *printed)
        if taken is not None:
            return taken
    return replace(turns, final_assistant=False)


def _learn_calls(inquiry: Inquiry, turns: Turns) -> Turns:
    """The form of a call and of its result; the mapping and the text first, as most clients send them."""
    drafts = [
        replace(turns, arguments_as_text=as_text, call_content=beside, result_form=form)
        for form in _FORMS
        for beside in ("", _ABSENT)
        for as_text in (False, True)
    ]

    def ask(draft: Turns) -> Conversation:
        return draft.conversation(draft.user(), draft.call(), draft.result(), prompt=True)

    taken, answer = _first(inquiry, drafts, ask, VALUE, RESULT)
    if taken is not None:
        return replace(taken, prints_calls=True)
    taken, answer = _first(inquiry, drafts, ask, RESULT)
    if taken is None:
        taken, answer = _first(inquiry, drafts, ask)
    if taken is None:
        return replace(
            turns, calls=False, refusal=f"no form of a tool call is taken: the template {reason_of(answer)}"
        )
    return taken


def _first(
    inquiry: Inquiry, drafts: list[Turns], ask: Callable[[Turns], Conversation], *texts: str
) -> tuple[Turns | None, Rendering]:
    """The first of some forms whose prompt holds all texts; else ``None``, with what the first form gave."""
    answers = inquiry.render_all([ask(draft) for draft in drafts])
    for draft, answer in zip(drafts, answers, strict=True):
        if isinstance(answer, Rendered) and all(text in answer.text for text in texts):
            return draft, answer
    refused = [answer for answer in answers if not isinstance(answer, (Rendered, Failed))]
    return None, refused[0] if refused else answers[0]
