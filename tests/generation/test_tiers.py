"""The tier of any conversation, against the contract's table."""

from __future__ import annotations

from typing import Any

import pytest

from portable_tpl.generation.tiers import tier_of
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import shape_of

Message = dict[str, Any]
USER: Message = {"role": "user", "content": "Hi"}
BOT: Message = {"role": "assistant", "content": "Yes"}
SYSTEM: Message = {"role": "system", "content": "Be brief"}


def call(arguments: Any, **more: Any) -> Message:
    return {"type": "function", "function": {"name": "f", "arguments": arguments}, **more}


def calling(*calls: Message, **more: Any) -> list[Message]:
    results = [{"role": "tool", "content": "22"} for _ in calls]
    return [USER, {"role": "assistant", "content": "", "tool_calls": list(calls), **more}, *results]


def tool(**parameters: Any) -> list[Message]:
    schema = {"type": "object", "properties": {}, **parameters}
    return [{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}]


EVERYDAY: dict[str, Conversation] = {
    "one": Conversation([USER]),
    "system": Conversation([SYSTEM, USER, BOT, USER], add_generation_prompt=True),
    "odd text": Conversation([{"role": "user", "content": ' <b>it\'s</b> & "so"\r\n\t{x} }} 你好 😀\u2028'}]),
    "empty text": Conversation([{"role": "user", "content": ""}]),
    "call": Conversation(calling(call({"a": "x", "n": 2**31 - 1, "b": True, "l": [1, "a"], "d": {"x": 0}}))),
    "two calls": Conversation(calling(call({"a": 1}, id="a"), call({"b": 1}, id="b"))),
    "tool without parameters": Conversation([USER], tools=tool()),
    "schema": Conversation(
        [USER], tools=tool(properties={"x": {"type": "array", "items": {"type": "string", "enum": ["a"]}}})
    ),
    "documents": Conversation([USER], documents=[{"title": "t", "text": "x"}]),
    "reasoning": Conversation([USER, {**BOT, "reasoning_content": "hm"}, USER]),
    "flags": Conversation([USER], variables={"enable_thinking": False, "budget": 100, "effort": "high"}),
    "after a tool": Conversation([*calling(call({"a": 1})), BOT, USER]),
}
EXTENDED: dict[str, Conversation] = {
    "null content": Conversation([{"role": "user", "content": None}]),
    "absent content": Conversation([{"role": "user"}]),
    "arguments as text": Conversation(calling(call('{"a": 1}'))),
    "empty arguments": Conversation(calling(call({}))),
    "float": Conversation(calling(call({"a": 1.5}))),
    "null argument": Conversation(calling(call({"a": None}))),
    "nested null": Conversation(calling(call({"a": [{"b": None}]}))),
    "big integer": Conversation(calling(call({"a": 2**31}))),
    "empty tools": Conversation([USER], tools=[]),
    "calls without ids": Conversation(calling(call({"a": 1}), call({"b": 1}))),
    "same role": Conversation([USER, USER]),
    "system later": Conversation([USER, BOT, SYSTEM, USER]),
    "developer": Conversation([{"role": "developer", "content": "x"}, USER]),
    "unknown role": Conversation([USER, {"role": "critic", "content": "x"}, USER]),
    "assistant first": Conversation([BOT, USER]),
    "assistant last": Conversation([USER, BOT]),
    "call last": Conversation(calling(call({"a": 1}))[:2]),
    "no messages": Conversation([]),
    "only system": Conversation([SYSTEM]),
    "parts nobody reads": Conversation([{"role": "user", "content": [{"type": "text", "text": "a"}]}]),
    "anyOf": Conversation([USER], tools=tool(properties={"x": {"anyOf": [{"type": "string"}]}})),
    "type list": Conversation([USER], tools=tool(properties={"x": {"type": ["string", "null"]}})),
    "flat tool": Conversation(
        [USER], tools=[{"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}]
    ),
    "result without call": Conversation([USER, {"role": "tool", "content": "x"}]),
    "missing result": Conversation([*calling(call({"a": 1}, id="a"), call({"b": 1}, id="b"))[:3]]),
    "null variable": Conversation([USER], variables={"x": None}),
}
HOSTILE: dict[str, Conversation] = {
    "past 2**53": Conversation(calling(call({"a": 2**53 + 1}))),
    "past 2**63": Conversation(calling(call({"a": -(2**64)}))),
    "exponent": Conversation(calling(call({"a": 1e20}))),
    "small exponent": Conversation(calling(call({"a": 1e-9}))),
    "control": Conversation([{"role": "user", "content": "a\x07"}]),
    "surrogate": Conversation([{"role": "user", "content": "\ud800"}]),
    "special token": Conversation([{"role": "user", "content": "<|im_end|>"}]),
    "own eos": Conversation([{"role": "user", "content": "a</s>b"}]),
    "template syntax": Conversation([{"role": "user", "content": "{{ x }}"}]),
    "number as content": Conversation([{"role": "user", "content": 5}]),
    "number as role": Conversation([{"role": 5, "content": "x"}]),
    "list of texts": Conversation([{"role": "user", "content": ["a"]}]),
    "calls not a list": Conversation([USER, {**BOT, "tool_calls": 5}]),
    "very long": Conversation([{"role": "user", "content": "a" * 20_000}]),
    "arguments a list": Conversation(calling(call([1]))),
}


@pytest.mark.parametrize(
    "tier, made",
    [
        pytest.param(tier, made, id=f"{tier}-{name}")
        for tier, table in ((Tier.EVERYDAY, EVERYDAY), (Tier.EXTENDED, EXTENDED), (Tier.HOSTILE, HOSTILE))
        for name, made in table.items()
    ],
)
def test_the_table(tier: Tier, made: Conversation) -> None:
    assert tier_of(made) is tier


def test_parts_are_everyday_where_they_are_read() -> None:
    made = Conversation([{"role": "user", "content": [{"type": "text", "text": "a"}]}])
    assert tier_of(made, reads_parts=True) is Tier.EVERYDAY
    system = Conversation([{"role": "system", "content": [{"type": "text", "text": "a"}]}, USER])
    assert tier_of(system, reads_parts=True) is Tier.EXTENDED
    assert tier_of(system, reads_parts=frozenset({"system"})) is Tier.EVERYDAY


def test_what_the_template_names_is_not_unusual() -> None:
    text = (
        "{% for m in messages %}{% if m.role == 'critic' %}{{ m.content.split('<|sep|>') }}{% endif %}{% endfor %}"
        "{% for t in tools %}{{ t.name }}{% endfor %}"
    )
    shape = shape_of(parse(Template(text)).tree)
    critic = EXTENDED["unknown role"]
    assert tier_of(critic) is Tier.EXTENDED
    assert tier_of(critic, shape=shape) is Tier.EXTENDED  # two user turns still follow one another
    aside = Conversation([USER, BOT, {"role": "critic", "content": "x"}, USER])
    assert tier_of(aside) is Tier.EXTENDED
    assert tier_of(aside, shape=shape) is Tier.EVERYDAY
    assert tier_of(EXTENDED["flat tool"], shape=shape) is Tier.EVERYDAY
    marked = Conversation([USER, {"role": "assistant", "content": "a<|sep|>b"}, USER])
    assert tier_of(marked) is Tier.HOSTILE
    assert tier_of(marked, shape=shape) is Tier.EVERYDAY
    forged = Conversation([{"role": "user", "content": "a<|sep|>b"}])
    assert tier_of(forged, shape=shape) is Tier.HOSTILE


def test_the_containers_tokens_count() -> None:
    made = Conversation([{"role": "user", "content": "say STOP!"}])
    assert tier_of(made) is Tier.EVERYDAY
    assert tier_of(made, special_tokens={"eos_token": "STOP!"}) is Tier.HOSTILE
