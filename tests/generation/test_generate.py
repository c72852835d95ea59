"""Generated and handwritten conversations: their tier, their shape, and that a seed says it all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation
from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier, parse_conversation
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import TemplateShape, shape_of

RICH = """
{%- for m in messages %}{% if m.role == 'ipython' %}{{ m.content|tojson }}{% elif m.role == 'judge' %}J
{%- elif m.content is string %}{{ m.content.split('</think>')[-1] }}
{%- else %}{% for p in m.content %}{% if p.type == 'image' %}<img>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}
{%- for c in m.tool_calls %}{{ c.function.name }}{% if c.id|length != 9 %}{{ raise_exception('id') }}{% endif %}{% endfor %}
{%- if m.reasoning_content %}{{ m.reasoning_content }}{% endif %}{% if m.weight %}{{ m.weight }}{% endif %}{% endfor %}
{%- for t in tools %}{{ t.function|tojson }}{% endfor %}{% for d in documents %}{{ d.title }}{{ d.url }}{% endfor %}
{%- if thinking_budget > 512 %}{{ thinking_budget }}{% endif %}{% if enable_thinking is false %}x{% endif %}
{%- if effort == 'high' %}!{% endif %}
"""


def rich_shape() -> TemplateShape:
    return shape_of(parse(Template(RICH)).tree)


def drawn(tier: Tier, count: int, shape: TemplateShape | None = None, seed: str = "s") -> Iterator[Conversation]:
    choices = SeededChoices(seed, tier)
    shape = shape or rich_shape()
    return (conversation(choices, shape) for _ in range(count))


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("shape", [TemplateShape(), rich_shape()], ids=["plain", "rich"])
def test_no_conversation_is_stranger_than_asked(tier: Tier, shape: TemplateShape) -> None:
    for made in (*handwritten(shape, tier), *drawn(tier, 400, shape)):
        assert TierJudge(shape).tier(made).rank <= tier.rank, made.key


@pytest.mark.parametrize("tier", [Tier.EXTENDED, Tier.HOSTILE])
def test_stranger_tiers_are_mostly_strange(tier: Tier) -> None:
    shape = rich_shape()
    strange = sum(TierJudge(shape).tier(made) is tier for made in drawn(tier, 200))
    assert strange > 120


def test_every_conversation_is_the_contracts_json() -> None:
    for made in (*handwritten(rich_shape(), Tier.HOSTILE), *drawn(Tier.HOSTILE, 200)):
        assert parse_conversation(made.to_json()) == made


def test_equal_seeds_give_equal_bytes_on_every_python() -> None:
    text = "\n".join(made.key for tier in Tier for made in drawn(tier, 60))
    assert text == "\n".join(made.key for tier in Tier for made in drawn(tier, 60))
    assert text != "\n".join(made.key for tier in Tier for made in drawn(tier, 60, seed="t"))


def test_the_seeded_source_is_the_same_everywhere() -> None:
    choices = SeededChoices("0:abc")
    numbers = bytes(choices.below(256) for _ in range(64))
    assert hashlib.sha256(numbers).hexdigest()[:16] == "f10686e0e4e0cca5"


def test_the_templates_own_words_are_reached() -> None:
    made = list(drawn(Tier.EVERYDAY, 400))
    messages = [message for each in made for message in each.messages]
    roles = {message["role"] for message in messages}
    assert roles == {"system", "user", "assistant", "tool", "ipython", "judge"}
    assert any("</think>" in message["content"] for message in messages if isinstance(message.get("content"), str))
    kinds = {
        part["type"]
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
    }
    assert kinds == {"text", "image"}
    assert any("weight" in message for message in messages)
    assert any("reasoning_content" in message for message in messages)
    assert any("url" in document for each in made for document in each.documents or ())
    calls = [call for message in messages for call in message.get("tool_calls", ())]
    assert any(len(call.get("id", "")) == 9 for call in calls)
    variables = [each.variables for each in made]
    assert {each.get("enable_thinking") for each in variables} >= {None, True, False}
    assert {each.get("effort") for each in variables} >= {None, "high"}
    budgets = {each.get("thinking_budget") for each in variables}
    assert budgets >= {512, 513}
    assert {each.add_generation_prompt for each in made} == {None, True, False}


def test_variables_are_given_what_the_template_can_take() -> None:
    """A function is no variable, and what a text is looked for in is no switch."""
    shape = shape_of(
        parse(Template("{% if f is defined %}{{ f() }}{% endif %}{% if 'a' in box and box %}A{% endif %}")).tree
    )
    made = [*drawn(Tier.ORDINARY, 100, shape), *handwritten(shape, Tier.ORDINARY)]
    assert not any("f" in each.variables for each in made)
    assert {type(each.variables.get("box")) for each in made} == {str, type(None)}


def test_everyday_text_is_not_only_english() -> None:
    text = "".join(
        message["content"]
        for made in drawn(Tier.EVERYDAY, 300)
        for message in made.messages
        if isinstance(message.get("content"), str)
    )
    for sample in ("<b>", "&", "'", '"', "\n", "é", "你", "م", "😀", "\u3000", "\\"):
        assert sample in text


def test_the_handwritten_ones_come_in_order_of_strangeness_and_once() -> None:
    shape = rich_shape()
    everyday, hostile = handwritten(shape), handwritten(shape, Tier.HOSTILE)
    assert hostile[: len(everyday)] == everyday
    assert len({made.key for made in hostile}) == len(hostile)
    assert 40 <= len(handwritten(shape, Tier.ORDINARY)) < len(everyday) <= 110


def test_a_users_text_may_be_enclosed_in_the_template_s_markers() -> None:
    text = (
        "{% for m in messages %}{% if m.content.startswith('<result>') and m.content.endswith('</result>') %}R"
        "{% endif %}{{ m.content }}{% endfor %}"
    )
    made = handwritten(shape_of(parse(Template(text)).tree))
    alone = [each.messages[0]["content"] for each in made if len(each.messages) == 1]
    assert any(content.startswith("<result>") and content.endswith("</result>") for content in alone)


def test_templates_that_take_flat_tools_get_flat_tools() -> None:
    shape = shape_of(parse(Template("{% for t in tools %}{{ t.name }}{{ t.parameters }}{% endfor %}")).tree)
    offered = [tool for made in drawn(Tier.EVERYDAY, 200, shape) for tool in made.tools or ()]
    assert offered
    assert all("name" in tool for tool in offered)


def test_corpus_conversations_stay_in_their_tier(corpus_templates: list[Template]) -> None:
    for template in corpus_templates[::12]:
        shape = shape_of(parse(template).tree)
        for made in (*handwritten(shape), *drawn(Tier.EVERYDAY, 20, shape, template.sha256)):
            assert TierJudge(shape).tier(made).rank <= Tier.EVERYDAY.rank, (template.path, made.key)


def test_an_argument_of_the_call_is_no_variable_of_a_template() -> None:
    text = "{% if continue_final_message %}{{ x }}{% endif %}{{ messages[-1].content }}"
    shape = shape_of(parse(Template(text)).tree)
    made = [*handwritten(shape, Tier.HOSTILE), *drawn(Tier.HOSTILE, 200, shape)]
    given = {name for each in made for name in each.variables}
    assert "x" in given
    assert "continue_final_message" not in given
