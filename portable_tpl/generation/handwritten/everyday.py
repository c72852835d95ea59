"""The ordinary and the everyday conversations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portable_tpl.generation.dialogue import takes_flat_calls, takes_wrapped_calls
from portable_tpl.generation.handwritten.tools import (
    ARGUMENTS,
    BARE_LIST,
    MARKED,
    MARKED_ARGUMENTS,
    MARKUP,
    NESTED,
    NO_ARGUMENTS,
    ODDLY_SHAPED,
    RESULT,
    RICH_ARGUMENTS,
    SHAPED,
    UNICODE_ARGUMENTS,
    WEATHER,
    WIDE,
    WIDE_ARGUMENTS,
    WIDE_TOOL,
)
from portable_tpl.generation.handwritten.turns import assistant, call_of, chat, result_of, system, tools_for, user
from portable_tpl.generation.tools import takes_flat_tools, takes_wrapped_tools
from portable_tpl.generation.values import is_flag, own_variables
from portable_tpl.model.conversation import Conversation
from portable_tpl.requests.fields import REASONING_KEYS
from portable_tpl.requests.parts import media_part
from portable_tpl.requests.roles import STANDARD_ROLES, kind_of_role
from portable_tpl.template.usage.shape import CONTENT, MESSAGE, TOOL, TemplateShape

UNICODE = "Grüße, ÉCOLE, Привет, 你好, مرحبا, 👩‍👩‍👧 e\u0301"
WHITESPACE = "  \n lead and\r\ntrail \t\n "


def ordinary(shape: TemplateShape) -> Iterator[Conversation]:
    """What every client sends: chats, calls of tools, parts, each variable of the template's own."""
    yield chat(user())
    yield chat(system(), user("What is 2 + 2?"))
    yield chat(user("One"), assistant("Two"), user("Three"))
    yield chat(system(), user("One"), assistant("Two"), user("Three"), assistant("Four"), user("Five"))
    yield chat(user(), prompt=False)
    yield chat(system(), user(), assistant(), user("Bye"), prompt=None)
    yield chat(user(MARKUP))
    for text in (WHITESPACE, MARKUP, UNICODE, "line\nline\n\nline"):
        yield chat(system(text), user(text), assistant(text), user(text))
    # Engines that compare mappings by identity take the first of two equal messages for another one.
    yield chat(user("Go on"), assistant("One"), user("Go on"), assistant("Two"), user("Go on"))
    yield from _reasoning(shape)
    yield from _tool_use(shape)
    yield from _schemas(shape)
    yield from _parts(shape)
    yield from _variables(shape)
    for role in shape.roles:
        if role not in STANDARD_ROLES and kind_of_role(role) not in ("own", "system"):
            yield from _own_role(shape, role)


def everyday(shape: TemplateShape) -> Iterator[Conversation]:
    """What the everyday tier adds: empty and wide texts, documents, roles of the template's own, its markers."""
    for text in ("", WIDE):
        yield chat(system(text), user(text), assistant(text), user(text))
    wide = assistant(f"<think>{WIDE}</think>{WIDE}", reasoning_content=WIDE)
    yield chat(user("Why?"), wide, user("And?"), wide, user("So?"))
    yield from _rare_tool_use(shape)
    yield from _documents(shape)
    for role in shape.roles:
        if role != "developer" and kind_of_role(role) == "own":
            yield from _own_role(shape, role)
    for marker in shape.markers(CONTENT)[:12]:
        yield chat(user("Hi"), assistant(f"a {marker} b"), user("And?"))
        if marker in shape.markers(CONTENT, special=False):
            yield chat(user(f"a {marker} b"), assistant("Yes"), user(f"{marker}x{marker}"))
            closing = marker[:1] + "/" + marker[1:]
            if closing in shape.markers(CONTENT):
                enclosed = user(f"{marker}\nx\n{closing}")
                yield chat(enclosed)
                yield chat(user(), assistant(), enclosed, assistant(), user("And?"))
    if shape.uses_clock:
        yield chat(user(), clock="2024-02-29T03:04:05")


def _reasoning(shape: TemplateShape) -> Iterator[Conversation]:
    thought = " Let me think.\nIt's <easy>. "
    yield chat(user("Why?"), assistant("Because.", reasoning_content=thought), user("And?"))
    yield chat(user("Why?"), assistant(f"<think>\n{thought}\n</think>\n\nBecause."), user("And?"))
    for key in REASONING_KEYS[1:]:
        if key in shape.keys(MESSAGE):
            yield chat(user("Why?"), assistant("Because.", **{key: thought}), user("And?"))
    call = call_of(shape, ARGUMENTS, "a1b2c3d4e")
    calling = assistant("", tool_calls=[call], reasoning_content=thought)
    yield chat(user("Weather?"), calling, result_of(call, RESULT), tools=tools_for(shape, WEATHER))


def _tool_use(shape: TemplateShape) -> Iterator[Conversation]:
    tools = tools_for(shape, WEATHER)
    one = call_of(shape, ARGUMENTS, "a1b2c3d4e")
    two = call_of(shape, {"city": "Oslo"}, "f5g6h7i8j")
    rich = call_of(shape, RICH_ARGUMENTS, "k9l0m1n2o")
    yield chat(user("Weather?"), tools=tools)
    yield chat(system(), user("Weather?"), tools=tools_for(shape, WEATHER, NESTED, NO_ARGUMENTS))
    yield chat(system(), user("Weather?"), assistant("", tool_calls=[one]), result_of(one, RESULT), tools=tools)
    done = [user("Weather?"), assistant("Let me look.", tool_calls=[one]), result_of(one, RESULT), assistant("22.")]
    yield chat(*done, user("Thanks"), tools=tools)
    yield chat(*done, user("Thanks"))
    # What clients of OpenAI's API send beside calls: null, or nothing.
    yield chat(user("Weather?"), assistant(None, tool_calls=[one]), result_of(one, "22"), tools=tools)
    absent = {key: value for key, value in assistant("", tool_calls=[one]).items() if key != "content"}
    yield chat(user("Weather?"), absent, result_of(one, "22"), assistant("22."), user("Thanks"), tools=tools)
    both = [assistant("", tool_calls=[one, two]), result_of(one, "22"), result_of(two, "3")]
    yield chat(user("Weather?"), *both, assistant("22 and 3."), user("Thanks"), tools=tools)
    yield chat(user("Book"), assistant("", tool_calls=[rich]), result_of(rich, "ok"), tools=tools_for(shape, NESTED))
    for arguments in (MARKED_ARGUMENTS, UNICODE_ARGUMENTS):
        odd = call_of(shape, arguments, "p1q2r3s4t")
        yield chat(user("Cook"), assistant("", tool_calls=[odd]), result_of(odd, "ok"), tools=tools)
    nameless = {key: value for key, value in result_of(one, MARKUP).items() if key != "name"}
    yield chat(user("Weather?"), assistant("", tool_calls=[one]), nameless, tools=tools)
    again = [assistant("", tool_calls=[two]), result_of(two, "3")]
    yield chat(user("Weather?"), assistant("", tool_calls=[one]), result_of(one, "22"), *again, tools=tools)


def _schemas(shape: TemplateShape) -> Iterator[Conversation]:
    """Tools as clients write their schemas; all in one where the template only dumps them."""
    yield chat(user("Sort"), tools=tools_for(shape, BARE_LIST))
    yield chat(user("Cook"), tools=tools_for(shape, MARKED))
    if not shape.children(TOOL):
        yield chat(user("Which?"), tools=tools_for(shape, *SHAPED))
        return
    for tool in SHAPED:
        yield chat(user("Which?"), tools=tools_for(shape, tool))


def _rare_tool_use(shape: TemplateShape) -> Iterator[Conversation]:
    tools = tools_for(shape, WEATHER)
    bare = call_of(shape, {"city": "Rome"}, None)
    yield chat(user("Weather?"), assistant("", tool_calls=[bare]), result_of(bare, "22"), tools=tools)
    yield chat(user("Find it"), tools=tools_for(shape, WIDE_TOOL))
    yield chat(system(WIDE), user(WIDE), tools=tools)
    wide = call_of(shape, WIDE_ARGUMENTS, "a1b2c3d4e")
    yield chat(user("Weather?"), assistant(WIDE, tool_calls=[wide]), result_of(wide, WIDE), tools=tools)
    yield chat(user("Go on"), assistant("One"), user("Go on"), tools=tools)
    if takes_flat_tools(shape) and takes_wrapped_tools(shape):
        yield chat(user("Weather?"), tools=[WEATHER["function"], NESTED["function"]])
    if takes_flat_calls(shape) and takes_wrapped_calls(shape):
        flat = {"id": "a1b2c3d4e", "name": "get_weather", "arguments": ARGUMENTS}
        yield chat(user("Weather?"), assistant("", tool_calls=[flat]), result_of(flat, "22"), tools=tools)


def _parts(shape: TemplateShape) -> Iterator[Conversation]:
    if "user" not in shape.part_roles:
        return
    text = {"type": "text", "text": MARKUP}
    yield chat(user([text]))
    yield chat(system(), user([text, {"type": "text", "text": "two"}]), assistant(), user([text]))
    for kind in shape.part_types:
        if kind == "text":
            continue
        picture = media_part(kind)
        yield chat(user([picture, text]))
        yield chat(user([text, picture, picture]), assistant(), user("And?"))
    for role in sorted(shape.part_roles - {"user"}):
        if role == "system":
            yield chat(system([text]), user([text]))
        elif role == "assistant":
            yield chat(user(), assistant([text]), user())
        elif role == "tool":
            one = call_of(shape, ARGUMENTS, "a1b2c3d4e")
            yield chat(
                user(), assistant("", tool_calls=[one]), result_of(one, [text]), tools=tools_for(shape, WEATHER)
            )


def _documents(shape: TemplateShape) -> Iterator[Conversation]:
    documents = [{"title": "Tall <penguins>", "text": "Emperor's are tall.\n"}, {"title": "é", "text": MARKUP}]
    yield chat(user("Who is tall?"), documents=documents)
    if shape.reads(("documents",)):
        yield chat(system(), user("Who is tall?"), documents=documents[:1], tools=tools_for(shape, WEATHER))


def _variables(shape: TemplateShape) -> Iterator[Conversation]:
    """Each of the template's own flags on and off, all on, all off; what is no flag is for the generated ones."""
    dialogue = [system(), user("Why?"), assistant("Because.", reasoning_content="Hm."), user("And?")]
    flags = []
    for name in own_variables(shape)[:12]:
        facts = shape.at((name,))
        if shape.children((name,)) or facts.uses & {"iterated", "joined", "pairs", "dumped", "length"}:
            continue
        values: list[Any] = list(facts.equals)
        if not values:
            values = [True, False] if is_flag(shape, name) else [MARKUP]
        if any(isinstance(value, bool) for value in values):
            flags.append(name)
        for value in values[:4]:
            if value is not None:
                yield chat(*dialogue, variables={name: value})
    if len(flags) > 1:
        yield chat(*dialogue, variables=dict.fromkeys(flags, True))
        yield chat(*dialogue, variables=dict.fromkeys(flags, False))
    if flags and shape.children(TOOL):
        for tool in ODDLY_SHAPED:  # a flag may have schemas printed that are not printed without
            yield chat(user("Which?"), tools=tools_for(shape, tool), variables=dict.fromkeys(flags, True))


def _own_role(shape: TemplateShape, role: str) -> Iterator[Conversation]:
    """What a role of the template's own may say, by whose part it plays."""
    one = call_of(shape, ARGUMENTS, "a1b2c3d4e")
    message, kind = {"role": role, "content": MARKUP}, kind_of_role(role)
    if kind == "own":
        yield chat(message, user())
        yield chat(user(), assistant(), message, user("And?"))
    elif kind == "user":
        yield chat(message, assistant(), message)
    elif kind == "assistant":
        yield chat(user(), message, user("And?"))
        yield chat(user(), {**message, "tool_calls": [one]}, result_of(one, "22"), tools=tools_for(shape, WEATHER))
    elif kind == "tool":
        called = assistant("", tool_calls=[one])
        yield chat(user(), called, result_of(one, "22", role), tools=tools_for(shape, WEATHER))
