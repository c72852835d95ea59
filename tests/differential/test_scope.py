"""Values of an earlier turn: the rewriting that forgets them, and the one cause that they have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings

from portable_tpl.differential.compare import compare
from portable_tpl.differential.explain.scope_rewrites import scope_rewrites
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template import parse
from tests.targets.opening import opened
from tests.template.programs import observed, programs


@pytest.fixture(scope="module", params=["hf-jinja", "llama.cpp-engine"])
def forgetful(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """An engine that does not forget what a turn set."""
    runtime = opened(request.param)
    yield runtime
    runtime.close()


@settings(max_examples=80, deadline=None)
@given(programs(macros=False))
@example("{% set x = 'v1' %}{% for i in [1, 2] -%}  <1={{ x }}>{% if c0 %}{% set x = 'v2' %}{% endif %}{% endfor %}")
@example(
    "{% for i in [1, 2] %}{% for x in ['v1'] %}<1={{ y }}>{% set y = x %}{% endfor %}{% set y = 'v2' %}{% endfor %}"
)
def test_the_reference_prints_the_same(text: str) -> None:
    expected = observed(text)
    for _, changed in scope_rewrites(parse(Template(text))):
        assert observed(changed) == expected, changed


STALE = [
    # Where the value is printed, decides, or only makes the text around it.
    ("{% for m in messages %}{% if m.reasoning_content is defined %}{% set why = m.reasoning_content %}{% endif %}\n"
     "{% if why is defined and why %}<think>{{ why }}</think>{% endif %}{{ m.role }}{% endfor %}", 2),
    ("{% set first = true %}\n{% for m in messages %}{% if not first %}|{% endif %}{{ m.role }}"
     "{% if m.role == 'user' %}{% set first = false %}{% endif %}{% endfor %}", 2),
    ("{% for m in messages %}{% if m.role == 'user' %}{% set q = '[' ~ m.role ~ ']' %}{% endif %}\n"
     "{{ (q if q is defined else '-')|upper }}{% endfor %}", 2),
    # A count that begins anew with each turn.
    ("{% set n = 0 %}{% for m in messages %}\n{% set n = n + 1 %}{{ n }}{{ m.role }}{% endfor %}", 2),
]  # fmt: skip


@pytest.mark.parametrize("text, line", STALE)
def test_an_earlier_turn_is_one_cause(
    text: str, line: int, forgetful: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    compared = compare(Template(text), [forgetful], reference, CompareSettings(examples=40), tracer)
    mismatches = compared.targets[forgetful.id].mismatches
    assert {(each.cause, each.code, each.line) for each in mismatches} == {("for.scope.inner", "PTL509", line)}
    assert len(mismatches) == 1
