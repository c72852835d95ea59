"""What breaks is said of the very value that a template names: ``check`` and the engines agree on each."""

from __future__ import annotations

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, same
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import parse
from tests.targets.opening import expect

_CONVERSATION = Conversation([{"role": "user", "content": "Hi"}])
_VALUES = (
    "1", "0", "'a'", "''", "'A b'", "true", "none", "[1, 2]", "['a', 'b']", "['a\\nb']", "{'a': 'b'}",
    "'3.7'|int", "'3'|int", "'x'|int", "'1.5'|float", "'a\\nb'|indent(2, true)", "'a b'|title",
 "3 / 2", "range(3)|list", "{'b': 1, 'a': 2}|dictsort", "'😀'|length",
    "'a' if messages else 'b'", "{'a': none}.a", "(7 % 3)", "'abc'[::-1]", "2.5|tojson",
)  # fmt: skip
_FORMS = (
    "{{ (E) }}", "{% if (E) %}T{% else %}F{% endif %}", "{% set x = (E) %}[{{ x }}]", "{{ 'q' ~ (E) }}",
    "{% for i in [(E)] %}{{ i }};{% endfor %}",
)  # fmt: skip


@pytest.mark.parametrize("target", ["minijinja", "hf-jinja", "llama.cpp-engine"])
def test_constants_have_one_value(target: str) -> None:
    expect(target)
    wrong = []
    with open_runtime(REFERENCE) as reference, open_runtime(target) as engine:
        for text in (form.replace("E", value) for form in _FORMS for value in _VALUES):
            parsed = parse(Template(text))
            right = next(iter(reference.render_all(parsed.template, [_CONVERSATION])))
            answer = next(iter(engine.render_all(parsed.template, [_CONVERSATION])))
            said = sorted({finding.feature for finding in lint(parsed, (target,))})
            if not isinstance(right, Failed) and same(right, answer) == bool(said):
                wrong.append(f"{said} {text}: {answer}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "behind", ["{% if true %}{% endif %}x", " {% if true %}{% endif %}x", "{# c #}x", " {# c #}x"]
)
def test_first_characters_are_lost_only_where_they_are_one_byte(behind: str) -> None:
    expect("llama.cpp-engine")
    with open_runtime(REFERENCE) as reference, open_runtime("llama.cpp-engine") as engine:
        for first in ("a", "~", "\x7f", "é", "中", "😀", "\ufeff"):
            parsed = parse(Template(first + behind))
            right = next(iter(reference.render_all(parsed.template, [_CONVERSATION])))
            answer = next(iter(engine.render_all(parsed.template, [_CONVERSATION])))
            said = [finding.code for finding in lint(parsed, ("llama.cpp-engine",))]
            assert (said == []) == same(right, answer), (first, said, answer)
