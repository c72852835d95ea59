"""The tier of any conversation, against the contract's table."""

from __future__ import annotations

from typing import Any

import pytest

from portable_tpl.generation.drawing import draw
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import TemplateShape, shape_of

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


def parameter(schema: Any, **more: Any) -> Conversation:
    return Conversation([USER], tools=tool(properties={"x": schema}, **more))


def said(text: str) -> Conversation:
    return Conversation([{"role": "user", "content": text}])


ORDINARY: dict[str, Conversation] = {
    "joiners": said("👩\u200d💻 می\u200cخواهم"),
    "one": Conversation([USER]),
    "system": Conversation([SYSTEM, USER, BOT, USER], add_generation_prompt=True),
    "prose, code, markup": said('<b>it\'s</b> & "so"\n\t{x} }} 你好 déjà 😀 👩‍👩‍👧'),
    "tool without parameters": Conversation([USER], tools=tool()),
    "no properties": Conversation(
        [USER],
        tools=[{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
    ),
    "union": parameter({"type": ["string", "null"]}),
    "anyOf": parameter({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "X"}),
    "$ref": parameter({"$ref": "#/$defs/Unit"}, **{"$defs": {"Unit": {"enum": ["c", "f"], "type": "string"}}}),
    "enum alone": parameter({"enum": ["a", "b"]}),
    "nested objects": parameter(
        {"type": "object", "properties": {"items": {"type": "integer"}}, "required": ["items"]}
    ),
    "map": parameter({"type": "object", "additionalProperties": {"type": "string"}}),
    "array": parameter({"type": "array", "items": {"type": "string", "enum": ["a"]}}),
    "names": Conversation(
        [USER], tools=tool(properties={name: {"type": "string"} for name in ("items", "keys", "type")})
    ),
    "reasoning": Conversation([USER, {**BOT, "reasoning_content": "hm"}, USER]),
    "flags": Conversation([USER], variables={"enable_thinking": False, "budget": 100, "effort": "high"}),
}
EVERYDAY: dict[str, Conversation] = {
    "call nobody reads": Conversation(calling(call({"a": 1}, id="a"))),
    "call": Conversation(calling(call({"a": "x", "n": 2**31 - 1, "b": True, "l": [1, "a"], "d": {"x": 0}}))),
    "two calls": Conversation(calling(call({"a": 1}, id="a"), call({"b": 1}, id="b"))),
    "empty text": said(""),
    "only white space": said(" \n"),
    "space at an end": said(" a"),
    "line end at an end": said("a\n"),
    "wide space at an end": said("\u3000a"),
    "zero width": said("zero\u200bwidth"),
    "joiner of nothing": said("\u200d"),
    "joiner of plain letters": said("a\u200db"),
    "line separator": said("a\u2028b"),
    "windows": said("a\r\nb"),
    "documents": Conversation([USER], documents=[{"title": "t", "text": "x"}]),
    "after a tool": Conversation([*calling(call({"a": 1})), BOT, USER]),
}
EXTENDED: dict[str, Conversation] = {
    "null content": Conversation([{"role": "user", "content": None}]),
    "null beside a call that nobody reads": Conversation(calling(call({"a": 1}, id="a"), content=None)),
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
    "a schema of anything": parameter({}),
    "not": parameter({"not": {"type": "null"}}),
    "unknown type": parameter({"type": "text"}),
    "float default": parameter({"type": "number", "default": 0.5}),
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
        for tier, table in (
            (Tier.ORDINARY, ORDINARY),
            (Tier.EVERYDAY, EVERYDAY),
            (Tier.EXTENDED, EXTENDED),
            (Tier.HOSTILE, HOSTILE),
        )
        for name, made in table.items()
    ],
)
def test_the_table(tier: Tier, made: Conversation) -> None:
    assert TierJudge().tier(made) is tier


def test_parts_are_ordinary_where_they_are_read() -> None:
    made = Conversation([{"role": "user", "content": [{"type": "text", "text": "a"}]}])
    assert TierJudge(TemplateShape(part_roles=frozenset({"user"}))).tier(made) is Tier.ORDINARY
    system = Conversation([{"role": "system", "content": [{"type": "text", "text": "a"}]}, USER])
    assert TierJudge(TemplateShape(part_roles=frozenset({"user"}))).tier(system) is Tier.EXTENDED
    assert TierJudge(TemplateShape(part_roles=frozenset({"system"}))).tier(system) is Tier.ORDINARY


def test_what_the_template_names_is_not_unusual() -> None:
    text = (
        "{% for m in messages %}{% if m.role == 'critic' %}{{ m.content.split('<|sep|>') }}{% endif %}{% endfor %}"
        "{% for t in tools %}{{ t.name }}{% endfor %}"
    )
    shape = shape_of(parse(Template(text)).tree)
    critic = EXTENDED["unknown role"]
    assert TierJudge().tier(critic) is Tier.EXTENDED
    assert TierJudge(shape).tier(critic) is Tier.EXTENDED  # two user turns still follow one another
    aside = Conversation([USER, BOT, {"role": "critic", "content": "x"}, USER])
    assert TierJudge().tier(aside) is Tier.EXTENDED
    assert TierJudge(shape).tier(aside) is Tier.EVERYDAY
    assert TierJudge(shape).tier(EXTENDED["flat tool"]) is Tier.ORDINARY
    marked = Conversation([USER, {"role": "assistant", "content": "a<|sep|>b"}, USER])
    assert TierJudge().tier(marked) is Tier.HOSTILE
    assert TierJudge(shape).tier(marked) is Tier.EVERYDAY
    forged = Conversation([{"role": "user", "content": "a<|sep|>b"}])
    assert TierJudge(shape).tier(forged) is Tier.HOSTILE


def test_calls_are_ordinary_where_they_are_read() -> None:
    text = "{% for m in messages %}{% for c in m.tool_calls %}{{ c.function.name }}{% endfor %}{% endfor %}"
    shape = shape_of(parse(Template(text)).tree)
    arguments = {"a": "x", "n": 2**31 - 1, "b": True, "l": [1, "a"], "d": {"x": 0}}
    one, two = call(arguments, id="a"), call({"b": 1}, id="b")
    assert TierJudge(shape).tier(Conversation(calling(one, two))) is Tier.ORDINARY
    assert TierJudge(shape).tier(Conversation(calling(one, content=None))) is Tier.ORDINARY
    absent = calling(one)
    del absent[1]["content"]
    assert TierJudge(shape).tier(Conversation(absent)) is Tier.ORDINARY
    assert TierJudge(shape).tier(Conversation(calling(call(arguments)))) is Tier.EVERYDAY
    assert TierJudge(shape).tier(Conversation([USER, {**BOT, "content": None}, USER])) is Tier.EXTENDED


def test_thoughts_in_the_answer_are_ordinary_and_other_markers_rare() -> None:
    text = "{% for m in messages %}{{ m.content.split('</think>')[-1].split('STOP')[0] }}{% endfor %}"
    shape = shape_of(parse(Template(text)).tree)

    def tier(role: str, content: str) -> Tier:
        return TierJudge(shape).tier(Conversation([USER, {"role": role, "content": content}, USER]))

    assert tier("assistant", "<think>Hm.</think>So.") is Tier.ORDINARY
    assert tier("assistant", "<think>Hm.</think>So. STOP") is Tier.EVERYDAY
    assert tier("assistant", "So.</think>") is Tier.EVERYDAY
    assert TierJudge(shape).tier(said("a </think> b")) is Tier.EVERYDAY


def test_what_people_write_all_the_time_is_no_marker() -> None:
    """A template may look for a line break, a comma or a word; text with these is not rare for it."""
    looked_for = "split('\\n')|first ~ m.content.split(', ')[0] ~ ('text' in m.content)"
    shape = shape_of(parse(Template("{% for m in messages %}{{ m.content." + looked_for + " }}{% endfor %}")).tree)
    assert TierJudge(shape).tier(said("a text,\nwith commas, of lines")) is Tier.ORDINARY


def test_the_containers_tokens_count() -> None:
    made = Conversation([{"role": "user", "content": "say STOP!"}])
    assert TierJudge().tier(made) is Tier.ORDINARY
    assert TierJudge(tokens={"eos_token": "STOP!"}).tier(made) is Tier.HOSTILE


def test_a_conversation_is_within_its_tier_and_every_stranger_one() -> None:
    shape = shape_of(parse(Template("{{ messages }}{{ tools }}{{ documents }}")).tree)
    judge = TierJudge(shape)
    drawn = [each for tier in Tier for each in draw(shape, tier, 30, "within")]
    assert {judge.tier(each) for each in drawn} == set(Tier)
    for each in drawn:
        own = TierJudge(shape).tier(each)
        assert [judge.is_within(each, tier) for tier in Tier] == [own.rank <= tier.rank for tier in Tier]
