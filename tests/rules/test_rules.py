"""Every rule has its page, its code and its examples, and the examples hold."""

from __future__ import annotations

import re

import pytest

from portable_tpl.checking import registry as _registry
from portable_tpl.checking.base import Example, Rule
from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Finding, apply_edits
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse

RULES = _registry.rules()
HEADINGS = ("What it does", "Why it breaks", "Example", "Fix safety")
FAMILIES = ("PTL0", "PTL1", "PTL2", "PTL3", "PTL4", "PTL5", "PTL6", "PTL7", "PTL8", "PTL9")


def findings(rule: Rule, example: Example) -> list[Finding]:
    found = lint(parse(Template(example.template)), example.targets, Tier.EVERYDAY)
    return [finding for finding in found if finding.code == rule.code]


def examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{code}-{number}")
        for code, rule in RULES.items()
        for number, example in enumerate(getattr(rule, kind))
    ]


def test_codes_are_well_formed_and_names_unique() -> None:
    assert all(re.fullmatch(r"PTL\d{3}", code) for code in RULES)
    assert all(code.startswith(FAMILIES) for code in RULES)
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_page_has_its_headings_in_order(rule: Rule) -> None:
    assert rule.title
    assert not rule.title.endswith(".")
    places = [rule.docs.find(f"\n{heading}\n{'-' * len(heading)}\n") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    sections = re.split(r"\n[^\n]+\n-+\n", rule.docs)[1:]
    assert all(section.strip() for section in sections)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule_has_examples_of_both_kinds(rule: Rule) -> None:
    assert rule.valid
    # A rule for what all measured engines have by now keeps its code, and has nothing to show.
    assert rule.invalid or rule.name in ("python-literal", "addition")


@pytest.mark.parametrize("rule, example", examples("valid"))
def test_valid_example_has_no_finding(rule: Rule, example: Example) -> None:
    assert findings(rule, example) == []


@pytest.mark.parametrize("rule, example", examples("invalid"))
def test_invalid_example_has_a_finding_in_the_template(rule: Rule, example: Example) -> None:
    found = findings(rule, example)
    assert found
    for finding in found:
        assert finding.rule == rule.name
        assert finding.message
        assert 0 <= finding.location.start <= finding.location.end <= len(example.template)
        assert set(finding.targets) <= set(example.targets)


@pytest.mark.parametrize("rule, example", examples("invalid"))
def test_fix_of_invalid_example_converges(rule: Rule, example: Example) -> None:
    text, fixed = example.template, False
    for _ in range(10):
        found = findings(rule, Example(text, example.targets))
        fix = next((finding.fix for finding in found if finding.fix is not None), None)
        if fix is None:
            break
        text, fixed = apply_edits(text, fix.edits), True
        parse(Template(text))
    else:
        pytest.fail("the fixes do not come to an end")
    assert (text if fixed else None) == example.fixed
