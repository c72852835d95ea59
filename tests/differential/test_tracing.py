"""Traces: they change nothing, and they tell the truth."""

from __future__ import annotations

import pytest

from portable_tpl.differential.run.tracer import Mode, Tracer
from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps.prepared import prepare
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.tracing.instrument import branches
from portable_tpl.template.tracing.trace import Piece
from portable_tpl.template.usage.shape import shape_of

HI = Conversation([{"role": "user", "content": "Hi"}])
MODES: tuple[Mode, ...] = ("branches", "order", "pieces", "values")
TRICKY = [
    "{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f('a') ~ f('b') }}{% set y %}q{{ f('c') }}{% endset %}{{ y }}",
    "{% for m in messages if m.role == 'user' %}{{ loop.index }}{{ loop.last }}{% else %}none{% endfor %}",
    "{% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a }}{% set a, b = 1, 2 %}{{ a + b }}",
    "{{ x is defined }}{{ x }}{{ x|default('d') }}{{ (messages|selectattr('role', 'equalto', 'user')|list)|length }}",
    "{% generation %}{{ messages[0].content }}{% endgeneration %}{% filter upper %}a{{ 'b' }}{% endfilter %}",
    "{% call(v) f2() %}<{{ v }}>{% endcall %}{% macro f2() %}{{ caller('c') }}{% endmacro %}",
    "{% macro f2() %}{{ caller('c') }}!{% endmacro %}{% call(v) f2() %}<{{ v }}>{% endcall %}",
    "{% for c in 'abc' %}{% if c == 'b' %}{% continue %}{% endif %}{{ c }}{% if c == 'c' %}{% break %}{% endif %}{% endfor %}",
    "{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}{{ {'a': 1}.items()|list }}{{ [3, 1]|sort|join('-') }}",
    "{{ messages|map(attribute='role')|join(',') }}{{ messages|selectattr('role')|first }}{{ range(3)|list }}",
    "{{ raise_exception('no ' ~ messages[0].role) }}",
    "{{ messages[0].content + 1 }}",
    "{{ 'a' if messages else 'b' }}{{ (messages and 'x') or 'y' }}{{ not x }}{{ -1 }}{{ 1 < 2 < 3 }}",
    "{% for a in [1, [2, [3]]] recursive %}{{ loop(a) if a is sequence else a }}{% endfor %}",
    "{% with z = messages[0].content %}{{ z }}{% endwith %}{{ '<b>'|safe + '<' }}{{ 'x'|tojson }}",
    "{% macro f(a, b='d') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, 3, c=4) }}",
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", TRICKY)
def test_a_trace_renders_as_the_reference_does(text: str, mode: Mode, reference: Runtime, tracer: Tracer) -> None:
    template = Template(text)
    assert tracer.trace(template, [HI], mode)[0].rendering == reference.render(template, HI)


@pytest.mark.parametrize("text", TRICKY)
def test_printed_pieces_join_to_the_prompt(text: str, tracer: Tracer) -> None:
    told = tracer.trace(Template(text), [HI], "pieces")[0]
    if isinstance(told.rendering, Rendered):
        assert "".join(piece.text for piece in told.pieces) == told.rendering.text


def test_a_piece_names_its_node(tracer: Tracer) -> None:
    parsed = parse(Template("a{{ messages[0].content }}b{% macro f() %}c{{ 'd' }}{% endmacro %}{{ f() }}"))
    (told,) = tracer.trace(parsed.template, [HI], "pieces")
    named = [(parsed.source(parsed.nodes[piece.node]) if piece.node else "", piece.text) for piece in told.pieces]
    assert [text for _, text in named] == ["a", "Hi", "b", "cd"]
    assert named[1][0] == "messages[0].content"
    assert [inner.text for inner in told.pieces[3].inner] == ["c", "d"]


def test_values_name_their_nodes(tracer: Tracer) -> None:
    parsed = parse(Template("{% for m in messages %}{{ m.content|upper }}{{ nope is defined }}{% endfor %}"))
    chat = Conversation([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])
    (told,) = tracer.trace(parsed.template, [chat], "values")
    values = {parsed.source(parsed.nodes[number]): found for number, found in told.values.items()}
    assert values["m.content|upper"] == [{"value": "A"}, {"value": "B"}]
    assert values["nope"] == [{"undefined": True}]
    assert values["nope is defined"] == [{"value": False}]


def test_an_undefined_value_tells_what_was_missing_where(tracer: Tracer) -> None:
    parsed = parse(Template("{% for m in messages %}{% set a = m.nope %}{{ a }}{% endfor %}{{ messages[7] }}"))
    (told,) = tracer.trace(parsed.template, [HI], "values")
    values = {parsed.source(parsed.nodes[number]): found for number, found in told.values.items()}
    assert values["a"] == [{"undefined": True, "missing": "dict", "key": "nope"}]
    assert values["messages[7]"] == [{"undefined": True, "missing": "list", "key": 7}]


def test_views_and_iterators_are_seen_and_not_used_up(tracer: Tracer) -> None:
    text = "{% for k, v in {'a': 1}.items() %}{{ k }}{% endfor %}{{ ['x']|map('upper')|join }}"
    parsed = parse(Template(text))
    (told,) = tracer.trace(parsed.template, [HI], "values")
    assert told.rendering == Rendered("aX")
    values = {parsed.source(parsed.nodes[number]): found for number, found in told.values.items()}
    assert values["{'a': 1}.items()"] == [{"value": [["a", 1]], "kind": "view"}]
    assert values["['x']|map('upper')"] == [{"value": ["X"], "kind": "iterator"}]


def test_a_failed_render_still_tells_its_way(tracer: Tracer) -> None:
    text = "{% if messages %}a{{ messages[0].content + 1 }}{% endif %}"
    (told,) = tracer.trace(Template(text), [HI], "branches")
    assert isinstance(told.rendering, Failed)
    assert told.branches == {0}
    (refused,) = tracer.trace(Template("{% if messages %}{{ raise_exception('x') }}{% endif %}"), [HI], "branches")
    assert refused.rendering == Refused("x")
    assert refused.branches == {0}


def test_no_template_can_reach_the_hooks(tracer: Tracer) -> None:
    text = "{% set portable_tpl_value = 1 %}{{ portable_tpl_value }}{{ self.environment }}"
    template = Template(text)
    assert (
        tracer.trace(template, [HI], "values")[0].rendering == tracer.trace(template, [HI], "branches")[0].rendering
    )


def test_outcomes_of_tests_come_in_their_order(tracer: Tracer) -> None:
    text = "{% for m in [1, 2] %}{% if loop.last %}a{% elif loop.first %}b{% else %}c{% endif %}{% endfor %}"
    kinds = {branch.number: (branch.kind, branch.test) for branch in branches(parse(Template(text)).tree)}
    (told,) = tracer.trace(Template(text), [HI], "order")
    assert [kinds[number][0] for number in told.order] == ["if", "if"]
    first, second = (kinds[number][1] for number in told.order)
    assert (first.attr, second.attr) == ("first", "last")  # type: ignore[union-attr]


def test_prepared_conversations_change_context_and_prompt(tracer: Tracer) -> None:
    template = Template("{{ tools is defined }}{{ messages|length }}")
    omitted = prepare(HI, [step("tools-omitted-when-none")])
    assert [told.rendering for told in tracer.trace(template, [HI, omitted], "pieces")] == [
        Rendered("True1"),
        Rendered("False1"),
    ]
    last = Conversation([*HI.messages, {"role": "assistant", "content": "So"}])
    prefilled = prepare(last, [step("final-assistant-prefilled")])
    assert tracer.trace(template, [prefilled], "pieces")[0].rendering == Rendered("True1So")


def test_real_templates_are_traced_true(corpus_templates: list[Template], reference: Runtime, tracer: Tracer) -> None:
    for template in corpus_templates[5::45]:
        chats = handwritten(shape_of(parse(template).tree))[:25]
        expected = reference.render_all(template, chats)
        for mode in MODES:
            told = tracer.trace(template, chats, mode)
            assert [each.rendering for each in told] == expected, (template.path, mode)
            if mode not in ("branches", "order"):
                assert all(_joins(each.pieces, each.rendering) for each in told), template.path


def _joins(pieces: tuple[Piece, ...], rendering: object) -> bool:
    return not isinstance(rendering, Rendered) or "".join(piece.text for piece in pieces) == rendering.text
