"""The tables hold what the engines say now, and what moved is said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from portable_tpl.probing import __main__ as command
from portable_tpl.probing import writing
from portable_tpl.probing.asking import Answers
from portable_tpl.probing.measuring import measure, measure_reference
from portable_tpl.support import table as tables
from portable_tpl.support.features import load_features
from portable_tpl.support.table import TARGETS, Support, Table, read_table, shipped_versions
from portable_tpl.targets import installs
from portable_tpl.targets.registry import availability, known_targets
from tests.targets.opening import expect

# Quick enough for every run; `python -m portable_tpl.probing --check` measures all.
QUICK = ("minijinja", "minijinja-strict", "hf-jinja")


@pytest.fixture(scope="module")
def reference() -> Answers:
    return measure_reference(load_features())


@pytest.fixture(scope="module")
def measured(reference: Answers) -> Mapping[str, Table]:
    features = load_features()
    return {target: measure(target, reference, features) for target in QUICK if availability(target).ok}


def stored(target: str) -> Table:
    table = tables.load_table(target)
    assert table is not None
    return table


def test_reference_has_not_drifted(reference: Answers) -> None:
    assert list(writing.reference_moves(reference)) == []


@pytest.mark.parametrize("target", QUICK)
def test_table_has_not_drifted(target: str, measured: Mapping[str, Table]) -> None:
    expect(target)
    table = measured[target]
    path = TARGETS / f"{target}@{table.version}.json"
    assert path.is_file(), f"{target} {table.version} has no table: run `python -m portable_tpl.probing {target}`"
    assert list(writing.moves(read_table(path), table)) == []
    assert path.read_text("utf-8") == writing.table_json(table)


@pytest.mark.parametrize("target", sorted(adapter.id for adapter in command.speaking()))
def test_the_version_that_runs_here_has_a_table(target: str) -> None:
    expect(target)
    assert availability(target).version in shipped_versions(target), f"run `python -m portable_tpl.probing {target}`"


def test_the_index_has_not_drifted() -> None:
    assert tables.INDEX.read_text("utf-8") == writing.index_json(known_targets())


def test_what_moved_is_named() -> None:
    table = stored("minijinja")
    assert list(writing.moves(table, table)) == []
    broken = {**table.broken, "filter.trim": Support("no", "everyday", "x")}
    before = broken.pop("statement.generation")
    now = table._replace(yes=table.yes - {"filter.trim"} | {"statement.generation"}, broken=broken)
    assert list(writing.moves(table, now)) == [
        ("filter.trim", "yes", "no (everyday: x)"),
        ("statement.generation", f"no ({before.tier}: {before.note})", "yes"),
    ]


def test_words_do_not_count() -> None:
    table = stored("minijinja")
    worded = {**table.broken, "statement.generation": table.broken["statement.generation"]._replace(note="y")}
    assert list(writing.moves(table, table._replace(broken=worded))) == []
    stranger = {**table.broken, "statement.generation": table.broken["statement.generation"]._replace(tier="hostile")}
    assert [move[0] for move in writing.moves(table, table._replace(broken=stranger))] == ["statement.generation"]


def test_a_check_says_what_moved_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("filter.trim", "filter.title", "statement.generation")
    features = {name: load_features()[name] for name in names}
    monkeypatch.setattr(command, "load_features", lambda: features)
    monkeypatch.setattr(writing, "reference_moves", lambda answers: iter(()))
    table = stored("minijinja-strict")
    broken = {name: table.broken[name] for name in names if name in table.broken}
    known = table._replace(yes=table.yes & features.keys(), broken=broken)
    monkeypatch.setattr(writing, "baseline", lambda table: known)
    assert command.main(["--check", "minijinja-strict"]) == 0
    assert "->" not in capsys.readouterr().out
    broken = {**broken, "filter.trim": Support("differs", "everyday", "y")}
    moved = known._replace(yes=known.yes - {"filter.trim"}, broken=broken)
    monkeypatch.setattr(writing, "baseline", lambda table: moved)
    assert command.main(["--check", "minijinja-strict"]) == 1
    line = f"minijinja-strict@{known.version}: filter.trim: differs (everyday: y) -> yes\n"
    assert line in capsys.readouterr().out


def test_the_newest_of_every_engine_is_asked_of_its_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "newest", lambda package: f"of {package.name}")
    newest = set(command.newest_targets())
    assert {"minijinja@of minijinja", "minijinja-strict@of minijinja", "hf-jinja@of @huggingface/jinja"} <= newest
    assert "llama.cpp-engine@of xllamacpp" in newest
    assert not any(target.startswith(("transformers", "llama.cpp@", "tgi")) for target in newest)
