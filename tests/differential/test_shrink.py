"""The shrinker alone, on made-up conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from portable_tpl.differential.shrink import Shrinker
from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.model.conversation import Conversation
from portable_tpl.template.usage.shape import TemplateShape

BIG = max(handwritten(TemplateShape()), key=lambda each: len(each.key))


def shrunk(
    condition: Callable[[Conversation], bool], start: Conversation, renders: int = 5000
) -> tuple[Conversation, Shrinker]:
    def holds(batch: Sequence[Conversation]) -> list[bool]:
        return [condition(each) for each in batch]

    shrinker = Shrinker(holds, renders)
    return shrinker.shrink(start), shrinker


@pytest.mark.parametrize(
    "condition, expected",
    [
        (lambda c: True, {"messages": []}),
        (lambda c: len(c.messages) > 1, {"messages": [{}, {}]}),
        (lambda c: any("<" in str(m.get("content")) for m in c.messages), {"messages": [{"content": "<"}]}),
        (lambda c: bool(c.tools), {"messages": [], "tools": [{}]}),
        (lambda c: c.add_generation_prompt is True, {"messages": [], "add_generation_prompt": True}),
        (
            lambda c: any(m.get("role") == "user" and m.get("content") == "ab" for m in c.messages),
            {"messages": [{"role": "user", "content": "ab"}]},
        ),
    ],
)
def test_the_smallest_is_found(condition: Callable[[Conversation], bool], expected: object) -> None:
    start = Conversation(
        [*BIG.messages, {"role": "user", "content": "ab"}, {"role": "user", "content": "x < y" * 9}],
        tools=[{"a": 1}, {"b": 2}],
        add_generation_prompt=True,
        variables={"x": [1, 2]},
    )
    assert condition(start)
    small, shrinker = shrunk(condition, start)
    assert small.to_json() == expected
    assert not shrinker.cut


def test_names_of_parameters_shrink_with_their_mention() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "unit": {}}, "required": ["city", "unit"]}
    start = Conversation([], tools=[{"parameters": schema}])

    def condition(each: Conversation) -> bool:
        found = each.tools[0].get("parameters", {}) if each.tools else {}
        return (
            bool(found.get("properties"))
            and "" not in found["properties"]
            and set(found.get("required", [])) == set(found["properties"])
        )

    small, _ = shrunk(condition, start)
    assert small.tools == [{"parameters": {"properties": {"c": {}}, "required": ["c"]}}] or small.tools == [
        {"parameters": {"properties": {"u": {}}, "required": ["u"]}}
    ]


def test_a_budget_is_kept_and_said() -> None:
    asked: list[Conversation] = []

    def holds(batch: Sequence[Conversation]) -> list[bool]:
        asked.extend(batch)
        return [True] * len(batch)

    shrinker = Shrinker(holds, renders=7)
    shrinker.shrink(BIG)
    assert len(asked) <= 7
    keys = [each.key for each in asked]
    assert len(set(keys)) == len(keys)


def test_nothing_is_asked_twice() -> None:
    asked: list[str] = []

    def holds(batch: Sequence[Conversation]) -> list[bool]:
        asked.extend(each.key for each in batch)
        return ["Weather" in each.key for each in batch]

    Shrinker(holds).shrink(BIG)
    assert len(set(asked)) == len(asked)
