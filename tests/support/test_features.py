"""The features: well-formed, many, and each with probes that the reference has answered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from portable_tpl.model.conversation import Tier
from portable_tpl.model.errors import PortableTplError
from portable_tpl.model.source import Template
from portable_tpl.support.features import DATA, Feature, load_features
from portable_tpl.template.syntax.parsing import parse

FEATURES = load_features()
FAMILIES = [
    "filter",
    "test",
    "method",
    "global",
    "literal",
    "statement",
    "loop",
    "for",
    "macro",
    "scope",
    "syntax",
    "print",
    "attr",
    "item",
    "slice",
    "layout",
]


def test_there_are_many_and_every_family_has_some() -> None:
    without_kinds = {feature.partition("@")[0] for feature in FEATURES}
    assert len(without_kinds) >= 600
    for family in FAMILIES:
        assert any(feature.startswith(family) for feature in without_kinds), family


def test_ids_are_well_formed() -> None:
    for id_, feature in FEATURES.items():
        assert re.fullmatch(r"[\w.<>=!%^-]+(@[a-z-]+(,[a-z-]+)?)?", id_), id_
        assert feature.id == id_
        assert feature.title
        assert feature.probes


def test_reference_has_answered_every_probe() -> None:
    answers = json.loads((DATA / "reference.json").read_text("utf-8"))
    assert set(answers) == set(FEATURES)
    for id_, feature in FEATURES.items():
        assert len(answers[id_]) == len(feature.probes), id_


def test_probes_parse_in_the_reference_or_are_recorded_as_failing() -> None:
    answers = json.loads((DATA / "reference.json").read_text("utf-8"))
    for id_, feature in FEATURES.items():
        for probe, answer in zip(feature.probes, answers[id_], strict=True):
            assert isinstance(answer, dict) or _parses(probe.template), id_


def _parses(text: str) -> bool:
    try:
        parse(Template(text))
    except PortableTplError:
        return False
    return True


@pytest.mark.parametrize(
    "wanted",
    ["method.str.strip", "filter.tojson.indent", "syntax.chained-comparison", "print@none", "literal.True"],
)
def test_named_features_are_there(wanted: str) -> None:
    assert wanted in FEATURES


def test_kinds_are_spread_over_values_and_setups() -> None:
    feature = FEATURES["filter.trim@undefined"]
    assert [dict(probe.variables) for probe in feature.probes] == [{}]
    tuples = FEATURES["filter.upper@tuple"]
    assert all(probe.setup and probe.template.startswith(probe.setup) for probe in tuples.probes)
    numbers = FEATURES["filter.tojson@int"]
    assert {probe.tier for probe in numbers.probes} == {Tier.ORDINARY, Tier.HOSTILE}


def test_jinja_builtins_are_covered() -> None:
    from jinja2.defaults import DEFAULT_NAMESPACE
    from jinja2.filters import FILTERS
    from jinja2.tests import TESTS

    assert _missing(FILTERS, "filter") == []
    assert _missing(TESTS, "test", skip={"==", "!=", ">", "<", ">=", "<="}) == []
    assert _missing(DEFAULT_NAMESPACE, "global") == []


def _missing(names: Mapping[str, object], family: str, skip: set[str] | None = None) -> list[str]:
    return [name for name in names if name not in (skip or set()) and f"{family}.{name}" not in FEATURES]


def test_methods_of_text_are_covered() -> None:
    names = [name for name in dir(str) if not name.startswith("_")]
    assert [name for name in names if f"method.str.{name}" not in FEATURES] == []


def test_a_feature_is_data() -> None:
    assert isinstance(FEATURES["filter.trim"], Feature)
