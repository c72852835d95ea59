"""The tables hold what the engines say now."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.probing import __main__ as probing
from portable_tpl.support.features import load_features
from portable_tpl.support.table import Support, Table
from portable_tpl.targets.registry import availability

# Quick enough for every run; the session `probes --check` measures all.
QUICK = ("minijinja", "minijinja-strict", "hf-jinja")


@pytest.fixture(scope="module")
def reference() -> probing.Answers:
    return probing.measure_reference(load_features())


@pytest.fixture(scope="module")
def measured(reference: probing.Answers) -> Mapping[str, Table]:
    features = load_features()
    tables = {target: probing.measure(target, reference, features) for target in QUICK if availability(target).ok}
    base = tables["minijinja"]
    tables["minijinja-strict"] = probing.with_flags(tables["minijinja-strict"], base, "pycompat")
    return tables


def test_reference_has_not_drifted(reference: probing.Answers) -> None:
    assert probing.drift(probing.REFERENCE_FILE, probing.reference_json(reference)) == []


@pytest.mark.parametrize("target", QUICK)
def test_table_has_not_drifted(target: str, measured: Mapping[str, Table]) -> None:
    if target not in measured:
        pytest.skip(f"{target} cannot run here")
    table = measured[target]
    path = probing.table_path(table)
    if not path.exists():
        pytest.fail(f"{target} {table.version} has no table: run `python -m portable_tpl.probing {target}`")
    assert probing.drift(path, probing.table_json(table)) == []


def test_one_altered_entry_is_seen(measured: Mapping[str, Table]) -> None:
    table = measured["minijinja"]
    path = probing.table_path(table)
    for feature in ("filter.trim", "statement.generation"):
        support = table.support(feature)
        if support.answer == "yes":
            altered = table._replace(
                yes=table.yes - {feature}, broken={**table.broken, feature: Support("no", "everyday", "x")}
            )
        else:
            broken = {id_: found for id_, found in table.broken.items() if id_ != feature}
            altered = table._replace(yes=table.yes | {feature}, broken=broken)
        assert probing.drift(path, probing.table_json(altered)) != []


def test_judging_takes_the_worst_of_the_mildest_tier() -> None:
    feature = load_features()["filter.tojson@int"]
    same = [Rendered("1")] * len(feature.probes)
    assert probing.judge(feature, same, same).answer == "yes"
    hostile = [*same[:-1], Rendered("2")]
    assert probing.judge(feature, same, hostile) == Support("differs", "hostile", "2")
    both: list[Rendering] = [Failed("error", "boom"), *hostile[1:]]
    assert probing.judge(feature, same, both) == Support("no", "everyday", "error: boom")


def test_judging_where_the_reference_fails() -> None:
    feature = load_features()["add@plain,none"]
    failed = [Failed("error", "TypeError")] * len(feature.probes)
    assert probing.judge(feature, failed, failed).answer == "yes"
    lenient = probing.judge(feature, failed, [Rendered("a")] * len(feature.probes))
    assert (lenient.answer, lenient.tier) == ("differs", None)


def test_judging_refusals() -> None:
    feature = load_features()["global.raise_exception"]
    refused = [Refused("boom")]
    assert probing.judge(feature, refused, refused).answer == "yes"
    assert probing.judge(feature, refused, [Refused("other")]).answer == "no"


def test_what_cannot_be_set_up_is_unknown() -> None:
    feature = load_features()["filter.upper@tuple"]
    setups = frozenset(probe.setup for probe in feature.probes)
    answers = [Rendered("x")] * len(feature.probes)
    assert probing.judge(feature, answers, answers, setups).answer == "unknown"
