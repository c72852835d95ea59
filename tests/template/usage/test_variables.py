"""A template's own variables: which there are, what stands in for them, and which values are known."""

from __future__ import annotations

import pytest

from portable_tpl.model.source import Template
from portable_tpl.template import parse
from portable_tpl.template.usage.variables import variables

LOOP = "{% for m in messages %}{{ m.content }}{% endfor %}"


def told(text: str) -> list[tuple[object, ...]]:
    return [(each.name, each.defaults, each.values, each.flag) for each in variables(parse(Template(text)))]


@pytest.mark.parametrize(
    "text, expected",
    [
        (LOOP + "{{ bos_token }}{% if tools %}{{ tools|tojson }}{% endif %}", []),
        ("{{ x }}", [("x", (), (), False)]),
        ("{{ x|default('a') }}", [("x", ("a",), (), False)]),
        ("{{ x or 'a' }}{{ x if x is defined else 'b' }}", [("x", ("a", "b"), (), False)]),
        ("{% if x is not defined %}{% set x = 3 %}{% endif %}{{ x + 1 }}", [("x", (3,), (), False)]),
        ("{% if x is defined %}{{ x }}{% endif %}", [("x", (), (), False)]),
        ("{% if x %}a{% endif %}{% if x is false %}b{% endif %}", [("x", (), (), True)]),
        (
            "{% if x == 'low' %}a{% elif x in ['high', 'low'] %}b{% endif %}",
            [("x", (), ("high", "low"), False)],
        ),
        (
            "{% set y = x|default('low') %}{% if y == 'none' %}a{% endif %}",
            [("x", ("low",), ("none",), False)],
        ),
        ("{% with x = 1 %}{{ x }}{% endwith %}{% for y in [1] %}{{ y }}{{ late }}{% endfor %}{% set late = 1 %}", []),
        ("{% macro f(x) %}{{ x }}{% endmacro %}{{ f(y) }}{{ range(2) }}", [("y", (), (), False)]),
        ("{% if f is defined %}{{ f(x) }}{% endif %}", [("x", (), (), False)]),  # no request gives a function
        ("{% if x and 'a' in x %}b{% endif %}", [("x", (), (), False)]),
    ],
)
def test_variables(text: str, expected: list[tuple[object, ...]]) -> None:
    assert told(text) == expected
