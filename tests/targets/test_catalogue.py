"""Which measurements a version is answered from: its own, those next to it, or none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.static import static_report
from portable_tpl.model.conversation import Tier
from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.model.report import TargetStatus
from portable_tpl.model.source import Template
from portable_tpl.support import table as tables
from portable_tpl.support.table import Table, load_table
from portable_tpl.targets import installs
from portable_tpl.targets.catalogue import running_targets, static_targets
from portable_tpl.targets.registry import open_runtime


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tables.forget()
    yield
    monkeypatch.undo()
    tables.forget()


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment with a version of minijinja that nobody has measured."""
    monkeypatch.setattr(tables, "release_here", lambda name: "77.0" if name == "minijinja" else None)
    monkeypatch.setattr(installs.Package, "here", lambda package: "77.0" if package.engine == "minijinja" else None)
    tables.forget()
    yield
    monkeypatch.undo()
    tables.forget()


def refuse(target: str) -> Table:
    raise AssertionError(f"{target} was measured")


@pytest.mark.parametrize("target", ["minijinja", "hf-jinja", "llama.cpp", "tgi", "minijinja@2.8.0", "hf-jinja@0.5.6"])
def test_a_measured_version_is_answered_from_its_table(target: str) -> None:
    [status] = static_targets([target], refuse)
    table = load_table(target)
    assert table is not None
    assert (status.version, status.reason) == (table.version, None)


def test_a_version_between_measured_ones_says_so() -> None:
    [status] = static_targets(["minijinja@2.15.0"], refuse)
    assert (status.version, status.reason) == (
        "2.15.0",
        "not measured: answered by what 2.14.0 and 2.24.0 agree on",
    )


@pytest.mark.parametrize(
    "target",
    [
        "minijinja@2.14.77",
        "minijinja@abc",
        "hf-jinja@0.5.7.1",
        "minijinja@0.0.1",
        "llama.cpp@b10230",
        "llama.cpp@abc",
    ],
)
def test_a_version_that_no_registry_knows_is_refused(target: str) -> None:
    for ask in (partial(static_targets, [target], refuse), partial(running_targets, [target])):
        with pytest.raises(UnknownTarget, match=r"no release of .* is that; the newest is"):
            ask()
    with pytest.raises(UnknownTarget, match=r"no release of .* is that; the newest is"):
        open_runtime(target)


@pytest.mark.parametrize("target", ["minijinja@", "llama.cpp@"])
def test_a_version_has_to_be_named(target: str) -> None:
    for ask in (partial(static_targets, [target], refuse), partial(running_targets, [target])):
        with pytest.raises(UnknownTarget, match="no version stands behind the @"):
            ask()


@pytest.mark.parametrize("target", ["minijinja@2.2.0", "minijinja@999", "llama.cpp@b999999"])
def test_a_version_beyond_the_measured_ones_is_never_answered_in_anothers_name(target: str) -> None:
    with pytest.raises(TargetUnavailable, match=f"{target}: no measurements .* targets install {target}"):
        static_targets([target], refuse)


@pytest.mark.usefixtures("newer")
def test_an_installed_version_without_a_table_is_measured() -> None:
    table = load_table("minijinja")
    assert table is not None
    asked = []

    def measure(target: str) -> Table:
        asked.append(target)
        return table._replace(version="77.0")

    assert [status.version for status in static_targets(["minijinja"], measure)] == ["77.0"]
    assert asked == ["minijinja"]


@pytest.mark.usefixtures("newer")
def test_where_it_cannot_be_measured_the_answer_says_what_it_is_from() -> None:
    newest = tables.newest_measured("minijinja")

    def fail(target: str) -> Table:
        raise TargetUnavailable("it does not start")

    for measure in (fail, None):
        [status] = static_targets(["minijinja"], measure)
        assert (status.version, status.reason) == (newest, f"measured on {newest}, and 77.0 is installed")


@pytest.mark.usefixtures("newer")
def test_a_default_target_is_measured_too() -> None:
    table = load_table("minijinja")
    assert table is not None
    versions = {
        status.id: status.version for status in static_targets((), lambda target: table._replace(version="77.0"))
    }
    assert versions["minijinja"] == "77.0"
    assert len(versions) == 3


def test_what_runs_the_references_engine_breaks_nothing() -> None:
    [status] = static_targets(["vllm"], refuse)
    assert (status.engine, status.reason) == ("transformers", "runs the reference's own engine")


def test_what_measured_versions_disagree_about_is_no_promise() -> None:
    """``title`` is as in Python since 3.1.0; what came between is not known."""
    template = Template("{% for m in messages %}{{ m.content | title }}{% endfor %}")
    verdicts = {}
    for version in ("3.0.5", "3.0.9", "3.1.0"):
        target = f"minijinja@{version}"
        table = load_table(target)
        assert table is not None
        status = TargetStatus(target, "minijinja", version, "static")
        report = static_report(template, (status,), Tier.EVERYDAY, Choice())
        verdicts[version] = report.verdicts[target]
        if version == "3.0.9":
            assert (
                "was not measured on minijinja@3.0.9 (differs on 3.0.5, yes on 3.1.0)" in report.findings[0].message
            )
    assert verdicts == {"3.0.5": "differs", "3.0.9": "unknown", "3.1.0": "portable"}
