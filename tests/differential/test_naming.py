"""Causes are named as rules name them: each has a page, and the code of the rule that is about it."""

from __future__ import annotations

import pytest

from portable_tpl.api import compare
from portable_tpl.checking.detection import code_of
from portable_tpl.checking.pages import page_of
from portable_tpl.differential.explain.layout_rewrites import FEATURES as LAYOUT
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.source import Template
from portable_tpl.support.features import load_features
from portable_tpl.support.table import load_table, measured_targets, measured_versions

# Features of several constructs at once, and of old versions that lacked half the language: no cause is called so.
WITHOUT_RULE = {
    *("condexpr.nested", "filter.block", "filter.then-call", "filter.trailing-comma", "item.concat@dict"),
    *("layout.dash.comment", "literal.dict", "literal.dict.at-end"),
    *("literal.dict.order", "literal.false.print", "literal.list.multiline", "literal.none", "literal.none.print"),
    *("literal.true.print", "loop.printed-first", "macro.argument-expression", "macro.markup", "macro.set-inside"),
    *("macro.shadow", "macro.text", "method.str.chain", "method.str.on-literal", "operator.double-negative"),
    *("operator.word-newline", "scope.call-block", "statement.set.chain", "statement.set.multiline"),
    *("syntax.precedence", "syntax.precedence.concat-compare", "syntax.precedence.condexpr-concat"),
    *("syntax.precedence.filter-operator", "syntax.precedence.in-concat", "syntax.precedence.negative-filter"),
    *("test.chain", "test.precedence", "test.trailing-comma"),
}


def broken() -> set[str]:
    """Every feature that some measured version of some target breaks."""
    names = [f"{target}@{version}" for target in measured_targets() for version in measured_versions(target)]
    tables = [load_table(name) for name in names]
    found = {id_ for table in tables if table is not None for id_, each in table.broken.items() if each.breaks}
    return found & load_features().keys()


def test_whatever_a_target_breaks_has_a_page_and_the_code_of_a_rule() -> None:
    found = broken()
    assert len(found) > 2000
    assert {id_ for id_ in found if page_of(id_) is None} == set()
    assert {id_ for id_ in found if code_of(id_) is None} == WITHOUT_RULE


def test_every_construct_has_a_page() -> None:
    names = {name for id_ in load_features() for name in FeatureId(id_).wider()}
    assert {name for name in names if page_of(name) is None} == set()


def test_rewritings_of_the_layout_are_called_by_features_with_rules() -> None:
    assert {name for name in LAYOUT if page_of(name) is None or code_of(name) is None} == set()


def causes(text: str, target: str) -> set[tuple[str | None, str | None, str]]:
    """The cause, the code and the source of each mismatch on one conversation."""
    given = Conversation([{"role": "user", "content": "a"}])
    compared = compare(Template(text), targets=[target], examples=1, conversations=[given])
    return {
        (each.cause, each.code, text[each.span.start : each.span.end] if each.span else "")
        for each in compared.targets[target].mismatches
        if each.origin == "template"
    }


@pytest.mark.parametrize(
    "target, text, expected",
    [
        ("hf-jinja", "{{ 'T' ~ messages }}", ("concat@list", "PTL606", "messages")),
        ("minijinja", "{{ '%s' % messages[0].role }}", ("mod.format@word", "PTL202", "'%s' % messages[0].role")),
        ("hf-jinja", "{{ [1, 2]|min ~ '/' }}", ("filter.min", "PTL301", "[1, 2]|min")),
        ("hf-jinja", "{{ ('a' if tools) ~ 'b' }}", ("concat@undefined", "PTL606", "'a' if tools")),
        (
            "hf-jinja",
            "{% for m in messages %}{{ loop.cycle('x') ~ m.role }}{% endfor %}",
            ("loop.cycle", "PTL505", "loop.cycle"),
        ),
        ("hf-jinja", "{{ 'ä𠮷'|length ~ '' }}", ("filter.length@unicode", "PTL901", "'ä𠮷'|length")),
        ("llama.cpp", "{{ '%s' % 'a' }}", ("mod.format@word", "PTL202", "'%s' % 'a'")),
    ],
)
def test_a_cause_is_the_feature_of_a_rule_at_its_place(
    target: str, text: str, expected: tuple[str, str, str]
) -> None:
    assert causes(text, target) == {expected}
