"""Selecting rules by code, prefix and name."""

from __future__ import annotations

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.checking.selecting import chosen_codes, codes_of
from portable_tpl.model.errors import InputError
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse

TEMPLATE = parse(Template("{{ messages[0].content.strip() }}{{ tools|tojson }}{{ messages[0].role|nope }}"))
TARGETS = ("minijinja-strict",)


def codes(**options: list[str]) -> set[str]:
    return {finding.code for finding in lint(TEMPLATE, TARGETS, **options)}  # type: ignore[arg-type]


@pytest.mark.parametrize("subject", ["PTL101", "ptl101", " PTL101 ", "python-method", "Python-Method"])
def test_a_rule_has_a_code_and_a_name(subject: str) -> None:
    assert codes_of(subject) == {"PTL101"}


def test_a_prefix_stands_for_a_family() -> None:
    assert {"PTL101", "PTL102"} <= codes_of("PTL1") == codes_of("PTL1xx")
    assert codes_of("PTL1") < codes_of("PTL") < codes_of("all")
    assert codes_of("PTL77") == codes_of("no-such-rule") == codes_of("") == frozenset()


def test_select_keeps_and_ignore_leaves_out() -> None:
    assert "PTL101" in codes()
    assert codes(select=["PTL101"]) == {"PTL101"}
    assert codes(select=["PTL1"]) == {"PTL101"}
    assert "PTL101" not in codes(ignore=["python-method"])
    assert codes(select=["PTL1"], ignore=["PTL101"]) == set()


def test_the_closer_subject_decides() -> None:
    assert chosen_codes(["PTL305"], ["PTL3"]) == frozenset({"PTL305"})
    assert "PTL305" not in (chosen_codes(["PTL3"], ["PTL305"]) or ())
    assert chosen_codes(["PTL305"], ["PTL305"]) == frozenset()
    assert chosen_codes([], []) is None


def test_an_unknown_subject_says_what_may_be_meant() -> None:
    with pytest.raises(InputError, match="did you mean python-method"):
        chosen_codes(["pyton-method"], [])
    with pytest.raises(InputError, match="PTL777"):
        chosen_codes([], ["PTL777"])


def test_what_the_deployment_provides_is_not_looked_at() -> None:
    template = parse(Template("{{ [1, 2]|sum }}{{ tools|tojson }}{{ cycler('a') }}"))
    targets = ("hf-jinja", "minijinja")
    without = {finding.feature for finding in lint(template, targets, provided=["sum", "tojson", "cycler"])}
    everything = {finding.feature for finding in lint(template, targets)}
    assert {feature.partition("@")[0] for feature in everything - without} >= {"filter.sum", "filter.tojson"}
    assert not any(feature.startswith(("filter.sum", "filter.tojson", "global.cycler")) for feature in without)
