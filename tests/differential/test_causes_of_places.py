"""Causes that no expression of its own shows: filter blocks, ``set x.y``, ``self``, the layout, one of many values."""

from __future__ import annotations

import pytest

from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from tests.differential.test_causes import USER, of_engine
from tests.targets.opening import opened

_FILTERED = "{% for m in messages %}{%- filter TAG -%} \n  BODY {%- endfilter %}\n!{% endfor %}"


@pytest.mark.parametrize(
    "target, tag, body, cause, source",
    [
        ("hf-jinja", "title", "{{ m.role }} it's", "filter.title", "title"),
        ("minja", "replace('u', m.role)|title", "{{ m.role }}", "filter.title", "replace('u', m.role)|title"),
        (
            "hf-jinja",
            "replace('u', 'v')",
            '{{ (m.role ~ "\'s")|title }}',
            "filter.title",
            '(m.role ~ "\'s")|title',
        ),
    ],
)
def test_a_filter_block_is_told_from_what_it_filters(
    target: str, tag: str, body: str, cause: str, source: str, reference: Runtime, tracer: Tracer
) -> None:
    text = _FILTERED.replace("TAG", tag).replace("BODY", body)
    mismatches = of_engine(text, USER, reference, tracer, target)
    places = {
        (str(each.cause).split("@")[0], each.span and text[each.span.start : each.span.end]) for each in mismatches
    }
    assert places == {(cause, source)}


@pytest.mark.parametrize("read", ["{{ self.x }}", "{% if self.x %}a{% endif %}"])
def test_blocks_that_an_engine_does_not_hand_out(
    read: str, minijinja: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    text = "{% block x %}b{% endblock %}{{ messages[0].role }}" + read
    compared = compare(Template(text), [minijinja], reference, CompareSettings(examples=5), tracer)
    assert {(each.cause, each.code) for each in compared.targets["minijinja"].mismatches} == {("name.self", "PTL803")}


def test_an_attribute_that_only_the_reference_refuses_to_set(reference: Runtime, tracer: Tracer) -> None:
    text = "{% for m in messages %}\n{% if m.role -%}\n{% set m.role = 'a' + m.role %}{% endif %}{{ m.content }}{% endfor %}"
    (mismatch,) = of_engine(text, USER, reference, tracer)
    assert (mismatch.kind, mismatch.cause) == ("reference-error", "statement.set.namespace")
    assert mismatch.line == 3


def test_blanks_before_an_expression_that_an_engine_drops(reference: Runtime, tracer: Tracer) -> None:
    text = "{% for m in messages %}{{- ': ' }}\n    {{ m.role }}{% if m.role -%}\n  {{ m.content }}{% endif %}{% endfor %}"
    mismatches = of_engine(text, USER, reference, tracer, "minja")
    assert {(each.cause, each.code) for each in mismatches} == {("layout.lstrip-blocks.expression", "PTL703")}


def test_an_error_is_named_by_what_gives_errors(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    # The engine also writes `<` otherwise than the reference; but that is no error.
    text = "{% for m in messages if '<' in m.content %}{{ m.content|tojson(ensure_ascii=False) }}{% endfor %}"
    given = Conversation([{"role": "user", "content": "<a>"}])
    settings = CompareSettings(examples=1, conversations=(given,))
    (mismatch,) = compare(Template(text), [minijinja], reference, settings, tracer).targets["minijinja"].mismatches
    assert (mismatch.kind, mismatch.cause) == ("target-error", "filter.tojson.ensure_ascii")


def test_an_error_of_the_reference_on_a_later_value(reference: Runtime, tracer: Tracer) -> None:
    text = "{% macro f(n) %}{{ 'r:' + n }}{% endmacro %}"
    text += "{% if messages[0].content %}{% for m in messages %}{{ f(m.content) }}{% endfor %}{% endif %}"
    settings = CompareSettings(
        examples=1, conversations=(Conversation([USER, {"role": "assistant", "content": None}, USER]),)
    )
    engine = opened("llama.cpp-engine")
    try:
        mismatches = (
            compare(Template(text), [engine], reference, settings, tracer).targets["llama.cpp-engine"].mismatches
        )
    finally:
        engine.close()
    assert mismatches
    assert {each.cause for each in mismatches} <= {"add@plain,none", "add@plain,undefined"}


_ROLES = "{% if m.role == 'user' %}U END{% elif m.role == 'assistant' %}A END{% else %}S END{% endif %}"


@pytest.mark.parametrize(
    "text, cause, line",
    [
        # Where each branch ends, what the engine drops, or prints, shows at another place.
        (
            "{% for m in messages %}" + _ROLES.replace(" END", "") + "\n\n  {% generation %}\n\n  {%- if true %}\n"
            "{{- m.content }}\n  {%- endif %}\n{% endgeneration %}\n{%- endfor %}",
            "layout.generation.before-dash",
            3,
        ),
        ("{% for m in messages %}\r\n" + _ROLES.replace(" END", "\r\n!") + "{% endfor %}", "layout.crlf", 1),
    ],
    ids=["generation", "line ends"],
)
def test_one_fault_of_the_layout_is_one_mismatch(
    text: str, cause: str, line: int, reference: Runtime, tracer: Tracer
) -> None:
    engine = opened("hf-jinja")
    try:
        compared = compare(Template(text), [engine], reference, CompareSettings(examples=30), tracer)
    finally:
        engine.close()
    mismatches = compared.targets["hf-jinja"].mismatches
    assert [(each.cause, each.line) for each in mismatches] == [(cause, line)]
