"""Programs that are equal though they are written otherwise, and those that are not."""

from __future__ import annotations

import pytest

from portable_tpl.fixing.trees import same_program
from portable_tpl.model.source import Template
from portable_tpl.template import parse


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("{% raw %}<|end|>{% endraw %}{{ x }}", "{{ '<|end|>' }}{{ x }}", True),
        ("a{{ 'b' }}c", "abc", True),
        ("{% if x %}a{{ x.y }}{% endif %}", "{%- if x -%}{{ 'a' }}{{ x.y }}{% endif %}", True),
        ("{% if x %}{{ '' }}{% endif %}", "{% if x %}{% endif %}", False),  # another number of statements
        ("a{{ 1 }}", "a1", False),  # a number is no text
        ("{{ 'a' }}b", "{{ x }}b", False),
        ("{% if x %}a{% endif %}", "{% if y %}a{% endif %}", False),
        ("{{ x.y }}", "{{ x.z }}", False),
        ("{{ x['y'] }}", "{{ x.y }}", False),
        ("{{ true }}", "{{ 1 }}", False),
        ("{% for a in b %}{% endfor %}", "{% for a in b if c %}{% endfor %}", False),
        ("{{ f(a) }}", "{{ f(a, b) }}", False),
    ],
)
def test_same_program(one: str, other: str, equal: bool) -> None:
    assert same_program(parse(Template(one)).tree, parse(Template(other)).tree) is equal
