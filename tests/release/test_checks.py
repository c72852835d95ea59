"""Every release check has its page, its code and its examples, and the examples hold."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from portable_tpl.model.findings import Finding, Severity
from portable_tpl.release._base import HEADINGS, Check, Example
from portable_tpl.release._registry import checks
from tests.release.conftest import Inspect

CHECKS = checks()
Findings = Callable[[Check, Example], list[Finding]]
_RANKS = list(Severity)[::-1]


def examples(kind: str) -> list[object]:
    return [
        pytest.param(check, example, id=f"{code}-{number}")
        for code, check in CHECKS.items()
        for number, example in enumerate(getattr(check, kind))
    ]


@pytest.fixture
def findings(inspect: Inspect, inspect_model: Inspect) -> Findings:
    """What a check says about an example."""

    def of(check: Check, example: Example) -> list[Finding]:
        if check.examine_container is not None:
            return list(inspect_model(example.template, check.code, files=example.files).findings)
        tokens, files = example.special_tokens, example.files
        return list(inspect(example.template, check.code, special_tokens=tokens, files=files).findings)

    return of


def test_codes_are_well_formed_and_names_unique() -> None:
    assert all(re.fullmatch(r"REL1\d{2}", code) for code in CHECKS)
    assert len({check.name for check in CHECKS.values()}) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_page_has_its_headings_in_order(check: Check) -> None:
    assert check.title
    assert not check.title.endswith(".")
    places = [check.docs.find(f"\n{heading}\n{'-' * len(heading)}\n") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    sections = re.split(r"\n[^\n]+\n-+\n", check.docs)[1:]
    assert all(section.strip() for section in sections)


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_check_asks_one_thing_and_has_examples_of_both_kinds(check: Check) -> None:
    assert [check.examine, check.examine_static, check.examine_container].count(None) == 2
    assert len(check.valid) >= 3
    assert len(check.invalid) >= 3


@pytest.mark.parametrize("check, example", examples("valid"))
def test_valid_example_has_no_finding(findings: Findings, check: Check, example: Example) -> None:
    assert [finding.message for finding in findings(check, example)] == []


@pytest.mark.parametrize("check, example", examples("invalid"))
def test_invalid_example_has_a_finding_with_its_proof(findings: Findings, check: Check, example: Example) -> None:
    found = findings(check, example)
    assert found
    assert max((finding.severity for finding in found), key=_RANKS.index) is example.severity
    for finding in found:
        assert finding.code == check.code
        assert finding.rule == check.name
        assert finding.message
        assert 0 <= finding.location.start <= finding.location.end <= len(example.template)
        assert (finding.evidence == "proved") == (finding.witness is not None)
        if finding.witness is not None:
            assert len(finding.witness.reproduce) == len(finding.witness.exhibits) > 0
