"""State that turns hand on: what is found in a template, and what a marked render tells of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from portable_tpl.model.source import Template
from portable_tpl.template import parse
from portable_tpl.template.names.turns import turn_states
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.tracing.instrument import branches, hook_branches, mark_branches
from portable_tpl.template.tracing.turn_marks import TurnRecorder, mark_turns, turn_goals
from tests.template.programs import programs

LOOP = "{% for m in messages %}"
END = "{% endfor %}"
NS = "{% set ns = namespace(a=0) %}"


def states(text: str) -> list[tuple[str, int, int, int]]:
    return [
        (state.name, len(state.definitions), len(state.uses), len(state.pairs))
        for state in turn_states(parse(Template(text)).tree)
    ]


@pytest.mark.parametrize(
    "body, expected",
    [
        ("{% if m.a %}{% set x = m.a %}{% endif %}{{ x }}", [("x", 1, 1, 1)]),
        ("{% if m.a %}{% set x %}a{% endset %}{% endif %}{{ x }}", [("x", 1, 1, 1)]),
        ("{% set x = m.a %}{{ x }}", []),
        ("{% if m.a %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}", []),
        ("{% if m.a %}{% set x = 1 %}{% else %}{{ raise_exception('') }}{% endif %}{{ x }}", []),
        ("{% if m.a %}{% set x = 1 %}{% endif %}{% if x is defined %}{{ x }}{% endif %}", [("x", 1, 1, 1)]),
        ("{{ x }}{% if m.a %}{% set x, y = 1, 2 %}{% endif %}{{ y }}", [("x", 1, 1, 1), ("y", 1, 1, 1)]),
        ("{% with %}{% set x = 1 %}{% endwith %}{{ x }}", []),
        ("{% for c in m.c %}{% set x = 1 %}{{ x }}{% endfor %}{{ x }}", []),
        ("{% if ns.a %}a{% endif %}{% set ns.a = m.a %}", [("ns.a", 1, 1, 1)]),
        ("{% set ns.a = m.a %}{% if ns.a %}a{% endif %}", []),
        ("{% if not ns.a %}{% set ns.a = true %}{% endif %}", [("ns.a", 1, 1, 1)]),
        ("{% if not ns.a %}{{ ns.a }}{% set ns.a = true %}{% endif %}", [("ns.a", 1, 2, 1)]),
        ("{% for c in m.c %}{{ ns.a }}{% set ns.a = c %}{% endfor %}", [("ns.a", 1, 1, 1)]),
        ("{% set own = namespace(a=0) %}{{ own.a }}{% set own.a = 1 %}", []),
    ],
)
def test_states(body: str, expected: list[tuple[str, int, int, int]]) -> None:
    assert states(NS + LOOP + body + END) == expected


@pytest.mark.parametrize(
    "items, found", [("messages[1:]", 1), ("messages|reverse", 1), ("later", 1), ("tools", 0), ("m.content", 0)]
)
def test_loops_over_messages(items: str, found: int) -> None:
    text = f"{{% set later = messages[1:] %}}{{% for t in {items} %}}{{{{ x }}}}{{% set x = 1 %}}{{% endfor %}}"
    assert len(states(text)) == found


def covered(text: str, messages: list[dict[str, object]]) -> tuple[set[tuple[str, int]], str]:
    """The pairs that a marked render tells of, by name and line of the use, and the prompt."""
    tree = parse(Template(text)).tree
    found = turn_states(tree)
    goals = turn_goals(found, len(branches(tree)))
    mark_turns(tree, found, mark_branches(tree))
    environment, hits = reference_environment(), set[int]()
    environment.optimized = False
    hook_branches(environment, hits)
    TurnRecorder(hits).hook(environment)
    code = environment.compile(tree)
    prompt = environment.template_class.from_code(environment, code, {**environment.globals}).render(
        messages=messages
    )
    return {(goal.state.name, goal.use.lineno) for goal in goals if goal.number in hits}, prompt


SEEN = LOOP + "\n{% if m.a %}{% set x = m.a %}{% endif %}\n{{ x }}" + END


@pytest.mark.parametrize(
    "text, values, expected",
    [
        (SEEN, [1, 0], {("x", 3)}),
        (SEEN, [0, 1], set()),
        (SEEN, [1, 1], set()),
        (SEEN, [1], set()),
        (NS + LOOP + "\n{{ ns.a }}{% if m.a %}{% set ns.a = 1 %}{% endif %}" + END, [1, 0], {("ns.a", 2)}),
        (NS + LOOP + "\n{{ ns.a }}{% if m.a %}{% set ns.a = 1 %}{% endif %}" + END, [0, 1], set()),
    ],
)
def test_one_turn_sets_and_a_later_one_reads(text: str, values: list[int], expected: set[tuple[str, int]]) -> None:
    assert covered(text, [{"a": value} for value in values])[0] == expected


@settings(max_examples=60, deadline=None)
@given(programs(macros=True))
def test_marks_change_no_prompt(text: str) -> None:
    text = text.replace("in ([])", "in []").replace(" in ", " in messages or ")
    messages: list[dict[str, object]] = [{"a": 1}, {"a": 0}]
    expected = reference_environment().from_string(text).render(messages=messages)
    assert covered(text, messages)[1] == expected
