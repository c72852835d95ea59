"""Reading the support table."""

from __future__ import annotations

import pytest

from portable_tpl.support.features import load_features
from portable_tpl.support.table import (
    UNKNOWN,
    Support,
    iterate,
    load_table,
    measured_targets,
    measured_versions,
    support,
    version_key,
)


def test_answers() -> None:
    assert support("method.str.strip", "minijinja").answer == "yes"
    strict = support("method.str.strip", "minijinja-strict")
    assert (strict.answer, strict.note) == ("flag", "pycompat")
    missing = support("statement.generation", "minijinja")
    assert missing.answer == "no"
    assert missing.note
    other = support("print@true", "hf-jinja")
    assert (other.answer, other.note) == ("differs", "[true]")


def test_what_nobody_measured_is_unknown() -> None:
    assert support("no.such.feature", "minijinja") is UNKNOWN
    assert support("filter.trim", "no-such-target") is UNKNOWN
    assert not UNKNOWN.breaks


def test_lenience_where_the_reference_fails_decides_nothing() -> None:
    lenient = support("add@plain,none", "llama.cpp-engine")
    assert lenient.answer == "differs"
    assert lenient.tier is None
    assert not lenient.breaks


def test_tier_is_that_of_the_values() -> None:
    assert support("filter.tojson@int", "hf-jinja").tier == "hostile"
    assert support("filter.tojson@float", "hf-jinja").tier == "extended"


def test_stack_answers_from_its_engine() -> None:
    assert load_table("llama.cpp") is load_table("llama.cpp-engine")


@pytest.mark.parametrize("target", measured_targets())
def test_every_table_knows_every_feature_or_says_nothing(target: str) -> None:
    features = set(load_features())
    for version in measured_versions(target):
        table = load_table(f"{target}@{version}")
        assert table is not None
        known = {feature for feature, _ in iterate(table)}
        assert known <= features
        assert len(known) >= 0.9 * len(features)
        assert not table.yes & table.broken.keys()
        assert {support.answer for support in table.broken.values()} <= {"no", "differs", "flag"}


def test_version_asked_for_is_answered_by_the_newest_measured_before_it() -> None:
    versions = measured_versions("minijinja")
    assert list(versions) == sorted(versions, key=version_key)
    newest = load_table("minijinja")
    assert newest is not None
    assert load_table("minijinja@999.0") is newest
    assert load_table("minijinja@0.1") is None


def test_support_is_data() -> None:
    assert Support("no", "everyday", "x").breaks
