"""What a template is seen to read."""

from __future__ import annotations

import pytest

from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE
from portable_tpl.template.usage.paths import Path, PathReader
from portable_tpl.template.usage.shape import TemplateShape, shape_of


def read(text: str) -> PathReader:
    return PathReader(parse(Template(text)).tree)


def shape(text: str) -> TemplateShape:
    return shape_of(parse(Template(text)).tree)


@pytest.mark.parametrize(
    "text, path",
    [
        ("{{ messages[0].content }}", ("messages", ITEM, "content")),
        ("{{ messages[0]['content'] }}", ("messages", ITEM, "content")),
        ("{{ messages[0].get('content') }}", ("messages", ITEM, "content")),
        ("{% for m in messages[1:] %}{{ m.a }}{% endfor %}", ("messages", ITEM, "a")),
        ("{% set l = messages|list %}{% for m in l %}{{ m.a }}{% endfor %}", ("messages", ITEM, "a")),
        ("{% set ns = namespace(x=messages) %}{{ ns.x[0].a }}", ("messages", ITEM, "a")),
        ("{% set ns = namespace() %}{% set ns.x = tools %}{{ ns.x[0].a }}", ("tools", ITEM, "a")),
        ("{% macro f(t) %}{{ t.name }}{% endmacro %}{{ f(tools[0].function) }}", ("tools", ITEM, "function", "name")),
        ("{% macro f(t) %}{{ t.name }}{% endmacro %}{{ f(t=tools[0]) }}", ("tools", ITEM, "name")),
        ("{% for k, v in tools[0].p.items() %}{{ v.type }}{% endfor %}", ("tools", ITEM, "p", VALUE, "type")),
        ("{% for k, v in tools[0].p|items %}{{ k }}{% endfor %}", ("tools", ITEM, "p", KEY)),
        ("{% for k, v in tools[0].p|dictsort %}{{ v.x }}{% endfor %}", ("tools", ITEM, "p", VALUE, "x")),
        ("{% for k in d %}{{ d[k].x }}{% endfor %}", ("d", VALUE, "x")),
        ("{{ (messages|last).role }}", ("messages", ITEM, "role")),
        ("{{ messages|selectattr('role', 'equalto', 'x')|list }}", ("messages", ITEM, "role")),
        ("{{ messages|map(attribute='a.b')|list }}", ("messages", ITEM, "a.b")),
        ("{{ (a if b else messages[0]).c }}", ("messages", ITEM, "c")),
        ("{{ (a or b).c }}", ("b", "c")),
        ("{{ m.content.split('x')[0].strip() }}", ("m", "content", TEXT)),
    ],
)
def test_a_path_is_read(text: str, path: Path) -> None:
    assert path in read(text).facts


@pytest.mark.parametrize(
    "text, path, constant",
    [
        ("{% if messages[0].role == 'ipython' %}{% endif %}", ("messages", ITEM, "role"), "ipython"),
        ("{% if 'ipython' == messages[0].role %}{% endif %}", ("messages", ITEM, "role"), "ipython"),
        ("{% if messages[0].role in ['a', 'b'] %}{% endif %}", ("messages", ITEM, "role"), "b"),
        ("{{ messages|selectattr('role', 'equalto', 'x')|list }}", ("messages", ITEM, "role"), "x"),
        ("{% if effort is eq 'high' %}{% endif %}", ("effort",), "high"),
        ("{% if budget > 512 %}{% endif %}", ("budget",), 512),
        ("{% if n == -1 %}{% endif %}", ("n",), -1),
    ],
)
def test_a_constant_is_found(text: str, path: Path, constant: object) -> None:
    assert constant in read(text).facts[path].equals


@pytest.mark.parametrize(
    "text",
    [
        "{% if '</think>' in messages[0].content %}{% endif %}",
        "{{ messages[0].content.split('</think>')[0] }}",
        "{% if messages[0].content.startswith('</think>') %}{% endif %}",
        "{% set c = messages[0].content %}{{ c.replace('</think>', '') }}",
        "{{ messages[0].content.split('a')[0].split('</think>') }}",
    ],
)
def test_a_marker_is_found(text: str) -> None:
    assert "</think>" in shape(text).markers(("messages", ITEM, "content"))


def test_an_assignment_in_one_branch_leaves_the_callers_value_free() -> None:
    assert set(read("{% if a %}{% set tools = b %}{% endif %}{{ tools }}").free) == {"a", "b", "tools"}


def test_what_a_block_or_a_later_statement_sets_is_no_variable() -> None:
    text = "{% with w = a %}{{ w }}{% endwith %}{% for m in b %}{{ late }}{% endfor %}{% set late = 1 %}"
    assert set(read(text).free) == {"a", "b"}


def test_an_assignment_in_every_branch_binds() -> None:
    reader = read("{% if a %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}")
    assert set(reader.free) == {"a"}


def test_bound_names_are_not_free() -> None:
    text = "{% macro f(p) %}{{ p }}{% endmacro %}{% for i in l %}{{ i }}{{ loop.index }}{{ f(i) }}{% endfor %}"
    assert set(read(text).free) == {"l"}


def test_variables_leave_out_what_every_template_gets() -> None:
    text = "{{ messages }}{{ tools }}{{ bos_token }}{{ strftime_now('%d') }}{{ raise_exception('x') }}{{ thinking_budget }}"
    found = shape(text)
    assert found.variables == ("thinking_budget",)
    assert found.uses_clock


def test_parts_are_seen() -> None:
    text = (
        "{% for p in messages[0].content %}{% if p.type == 'image' %}i{% else %}{{ p.text }}{% endif %}{% endfor %}"
    )
    found = shape(text)
    assert found.part_roles == {"user"}
    assert found.part_types == ("text", "image")


def test_no_parts_where_text_is_printed() -> None:
    assert not shape("{{ messages[0].content }}{{ messages[0].content[0] }}").part_roles


def test_paths_stay_finite_in_recursion() -> None:
    text = "{% macro f(s) %}{{ s.type }}{% for k, v in s.properties|items %}{{ f(v) }}{% endfor %}{% endmacro %}{{ f(tools[0]) }}"
    reader = read(text)
    assert ("tools", ITEM, "properties", VALUE, "type") in reader.facts
    assert len(reader.facts) < 60


def test_parts_that_are_read_at_once_come_in_one_order_whatever_the_order_of_hashes() -> None:
    names = ["f", "b", "e", "a", "c", "g", "d"]
    reader = read("{% set x = " + " or ".join(names) + " %}{{ x.k }}")
    assert [path[0] for path in reader.facts if path[1:] == ("k",)] == sorted(names)
