"""Targets are found by id, alias and version, and those of other packages through the plug."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets import registry

DOLLAR = {
    "id": "dollar",
    "engine": "dollar",
    "command": [sys.executable, str(Path(__file__).with_name("sample_worker.py"))],
    "summary": "knows one construct",
}
BROKEN = 3


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Any:
    points = [
        EntryPoint("dollar", f"{__name__}:DOLLAR", registry.ENTRY_POINT_GROUP),
        EntryPoint("broken", f"{__name__}:BROKEN", registry.ENTRY_POINT_GROUP),
        EntryPoint("missing", "no_such_module:X", registry.ENTRY_POINT_GROUP),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [p for p in points if p.group == group])
    registry._adapters.cache_clear()
    registry._aliases.cache_clear()
    yield
    monkeypatch.undo()
    registry._adapters.cache_clear()
    registry._aliases.cache_clear()


def test_built_in_targets_are_known() -> None:
    known = {target.id: target for target in registry.known_targets()}
    assert {"transformers", "minijinja", "minijinja-strict"} <= set(known)
    assert all(target.summary and target.engine for target in known.values())


def test_base_install_targets_are_available() -> None:
    for target in ("transformers", "minijinja", "minijinja-strict"):
        state = registry.availability(target)
        assert state.ok
        assert state.version


@pytest.mark.parametrize("target", ["nope", "", "@1.0", "transformers@1.0", "minijinja@"])
def test_unknown_targets(target: str) -> None:
    with pytest.raises(UnknownTarget) as error:
        registry.open_runtime(target)
    assert "\n" not in str(error.value)


def test_a_version_that_is_not_installed_says_how_to_get_it() -> None:
    with pytest.raises(TargetUnavailable, match=r"minijinja@999.*targets install minijinja@999"):
        registry.open_runtime("minijinja@999")


def test_the_version_that_is_here_may_be_asked_for() -> None:
    version = registry.availability("minijinja").version
    with registry.open_runtime(f"minijinja@{version}") as runtime:
        assert (runtime.id, runtime.version) == (f"minijinja@{version}", version)


def test_canonical_ids() -> None:
    assert registry.canonical("minijinja") == "minijinja"
    aliases = {alias: target.id for target in registry.known_targets() for alias in target.aliases}
    for alias, target in aliases.items():
        assert registry.canonical(alias) == target


def test_the_plug_adds_a_runtime_of_another_package(plugged: Any) -> None:
    assert "dollar" in {target.id for target in registry.known_targets()}
    with registry.open_runtime("dollar") as runtime:
        conversation = Conversation([{"role": "user", "content": "Hi"}], variables={"name": "Ada"})
        assert runtime.render(Template("Dear $name"), conversation) == Rendered("Dear Ada")


def test_a_broken_plug_takes_nothing_else_away(plugged: Any) -> None:
    assert registry.availability("transformers").ok
    for name in ("broken", "missing"):
        assert not registry.availability(name).ok
        with pytest.raises(TargetUnavailable, match="does not load"):
            registry.open_runtime(name)


@pytest.mark.parametrize("declared", [3, "text", {"id": "x"}, [None]])
def test_declarations_that_are_not_understood(declared: Any) -> None:
    with pytest.raises((TypeError, KeyError)):
        registry.adapters_of(declared)
