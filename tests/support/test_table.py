"""Reading the support table."""

from __future__ import annotations

import importlib.metadata

import pytest

from portable_tpl.support.features import load_features
from portable_tpl.support.table import (
    UNKNOWN,
    Support,
    load_table,
    measured_targets,
    measured_versions,
    support,
)
from portable_tpl.support.versions import release_here, version_in, version_key


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
    assert load_table("llama.cpp") == load_table("llama.cpp-engine")


@pytest.mark.parametrize("target", measured_targets())
def test_every_table_knows_every_feature_or_says_nothing(target: str) -> None:
    features = set(load_features())
    for version in measured_versions(target):
        table = load_table(f"{target}@{version}")
        assert table is not None
        known = table.yes | table.broken.keys()
        assert known <= features
        assert len(known) >= 0.9 * len(features)
        assert not table.yes & table.broken.keys()
        assert {support.answer for support in table.broken.values()} <= {"no", "differs", "flag"}


def test_a_version_between_two_measured_ones_is_answered_by_what_they_agree_on() -> None:
    versions = measured_versions("minijinja")
    assert list(versions) == sorted(versions, key=version_key)
    before, between, after = (load_table(f"minijinja@{version}") for version in ("2.24.0", "2.90.0", "3.0.5"))
    assert before is not None
    assert between is not None
    assert after is not None
    assert between.between == ("2.24.0", "3.0.5")
    assert between.version == "2.90.0"
    unsure = []
    for feature in before.yes | before.broken.keys():
        answers = {before.support(feature).answer, after.support(feature).answer}
        answer = between.support(feature)
        assert {answer.answer} == answers if len(answers) == 1 else answer.answer == "unknown"
        unsure += [answer] if answer.answer == "unknown" else []
    assert any(answer.breaks and answer.note.endswith("on 3.0.5") for answer in unsure)


@pytest.mark.parametrize("version", ["999.0", "0.1", "latest"])
def test_a_version_with_a_measured_one_on_one_side_only_is_not_answered(version: str) -> None:
    assert load_table(f"minijinja@{version}") is None


def test_a_version_is_its_numbers() -> None:
    assert load_table("minijinja@3.1") == load_table("minijinja@3.1.0") is not None
    assert version_key("b9294") < version_key("b11549")
    assert version_key("2.9") < version_key("2.10.0") == version_key("2.10")


def test_versions_in_releases() -> None:
    assert version_in("2026.5.9294", "b{2}") == "b9294"
    assert version_in("2026.5", "b{2}") is None
    assert version_in("3.1.0", "") == "3.1.0"


@pytest.mark.parametrize("name", ["minijinja", "jinja2", "MarkupSafe", "typing-extensions", "no-such-package"])
def test_the_release_here_is_that_of_importlib(name: str) -> None:
    try:
        expected = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        expected = None
    assert release_here(name) == expected


def test_support_is_data() -> None:
    assert Support("no", "everyday", "x").breaks
