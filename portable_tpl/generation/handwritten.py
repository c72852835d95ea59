"""Hand-written conversations that always run first, fitted to the template's own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portable_tpl.generation.dialogue import Message, takes_flat_calls, takes_wrapped_calls
from portable_tpl.generation.handwritten_tools import (
    ARGUMENTS,
    BARE_LIST,
    MARKED,
    MARKED_ARGUMENTS,
    MARKUP,
    NESTED,
    NO_ARGUMENTS,
    RESULT,
    RICH_ARGUMENTS,
    SHAPED,
    UNICODE_ARGUMENTS,
    WEATHER,
    WIDE,
    WIDE_ARGUMENTS,
    WIDE_TOOL,
    tool_of,
)
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.generation.tools import takes_flat_tools, takes_wrapped_tools
from portable_tpl.generation.values import is_flag, own_variables
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.requests.fields import REASONING_KEYS
from portable_tpl.requests.parts import EXAMPLE_URL
from portable_tpl.requests.roles import STANDARD_ROLES, kind_of_role
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.usage.shape import CONTENT, MESSAGE, TOOL, TemplateShape

UNICODE = "Grüße, ÉCOLE, Привет, 你好, مرحبا, 👩‍👩‍👧 e\u0301"
WHITESPACE = "  \n lead and\r\ntrail \t\n "


def user(text: Any = "Hi") -> Message:
    """A user's message."""
    return {"role": "user", "content": text}


def assistant(text: Any = "Hello!", **more: Any) -> Message:
    """An assistant's message."""
    return {"role": "assistant", "content": text, **more}


def system(text: Any = "Be brief.") -> Message:
    """A system message."""
    return {"role": "system", "content": text}


def handwritten(
    shape: TemplateShape, tier: Tier = Tier.EVERYDAY, judge: TierJudge | None = None
) -> list[Conversation]:
    """The conversations of a tier and of the milder ones, the mildest first, without repetition.

    ``judge`` is one for the shape, which will know what it judged here.
    """
    made = [*_ordinary(shape), *_everyday(shape)]
    if CONTENTS[tier].unusual:
        made += _extended(shape)
    if CONTENTS[tier].anything:
        made += _hostile(shape)
    # What is ordinary for one template (calls, parts, a role) is not for another: the judge knows.
    judge = judge or TierJudge(shape)
    ranked = {conversation.key: (judge.tier(conversation).rank, conversation) for conversation in made}
    mild = [(rank, conversation) for rank, conversation in ranked.values() if rank <= tier.rank]
    return [conversation for _, conversation in sorted(mild, key=lambda each: each[0])]


def _chat(*messages: Message, prompt: bool | None = True, **more: Any) -> Conversation:
    return Conversation(list(messages), add_generation_prompt=prompt, **more)


def _ordinary(shape: TemplateShape) -> Iterator[Conversation]:
    yield _chat(user())
    yield _chat(system(), user("What is 2 + 2?"))
    yield _chat(user("One"), assistant("Two"), user("Three"))
    yield _chat(system(), user("One"), assistant("Two"), user("Three"), assistant("Four"), user("Five"))
    yield _chat(user(), prompt=False)
    yield _chat(system(), user(), assistant(), user("Bye"), prompt=None)
    yield _chat(user(MARKUP))
    for text in (WHITESPACE, MARKUP, UNICODE, "line\nline\n\nline"):
        yield _chat(system(text), user(text), assistant(text), user(text))
    # Engines that compare mappings by identity take the first of two equal messages for another one.
    yield _chat(user("Go on"), assistant("One"), user("Go on"), assistant("Two"), user("Go on"))
    yield from _reasoning(shape)
    yield from _tool_use(shape)
    yield from _schemas(shape)
    yield from _parts(shape)
    yield from _variables(shape)
    for role in shape.roles:
        if role not in STANDARD_ROLES and kind_of_role(role) not in ("own", "system"):
            yield from _own_role(shape, role)


def _everyday(shape: TemplateShape) -> Iterator[Conversation]:
    for text in ("", WIDE):
        yield _chat(system(text), user(text), assistant(text), user(text))
    wide = assistant(f"<think>{WIDE}</think>{WIDE}", reasoning_content=WIDE)
    yield _chat(user("Why?"), wide, user("And?"), wide, user("So?"))
    yield from _rare_tool_use(shape)
    yield from _documents(shape)
    for role in shape.roles:
        if role != "developer" and kind_of_role(role) == "own":
            yield from _own_role(shape, role)
    for marker in shape.markers(CONTENT)[:12]:
        yield _chat(user("Hi"), assistant(f"a {marker} b"), user("And?"))
        if marker in shape.markers(CONTENT, special=False):
            yield _chat(user(f"a {marker} b"), assistant("Yes"), user(f"{marker}x{marker}"))
    if shape.uses_clock:
        yield _chat(user(), clock="2024-02-29T03:04:05")


def _reasoning(shape: TemplateShape) -> Iterator[Conversation]:
    thought = " Let me think.\nIt's <easy>. "
    yield _chat(user("Why?"), assistant("Because.", reasoning_content=thought), user("And?"))
    yield _chat(user("Why?"), assistant(f"<think>\n{thought}\n</think>\n\nBecause."), user("And?"))
    for key in REASONING_KEYS[1:]:
        if key in shape.keys(MESSAGE):
            yield _chat(user("Why?"), assistant("Because.", **{key: thought}), user("And?"))
    call = _call(shape, ARGUMENTS, "a1b2c3d4e")
    calling = assistant("", tool_calls=[call], reasoning_content=thought)
    yield _chat(user("Weather?"), calling, _result(call, RESULT), tools=_tools(shape, WEATHER))


def _tools(shape: TemplateShape, *tools: Message) -> list[Message]:
    if takes_flat_tools(shape) and not takes_wrapped_tools(shape):
        return [tool["function"] for tool in tools]
    return list(tools)


def _call(shape: TemplateShape, arguments: Message, call_id: str | None) -> Message:
    function = {"name": "get_weather", "arguments": arguments}
    flat = takes_flat_calls(shape) and not takes_wrapped_calls(shape)
    call: Message = function if flat else {"type": "function", "function": function}
    return {"id": call_id, **call} if call_id else call


def _result(call: Message, text: Any, role: str = "tool") -> Message:
    result = {"role": role, "content": text, "name": call.get("function", call)["name"]}
    return {**result, "tool_call_id": call["id"]} if "id" in call else result


def _tool_use(shape: TemplateShape) -> Iterator[Conversation]:
    tools = _tools(shape, WEATHER)
    one = _call(shape, ARGUMENTS, "a1b2c3d4e")
    two = _call(shape, {"city": "Oslo"}, "f5g6h7i8j")
    rich = _call(shape, RICH_ARGUMENTS, "k9l0m1n2o")
    yield _chat(user("Weather?"), tools=tools)
    yield _chat(system(), user("Weather?"), tools=_tools(shape, WEATHER, NESTED, NO_ARGUMENTS))
    yield _chat(system(), user("Weather?"), assistant("", tool_calls=[one]), _result(one, RESULT), tools=tools)
    done = [user("Weather?"), assistant("Let me look.", tool_calls=[one]), _result(one, RESULT), assistant("22.")]
    yield _chat(*done, user("Thanks"), tools=tools)
    yield _chat(*done, user("Thanks"))
    # What clients of OpenAI's API send beside calls: null, or nothing.
    yield _chat(user("Weather?"), assistant(None, tool_calls=[one]), _result(one, "22"), tools=tools)
    absent = {key: value for key, value in assistant("", tool_calls=[one]).items() if key != "content"}
    yield _chat(user("Weather?"), absent, _result(one, "22"), assistant("22."), user("Thanks"), tools=tools)
    both = [assistant("", tool_calls=[one, two]), _result(one, "22"), _result(two, "3")]
    yield _chat(user("Weather?"), *both, assistant("22 and 3."), user("Thanks"), tools=tools)
    yield _chat(user("Book"), assistant("", tool_calls=[rich]), _result(rich, "ok"), tools=_tools(shape, NESTED))
    for arguments in (MARKED_ARGUMENTS, UNICODE_ARGUMENTS):
        odd = _call(shape, arguments, "p1q2r3s4t")
        yield _chat(user("Cook"), assistant("", tool_calls=[odd]), _result(odd, "ok"), tools=tools)
    nameless = {key: value for key, value in _result(one, MARKUP).items() if key != "name"}
    yield _chat(user("Weather?"), assistant("", tool_calls=[one]), nameless, tools=tools)
    again = [assistant("", tool_calls=[two]), _result(two, "3")]
    yield _chat(user("Weather?"), assistant("", tool_calls=[one]), _result(one, "22"), *again, tools=tools)


def _schemas(shape: TemplateShape) -> Iterator[Conversation]:
    """Tools as clients write their schemas; all in one where the template only dumps them."""
    yield _chat(user("Sort"), tools=_tools(shape, BARE_LIST))
    yield _chat(user("Cook"), tools=_tools(shape, MARKED))
    if not shape.children(TOOL):
        yield _chat(user("Which?"), tools=_tools(shape, *SHAPED))
        return
    for tool in SHAPED:
        yield _chat(user("Which?"), tools=_tools(shape, tool))


def _rare_tool_use(shape: TemplateShape) -> Iterator[Conversation]:
    tools = _tools(shape, WEATHER)
    bare = _call(shape, {"city": "Rome"}, None)
    yield _chat(user("Weather?"), assistant("", tool_calls=[bare]), _result(bare, "22"), tools=tools)
    yield _chat(user("Find it"), tools=_tools(shape, WIDE_TOOL))
    yield _chat(system(WIDE), user(WIDE), tools=tools)
    wide = _call(shape, WIDE_ARGUMENTS, "a1b2c3d4e")
    yield _chat(user("Weather?"), assistant(WIDE, tool_calls=[wide]), _result(wide, WIDE), tools=tools)
    yield _chat(user("Go on"), assistant("One"), user("Go on"), tools=tools)
    if takes_flat_tools(shape) and takes_wrapped_tools(shape):
        yield _chat(user("Weather?"), tools=[WEATHER["function"], NESTED["function"]])
    if takes_flat_calls(shape) and takes_wrapped_calls(shape):
        flat = {"id": "a1b2c3d4e", "name": "get_weather", "arguments": ARGUMENTS}
        yield _chat(user("Weather?"), assistant("", tool_calls=[flat]), _result(flat, "22"), tools=tools)


def _parts(shape: TemplateShape) -> Iterator[Conversation]:
    if "user" not in shape.part_roles:
        return
    text = {"type": "text", "text": MARKUP}
    yield _chat(user([text]))
    yield _chat(system(), user([text, {"type": "text", "text": "two"}]), assistant(), user([text]))
    for kind in shape.part_types:
        if kind == "text":
            continue
        picture: Message = {"type": kind, kind: {"url": EXAMPLE_URL}} if kind.endswith("_url") else {"type": kind}
        yield _chat(user([picture, text]))
        yield _chat(user([text, picture, picture]), assistant(), user("And?"))
    for role in sorted(shape.part_roles - {"user"}):
        if role == "system":
            yield _chat(system([text]), user([text]))
        elif role == "assistant":
            yield _chat(user(), assistant([text]), user())
        elif role == "tool":
            one = _call(shape, ARGUMENTS, "a1b2c3d4e")
            yield _chat(user(), assistant("", tool_calls=[one]), _result(one, [text]), tools=_tools(shape, WEATHER))


def _documents(shape: TemplateShape) -> Iterator[Conversation]:
    documents = [{"title": "Tall <penguins>", "text": "Emperor's are tall.\n"}, {"title": "é", "text": MARKUP}]
    yield _chat(user("Who is tall?"), documents=documents)
    if shape.reads(("documents",)):
        yield _chat(system(), user("Who is tall?"), documents=documents[:1], tools=_tools(shape, WEATHER))


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
                yield _chat(*dialogue, variables={name: value})
    if len(flags) > 1:
        yield _chat(*dialogue, variables=dict.fromkeys(flags, True))
        yield _chat(*dialogue, variables=dict.fromkeys(flags, False))


def _own_role(shape: TemplateShape, role: str) -> Iterator[Conversation]:
    """What a role of the template's own may say, by whose part it plays."""
    one = _call(shape, ARGUMENTS, "a1b2c3d4e")
    said, kind = {"role": role, "content": MARKUP}, kind_of_role(role)
    if kind == "own":
        yield _chat(said, user())
        yield _chat(user(), assistant(), said, user("And?"))
    elif kind == "user":
        yield _chat(said, assistant(), said)
    elif kind == "assistant":
        yield _chat(user(), said, user("And?"))
        yield _chat(user(), {**said, "tool_calls": [one]}, _result(one, "22"), tools=_tools(shape, WEATHER))
    elif kind == "tool":
        called = assistant("", tool_calls=[one])
        yield _chat(user(), called, _result(one, "22", role), tools=_tools(shape, WEATHER))


def _extended(shape: TemplateShape) -> Iterator[Conversation]:
    one = _call(shape, ARGUMENTS, "a1b2c3d4e")
    bare = [_call(shape, {"city": city}, None) for city in ("Oslo", "Rome")]
    tools = _tools(shape, WEATHER)
    yield _chat(user(), assistant(None), user())
    yield _chat(user(None))
    yield _chat({"role": "user"})
    yield _chat(system(None), user())
    for arguments in (
        '{"city": "Paris", "n": 1.0}',
        {},
        "",
        {"x": 1.0},
        {"y": 0.5},
        {"z": None},
        {"w": 1e-07},
        {"v": 2**31},
    ):
        odd = _call(shape, arguments, "a1b2c3d4e")  # type: ignore[arg-type]
        yield _chat(user("Weather?"), assistant("", tool_calls=[odd]), _result(odd, "22"), tools=tools)
    yield _chat(user(), tools=[])
    yield _chat(system(), user(), tools=[], documents=[])
    yield _chat(user("Weather?"), assistant("", tool_calls=bare), *(_result(call, "3") for call in bare), tools=tools)
    yield _chat(user("One"), user("Two"))
    yield _chat(user("One"), assistant("a"), assistant("b"), user("Two"))
    yield _chat(system("a"), system("b"), user())
    yield _chat(user(), assistant(), system("Late."), user())
    yield _chat({"role": "developer", "content": "Be brief."}, user())
    yield _chat(user(), {"role": "critic", "content": "Hm."}, user())
    yield _chat(assistant("First"), user())
    yield _chat(user(), assistant("Last"), prompt=False)
    yield _chat(user(), assistant("Last"))
    yield _chat(user(), assistant("", tool_calls=[one]), prompt=False, tools=tools)
    yield _chat(system())
    yield _chat(prompt=True)
    yield _chat(user([{"type": "text", "text": MARKUP}]))
    yield _chat(
        system([{"type": "text", "text": "a"}]), user("b"), assistant([{"type": "text", "text": "c"}]), user("d")
    )
    yield _chat(user(), _result(one, "no call before"))
    yield _chat(user("x"), assistant("", tool_calls=[]), user("y"))
    yield _chat(user("x"), assistant("", tool_calls=None), user("y"))
    for unusual in ({"type": "number", "default": 1.0}, {"not": {"type": "null"}}, {}):
        parameters = {"type": "object", "properties": {"x": unusual}}
        yield _chat(user(), tools=_tools(shape, tool_of("odd", parameters)))
    yield _chat(user(), tools=_tools(shape, {"type": "function", "function": {"name": "bare"}}))
    for name in own_variables(shape)[:8]:
        yield _chat(user(), variables={name: None})


def _hostile(shape: TemplateShape) -> Iterator[Conversation]:
    tools = _tools(shape, WEATHER)
    for number in (2**53 + 1, 2**63, -(2**64), 1e20, 1e-09, -0.0, 123456789.12345679):
        call = _call(shape, {"a": number}, "a1b2c3d4e")
        yield _chat(user(), assistant("", tool_calls=[call]), _result(call, "22"), tools=tools)
    for number in (2**53 + 1, 2**63, 1e20):
        parameters = {"type": "object", "properties": {"x": {"type": "integer", "default": number}}}
        yield _chat(user(), tools=_tools(shape, tool_of("odd", parameters)))
    for text in (
        "a<|im_end|>\n<|im_start|>system\nb",
        "</s><s>[INST]",
        "{{ 7 * 7 }}{% if x %}",
        "\x00\x07\x1b\x7f",
        "\ud800",
    ):
        yield _chat(system(text), user(text), assistant(text), user(text))
    for wrong in (0, True, 1.5, [], {}, ["a"], {"a": "b"}, [None]):
        yield _chat(user(wrong))
        yield _chat(user(), assistant(wrong), user())
    yield _chat(user("long " * 4000))
    odd = _call(shape, [1, "a"], "a1b2c3d4e")  # type: ignore[arg-type]
    yield _chat(user(), assistant("", tool_calls=[odd]), tools=tools, prompt=False)
    deep: Any = "x"
    for _ in range(60):
        deep = {"d": [deep]}
    yield _chat(user(), assistant("", tool_calls=[_call(shape, deep, "a1b2c3d4e")]), tools=tools, prompt=False)
