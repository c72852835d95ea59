"""Branches: which there are, which are reached, and which cannot be."""

from __future__ import annotations

import pytest

from portable_tpl.differential.run.coverage import coverage_of
from portable_tpl.differential.run.explored import Explored
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Tier
from portable_tpl.model.report import Coverage
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.tracing.instrument import branches


def explored(text: str, tracer: Tracer, tier: Tier = Tier.EVERYDAY) -> tuple[Explored, Coverage]:
    parsed = parse(Template(text))
    run = explore(parsed, tracer, CompareSettings(examples=40, tier=tier))
    return run, coverage_of(parsed, run)


@pytest.mark.parametrize(
    "text, kinds",
    [
        ("{% if a %}{% endif %}", ["if", "else"]),
        ("{% if a %}{% elif b %}{% elif c %}{% else %}{% endif %}", ["if", "if", "if", "else"]),
        ("{{ a if b }}", ["inline-if", "inline-else"]),
        ("{% for x in y %}{% endfor %}", ["loop", "empty-loop"]),
        ("{{ a and b }}", ["right-side", "shortcut"]),
        ("{{ a or b }}", ["right-side", "shortcut"]),
        ("{% macro f() %}{% endmacro %}", ["macro"]),
        ("{{ a }}{% set b = c %}", []),
    ],
)
def test_the_branches_of_a_template(text: str, kinds: list[str]) -> None:
    assert [branch.kind for branch in branches(parse(Template(text)).tree)] == kinds


REACHED = [
    "{% for m in messages %}{% if m.role == 'ipython' %}i{% endif %}{% endfor %}",
    "{% if thinking_budget == 512 %}a{% elif thinking_budget == 0 %}b{% endif %}",
    "{% if effort == 'low' %}a{% elif effort == 'high' %}b{% else %}c{% endif %}",
    "{% set ns = namespace(seen=false) %}{% for m in messages %}{% if m.role == 'tool' %}{% set ns.seen = true %}{% endif %}"
    "{% endfor %}{% if ns.seen %}x{% endif %}",
    "{% for m in messages %}{% if m.tool_calls %}{% if m.tool_calls|length > 1 %}many{% endif %}{% endif %}{% endfor %}",
    "{% for m in messages %}{% if m.role == 'assistant' and '<sep>' in m.content %}x{% endif %}{% endfor %}",
    "{% for t in tools or [] %}{% for k, v in t.function.parameters.properties.items() %}{% if v.enum %}e{% endif %}"
    "{% endfor %}{% endfor %}",
    "{% macro f(x) %}{% if x == 'search' %}s{% endif %}{% endmacro %}{% for t in tools or [] %}{{ f(t.function.name) }}{% endfor %}",
    "{% if documents %}{% for d in documents %}{% if d.kind == 'web' %}w{% endif %}{% endfor %}{% endif %}",
    "{% if messages|length > 6 %}long{% endif %}",
    "{% if messages[0].role == 'system' and messages[0].content.startswith('SECRET') %}s{% endif %}",
    "{% for m in messages %}{% if loop.last and m.role == 'tool' and not add_generation_prompt %}x{% endif %}{% endfor %}",
]


@pytest.mark.parametrize("text", REACHED)
def test_every_branch_is_reached(text: str, tracer: Tracer) -> None:
    run, coverage = explored(text, tracer)
    assert [branch.kind for branch in run.missed if branch in run.wanted] == []
    assert coverage.reached == coverage.branches


UNREACHABLE = [
    ("{% for m in messages %}{% if m.content is none %}x{% endif %}{% endfor %}", "m.content is none"),
    ("{% if not messages %}x{% endif %}", "not messages"),
    ("{% for m in messages %}{% if m.tool_calls and m.tool_calls[0].function.arguments is string %}x{% endif %}{% endfor %}",
     "m.tool_calls and m.tool_calls[0].function.arguments is string"),
    ("{% for m in messages %}{% if m.role == 'developer' %}x{% endif %}{% endfor %}", "m.role == 'developer'"),
]  # fmt: skip


@pytest.mark.parametrize("text, condition", UNREACHABLE)
def test_what_the_tier_cannot_reach_is_said(text: str, condition: str, tracer: Tracer) -> None:
    _, coverage = explored(text, tracer)
    missed = {each.condition: each for each in coverage.missed}
    assert missed[condition].reachable is False
    assert coverage.reached == coverage.branches


def test_a_stranger_tier_reaches_it(tracer: Tracer) -> None:
    text = "{% for m in messages %}{% if m.role == 'developer' %}x{% endif %}{% endfor %}"
    _, coverage = explored(text, tracer, Tier.EXTENDED)
    assert "m.role == 'developer'" not in {each.condition for each in coverage.missed}


def test_dead_code_counts_as_missed(tracer: Tracer) -> None:
    text = "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{% if ns.n < 0 %}dead{% endif %}"
    _, coverage = explored(text, tracer)
    dead = [each for each in coverage.missed if each.condition == "ns.n < 0"]
    assert [each.line for each in dead] == [1]
    assert dead[0].reachable in (None, False)


TURNS = [
    "{% for m in messages %}{% if m.reasoning_content is defined %}{% set why = m.reasoning_content %}{% endif %}"
    "{% if why is defined %}{{ why }}{% endif %}{% endfor %}",
    "{% set ns = namespace(called='') %}{% for m in messages %}{% if m.tool_calls %}"
    "{% set ns.called = m.tool_calls[0].function.name %}{% elif m.role == 'tool' %}{{ ns.called }}{% endif %}{% endfor %}",
    "{% set ns = namespace(last='') %}{% for m in messages %}{% if m.role == 'user' and ns.last == 'assistant' %}a"
    "{% endif %}{% if m.role == 'assistant' and m.content == 'odd' %}{% set ns.last = m.role %}{% endif %}{% endfor %}",
]


@pytest.mark.parametrize("text", TURNS)
def test_one_turn_sets_what_a_later_one_reads(text: str, tracer: Tracer) -> None:
    run, coverage = explored(text, tracer)
    assert coverage.pairs > 0
    assert (coverage.covered_pairs, coverage.missed_pairs) == (coverage.pairs, ())
    assert run.missed_turns == []


def test_what_only_a_stranger_order_of_turns_covers_is_left_out(tracer: Tracer) -> None:
    text = (
        "{% set ns = namespace(a=false) %}{% for m in messages %}{% if m.role == 'user' %}{% if ns.a %}twice{% endif %}"
        "{% set ns.a = true %}{% else %}{% set ns.a = false %}{% endif %}{% endfor %}"
    )
    run, coverage = explored(text, tracer)
    assert (len(run.turn_goals), coverage.pairs, coverage.covered_pairs) == (2, 1, 1)


def test_the_corpus_is_covered(corpus_templates: list[Template], tracer: Tracer) -> None:
    figures, pairs, covered = [], 0, 0
    for template in corpus_templates[3::40]:
        parsed = parse(template)
        run = explore(parsed, tracer, CompareSettings())
        coverage = coverage_of(parsed, run)
        figures.append(coverage.reached / coverage.branches if coverage.branches else 1.0)
        pairs, covered = pairs + coverage.pairs, covered + coverage.covered_pairs
    assert covered >= 0.95 * pairs
    assert sum(figures) / len(figures) > 0.97
    assert min(figures) > 0.8
