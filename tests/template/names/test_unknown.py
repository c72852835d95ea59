"""Names that exist nowhere, beside what the reference says when it gets to them."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2.exceptions import TemplateRuntimeError, UndefinedError

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Template
from portable_tpl.template import compile_check, parse
from portable_tpl.template.names.unknown import unknown_names
from portable_tpl.template.syntax.environment import reference_environment


def uses(text: str, provided: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(use.kind, use.name) for use in unknown_names(parse(Template(text)), provided)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{{ x|fromjson }}", [("filter", "fromjson")]),
        ("{% if c %}{{ x|fromjson|trim }}{% endif %}", [("filter", "fromjson")]),
        ("{{ x|map('fromjson')|list }}", [("filter", "fromjson")]),
        ("{{ x|map(attribute='fromjson')|list }}", []),
        ("{{ x|selectattr('role', 'blue')|list }}", [("test", "blue")]),
        ("{{ x|selectattr('role')|list }}{{ x|select('defined')|list }}", []),
        ("{{ x is blue }}{% if x is not green %}{% endif %}", [("test", "blue"), ("test", "green")]),
        ("{% filter shout %}a{% endfilter %}{% set x | shout %}a{% endset %}", [("filter", "shout")] * 2),
        ("{{ f(x) }}{{ range(3) }}{{ strftime_now('%d') }}{{ x.f() }}", [("function", "f")]),
        ("{% call f() %}{% endcall %}", [("function", "f")]),
        ("{% include 'a' ignore missing %}{% import n as y %}", [("template", "include"), ("template", "import")]),
        ("{% extends 'a' %}{% from 'a' import b %}{{ b() }}", [("template", "extends"), ("template", "from")]),
        ("{% macro f() %}{% endmacro %}{{ f() }}", []),
        ("{{ f() }}{% macro f() %}{% endmacro %}", [("macro", "f")]),
        ("{% macro g() %}{{ f() }}{% endmacro %}{% macro f() %}{% endmacro %}{{ g() }}", []),
        ("{% for a in b %}{% macro f() %}{% endmacro %}{% endfor %}{{ f() }}", [("macro", "f")]),
        ("{% if c %}{% macro f() %}{% endmacro %}{% endif %}{{ f() }}", []),
        ("{% macro g(f) %}{{ f() }}{{ caller() }}{% endmacro %}", []),
        ("{% set f = x %}{{ f() }}{% with g = x %}{{ g() }}{% endwith %}{{ g() }}", [("function", "g")]),
        ("{% if f is defined %}{{ f() }}{% endif %}", []),
        ("{% if f is undefined %}{% else %}{{ f() }}{% endif %}", []),
        ("{% if not (f is not defined) and c %}{{ f() }}{% endif %}", []),
        ("{% if f is defined or c %}{{ f() }}{% endif %}", [("function", "f")]),
        ("{% if f is not defined %}{{ f() }}{% elif c %}{{ f() }}{% endif %}", [("function", "f")]),
        ("{{ f() if f is defined else '' }}{{ f is defined and f() }}{{ f and f() }}", []),
        ("{% if f is callable %}{{ f() }}{% endif %}{% if false %}{{ f() }}{% endif %}", []),
        ("{% if 'shout' is filter %}{{ x|shout }}{% else %}{{ x|shout }}{% endif %}", [("filter", "shout")]),
    ],
)
def test_unknown_names(text: str, expected: list[tuple[str, str]]) -> None:
    assert uses(text) == expected


def test_what_a_deployment_provides_is_known() -> None:
    assert uses("{{ x|fromjson }}{{ f() }}{{ x is blue }}", ("fromjson", "f", "blue")) == []


def test_the_compile_check_can_let_names_pass() -> None:
    template = parse(Template("{{ x|fromjson }}{{ x is blue }}"))
    compile_check(template, unknown_names=True)
    with pytest.raises(TemplateSyntaxError, match="No filter named 'fromjson'"):
        compile_check(template)
    with pytest.raises(TemplateSyntaxError, match="block 'a'"):
        compile_check(parse(Template("{{ x|fromjson }}{% block a %}{% endblock %}{% block a %}{% endblock %}")), True)


CALLS = (
    "f()",
    "g()",
    "x|shout",
    "x is blue",
    "x|upper",
    "range(2)",
    "f() if f is defined else 1",
    "x|map('loud')|list",
)
TESTS = ("c0", "c1", "f is defined", "'shout' is filter", "not c0", "g is not defined", "f", "'blue' is test")


@st.composite
def calling(draw: st.DrawFn, depth: int = 3) -> str:
    """A template whose every way is taken for some values of ``c0`` and ``c1``."""
    pieces = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 5)) if depth else 0
        body = draw(calling(depth - 1)) if kind > 1 else ""
        if kind <= 1:
            pieces.append("{{ " + draw(st.sampled_from(CALLS)) + " }}")
        elif kind == 2:
            pieces.append("{% if " + draw(st.sampled_from(TESTS)) + " %}" + body + "{% endif %}")
        elif kind == 3:
            pieces.append("{% if " + draw(st.sampled_from(TESTS)) + " %}{% else %}" + body + "{% endif %}")
        elif kind == 4:
            name = draw(st.sampled_from("fg"))
            pieces.append("{% macro " + name + "() %}{% endmacro %}" + body)
        else:
            pieces.append("{% for a in [1] %}" + body + "{% endfor %}")
    return "".join(pieces)


def failure(text: str, **context: object) -> str:
    """What the reference says of a template that it cannot render; nothing of one that it can."""
    try:
        reference_environment().from_string(text).render(**context)
    except (TemplateRuntimeError, UndefinedError, jinja2.TemplateSyntaxError) as error:
        return str(error)
    return ""


@settings(max_examples=150, deadline=None)
@given(calling())
@example("{% if 'shout' is filter %}{% for a in [1] %}{{ x|shout }}{% endfor %}{% endif %}")
@example("{% for a in [1] %}{% if 'shout' is filter %}{{ x|shout }}{% endif %}{% endfor %}")
@example("{{ 'shout' is filter and x|shout }}")
@example("{% if c0 %}{% macro f() %}{% endmacro %}{% endif %}{% if c0 %}{{ f() }}{% endif %}")
def test_no_unknown_name_means_no_failure_for_one(text: str) -> None:
    """A template without a finding fails on no name; one that fails for a name has a finding."""
    expected = uses(text)
    failures = [failure(text, x="a", c0=flags & 1, c1=flags & 2) for flags in range(4)]
    named = [each for each in failures if "No " in each or "is undefined" in each]
    conditional = "{% if" in text and "macro" in text  # a macro that only one branch defines is given the benefit
    assert expected or not named or conditional, (text, named)
