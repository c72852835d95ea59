"""A template's own variables: which there are, what stands in for them, and which values are known."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_tpl.model.source import Template
from portable_tpl.template import parse
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.usage.variables import variables

LOOP = "{% for m in messages %}{{ m.content }}{% endfor %}"


def told(text: str) -> list[tuple[object, ...]]:
    return [
        (each.name, each.required, each.defaults, each.values, each.flag) for each in variables(parse(Template(text)))
    ]


@pytest.mark.parametrize(
    "text, expected",
    [
        (LOOP + "{{ bos_token }}{% if tools %}{{ tools|tojson }}{% endif %}", []),
        ("{{ x }}", [("x", True, (), (), False)]),
        ("{{ x|default('a') }}", [("x", False, ("a",), (), False)]),
        ("{{ x or 'a' }}{{ x if x is defined else 'b' }}", [("x", False, ("a", "b"), (), False)]),
        ("{% if x is not defined %}{% set x = 3 %}{% endif %}{{ x + 1 }}", [("x", True, (3,), (), False)]),
        ("{% if x is defined %}{{ x }}{% endif %}", [("x", False, (), (), False)]),
        ("{% if x %}a{% endif %}{% if x is false %}b{% endif %}", [("x", False, (), (), True)]),
        (
            "{% if x == 'low' %}a{% elif x in ['high', 'low'] %}b{% endif %}",
            [("x", False, (), ("high", "low"), False)],
        ),
        (
            "{% set y = x|default('low') %}{% if y == 'none' %}a{% endif %}",
            [("x", False, ("low",), ("none",), False)],
        ),
        ("{% with x = 1 %}{{ x }}{% endwith %}{% for y in [1] %}{{ y }}{{ late }}{% endfor %}{% set late = 1 %}", []),
        ("{% macro f(x) %}{{ x }}{% endmacro %}{{ f(y) }}{{ range(2) }}", [("y", True, (), (), False)]),
        ("{% if f is defined %}{{ f(x) }}{% endif %}", [("x", True, (), (), False)]),  # no request gives a function
        ("{% if x and 'a' in x %}b{% endif %}", [("x", False, (), (), False)]),
    ],
)
def test_variables(text: str, expected: list[tuple[object, ...]]) -> None:
    assert told(text) == expected


READS = (
    "{{ x }}", "{{ x|default('a') }}", "{{ x or 'a' }}", "{% if x %}{{ x }}{% endif %}", "{{ x if x is defined }}",
    "{% if x is defined %}{{ x.y }}{% endif %}", "{% if x == 'a' %}{{ x }}{% endif %}", "{{ x.y.z }}", "{{ x + 'a' }}",
    "{% if x is not defined %}{{ raise_exception('x?') }}{% endif %}{{ x }}", "{{ not x }}", "{{ x and x.y }}",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(READS), min_size=1, max_size=4).map("".join))
def test_what_is_not_required_never_fails_for_want_of_it(text: str) -> None:
    (variable,) = variables(parse(Template(text)))
    assert variable.name == "x"
    if not variable.required and "raise_exception" not in text:
        reference_environment().from_string(text).render()
