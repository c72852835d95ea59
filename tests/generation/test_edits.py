"""Edits and mutations hold on any conversation, whatever earlier ones took away."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.constraint_edits import Constraint, Op, edited
from portable_tpl.generation.mutations import EXTENDED_MUTATIONS, make_extended, make_hostile
from portable_tpl.generation.values import own_copy
from portable_tpl.model.conversation import Conversation, Tier, parse_conversation
from portable_tpl.model.source import Template
from portable_tpl.strategies import conversations
from portable_tpl.template import parse
from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE
from portable_tpl.template.usage.paths import Path
from portable_tpl.template.usage.shape import TemplateShape, shape_of
from tests.generation.test_generate import RICH, rich_shape

SHAPE = rich_shape()
PATHS: list[Path] = sorted({
    *SHAPE.facts,
    ("messages",), ("messages", ITEM), ("messages", ITEM, "role"), ("messages", ITEM, "tool_calls"), ("tools",),
    ("messages", ITEM, "tool_calls", ITEM, "function", "arguments", KEY), ("tools", ITEM, "function", "parameters"),
    ("messages", ITEM, "content", ITEM, "text", TEXT), ("tools", ITEM, "function", "parameters", "properties", VALUE),
    ("documents",), ("documents", ITEM, "title"), ("add_generation_prompt",), ("unheard", "of"),
})  # fmt: skip
VALUES: tuple[Any, ...] = (
    "user",
    "tool",
    "ipython",
    "</think>",
    "",
    None,
    0,
    3,
    -1,
    1.5,
    True,
    "string",
    "mapping",
    "undefined",
)
QUICK = settings(
    max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every holder and key of JSON data."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in pairs for place in ((value, key), *places(inner))]


@st.composite
def conversations_that_lack_something(draw: Any) -> Conversation:
    made: Conversation = draw(conversations(RICH, draw(st.sampled_from(list(Tier)))))
    data = own_copy(made.to_json())
    for _ in range(draw(st.integers(0, 4))):
        there = [place for place in places(data) if place[0] is not data]
        if there:
            holder, key = draw(st.sampled_from(there))
            del holder[key]
    for name in draw(st.sets(st.sampled_from(sorted(data)))):
        del data[name]
    return parse_conversation({"messages": [], **data})


@given(
    conversations_that_lack_something(),
    st.lists(st.builds(Constraint, st.sampled_from(PATHS), st.sampled_from(get_args(Op)), st.sampled_from(VALUES)), max_size=5),
    st.sampled_from([SHAPE, TemplateShape()]),
    st.integers(0, 1 << 20),
)  # fmt: skip
@QUICK
def test_constraints_hold_on_any_conversation(
    made: Conversation, constraints: list[Constraint], shape: TemplateShape, seed: int
) -> None:
    before = made.key
    changed = edited(SeededChoices(str(seed)), shape, made, constraints)
    assert parse_conversation(changed.to_json()) == changed
    assert made.key == before


@given(conversations_that_lack_something(), st.integers(0, 1 << 20))
@QUICK
def test_mutations_hold_on_any_conversation(made: Conversation, seed: int) -> None:
    choices = SeededChoices(str(seed))
    before = made.key
    for changed in (make_extended(choices, SHAPE, made), make_hostile(choices, made)):
        assert parse_conversation(changed.to_json()) == changed
    assert made.key == before


@given(conversations_that_lack_something(), st.sampled_from(EXTENDED_MUTATIONS), st.integers(0, 1 << 20))
@QUICK
def test_each_mutation_gives_a_conversation_or_nothing(made: Conversation, mutation: Any, seed: int) -> None:
    own = made.with_changes(**{name: own_copy(getattr(made, name)) for name in ("messages", "tools", "documents")})
    changed = mutation(SeededChoices(str(seed)), SHAPE, own)
    assert changed is None or parse_conversation(changed.to_json()) == changed


def test_a_list_that_an_edit_took_away_can_be_asked_for_again() -> None:
    constraints = [Constraint(("messages",), "absent"), Constraint(("messages",), "longer", 2)]
    for seed in range(20):
        made = Conversation([{"role": "user", "content": "Hi"}])
        assert len(edited(SeededChoices(str(seed)), SHAPE, made, constraints).messages) >= 3


def test_no_edit_gives_a_function_a_value() -> None:
    shape = shape_of(parse(Template("{% if f is defined %}{{ f() }}{% endif %}{% if x %}{{ x }}{% endif %}")).tree)
    wanted = [Constraint(("f",), "present"), Constraint(("x",), "equals", "a")]
    assert edited(SeededChoices("s"), shape, Conversation(messages=[]), wanted).variables == {"x": "a"}
