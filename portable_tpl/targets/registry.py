"""Which targets exist, whether they can run here, and how to open one.

An adapter is found in one of three places: a module of :mod:`portable_tpl.targets.engines` or of
:mod:`portable_tpl.targets.deployments` that has ``ADAPTERS``, a sequence of :class:`Adapter`; or an entry point of
the group ``portable_tpl.runtimes`` in any installed distribution. The last names such a sequence, an adapter, or a
mapping ``{"id": "my-engine", "engine": "my engine", "command": ["my-worker", "--stdio"]}`` (or some of those) whose
command speaks the protocol of :mod:`portable_tpl.targets.processes._protocol`, in whatever language it is written.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.model.plugs import plug_modules
from portable_tpl.model.words import did_you_mean
from portable_tpl.support.table import newest_measured
from portable_tpl.support.versions import version_key
from portable_tpl.targets.installs import Package, is_installed, known_versions
from portable_tpl.targets.processes._adapter import Adapter, Launch
from portable_tpl.targets.processes._base import Availability, Limits
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps._base import Step

ENTRY_POINT_GROUP = "portable_tpl.runtimes"

_PACKAGES = ("portable_tpl.targets.engines", "portable_tpl.targets.deployments")


def known_targets() -> tuple[Adapter, ...]:
    """Every target that there is, built-in ones first."""
    return tuple(_adapters().values())


def canonical(target_id: str) -> str:
    """The target's own id for an id or alias, with its version; raises :class:`UnknownTarget`."""
    adapter, version = find(target_id)
    return adapter.id if version is None else f"{adapter.id}@{version}"


def availability(target_id: str) -> Availability:
    """Whether a target can run here, without starting it.

    Raises :class:`UnknownTarget`, also for a version that is not here and that no registry knows.
    """
    adapter, version = find(target_id)
    state = adapter.available(version)
    if version is not None and not state.ok:
        _refuse_unreleased(target_id, adapter, version)
    return state


def _refuse_unreleased(target: str, adapter: Adapter, version: str) -> None:
    """Raise for a version before the newest known release that is no release, and for what is written like none.

    One after the newest may have come out since.
    """
    released = known_versions(adapter.package) if adapter.package is not None else ()
    keys, key = [version_key(each) for each in released], version_key(version)
    unlike_any = _letters(version) not in map(_letters, released)
    if keys and (unlike_any or (key not in keys and key < keys[-1])):
        raise UnknownTarget(f"{target}: no release of {adapter.engine} is that; the newest is {released[-1]}")


def open_runtime(target_id: str, limits: Limits | None = None) -> WorkerRuntime:
    """Start a target's engine.

    Raises :class:`UnknownTarget`, and :class:`TargetUnavailable` where the engine is not installed or does not start.
    """
    adapter, version = find(target_id)
    state = availability(target_id)
    if not state.ok:
        remedy = f"; get it with: {state.remedy}" if state.remedy else ""
        raise TargetUnavailable(f"{target_id}: {state.reason or 'not installed'}{remedy}")
    if adapter.opens is not None:
        return adapter.opens(version, limits)
    return WorkerRuntime(adapter, version, limits)


def find(target_id: str) -> tuple[Adapter, str | None]:
    """The adapter and the version that ``NAME`` or ``NAME@VERSION`` asks for; raises :class:`UnknownTarget`."""
    name, at, version = target_id.partition("@")
    adapter = _in_own_module(name) or _adapters().get(name) or _adapters().get(_aliases().get(name, ""))
    if adapter is None:
        hint = did_you_mean(name, (*_adapters(), *_aliases()), 2, "`portable-tpl targets` lists them")
        raise UnknownTarget(f"unknown target {target_id!r}{hint}")
    if at and adapter.versioned and not version:
        raise UnknownTarget(f"unknown target {target_id!r}: no version stands behind the @")
    if at and not adapter.versioned:
        raise UnknownTarget(f"unknown target {target_id!r}: {name} cannot be asked for by version")
    return adapter, version or None


def _letters(version: str) -> str:
    return re.sub(r"[\d.]", "", version)


def targets_with_step(wanted: Step) -> list[str]:
    """The targets that take a step around their engine, by id."""
    names = {wanted.name, wanted.variant_of}
    return [adapter.id for adapter in _adapters().values() if names & set(adapter.steps)]


def writes_prompt(target_id: str, conversation: Conversation) -> bool:
    """Whether a target writes a part of a conversation's prompt itself, as servers do that prefill an answer."""
    try:
        adapter, _ = find(target_id)
    except UnknownTarget:
        return False  # an engine that a caller brings has no steps of ours
    return any(each.on_prompt("", conversation) for each in map(step, adapter.steps) if each.changes_prompt)


def table_target(adapter: Adapter) -> str:
    """The target whose measurements speak for one: its bare engine, where that is a target, or itself."""
    return adapter.bare.id if adapter.bare is not None and adapter.bare.id in _adapters() else adapter.id


def installable(target_id: str) -> tuple[Package, str | None]:
    """The package behind a target and the version that is meant; ``None``: one has to be said.

    A target that pins its engine stands for that version, one of npm for the version that it runs. Raises
    :class:`UnknownTarget` for a target that does not come in versions.
    """
    name, _, version = target_id.partition("@")
    adapter, _ = find(name)
    if adapter.package is None or (version and not adapter.versioned):
        names = ", ".join(known.id for known in known_targets() if known.versioned)
        raise UnknownTarget(f"{target_id}: cannot be installed by version; these can: {names}")
    return adapter.package, version or _version_run(adapter)


def missing_engines() -> tuple[tuple[Package, str], ...]:
    """What the built-in targets run from the cache, and is neither there nor in this environment."""
    missing: dict[tuple[Package, str], None] = {}
    for adapter in known_targets():
        version = _version_run(adapter)
        if adapter.package is None or version is None or adapter.package.here() == version:
            continue
        if not is_installed(adapter.package, version):
            missing[adapter.package, version] = None
    return tuple(missing)


def _version_run(adapter: Adapter) -> str | None:
    """The version that a target runs from the cache where none is asked for."""
    if adapter.pinned is None and adapter.package is not None and adapter.package.manager == "npm":
        return newest_measured(adapter.id)
    return adapter.pinned


@lru_cache(maxsize=1)
def _adapters() -> dict[str, Adapter]:
    adapters: dict[str, Adapter] = {}
    for adapter in _built_in():
        if adapter.id in adapters:
            raise ValueError(f"two built-in adapters have the id {adapter.id!r}")
        adapters[adapter.id] = adapter
    for adapter in _plugged():
        adapters.setdefault(adapter.id, adapter)
    return adapters


@cache
def _in_own_module(name: str) -> Adapter | None:
    """The built-in target of a module that has its name: one that is asked for need not wait for all others."""
    module = name.replace("-", "_").replace(".", "_")
    for package in _PACKAGES if module.isidentifier() and not module.startswith("_") else ():
        if find_spec(f"{package}.{module}") is not None:
            adapters = getattr(import_module(f"{package}.{module}"), "ADAPTERS", ())
            return next((adapter for adapter in adapters if adapter.id == name), None)
    return None


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    return {alias: adapter.id for adapter in _adapters().values() for alias in adapter.aliases}


def _built_in() -> Iterator[Adapter]:
    for package in _PACKAGES:
        for module in plug_modules(package):
            yield from getattr(module, "ADAPTERS", ())


def _plugged() -> Iterator[Adapter]:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINT_GROUP):
        plugin = point.dist.name if point.dist is not None else point.value
        try:
            for adapter in adapters_of(point.load()):
                yield replace(adapter, plugin=plugin)
        except Exception as error:
            # A broken plug-in must not take the other targets away; asking for it says what is wrong with it.
            yield replace(_broken(point.name, f"the plug-in {plugin} does not load: {error}"), plugin=plugin)


def adapters_of(declared: Any) -> list[Adapter]:
    """What an entry point declares, as adapters; raises ``TypeError`` or ``KeyError`` where it is not understood."""
    if isinstance(declared, Adapter):
        return [declared]
    if isinstance(declared, Mapping):
        return [_from_mapping(declared)]
    if isinstance(declared, Iterable) and not isinstance(declared, str):
        return [adapter for item in declared for adapter in adapters_of(item)]
    raise TypeError(f"expected an Adapter, a mapping or a sequence of these, found {type(declared).__name__}")


def _from_mapping(data: Mapping[str, Any]) -> Adapter:
    command = tuple(str(part) for part in data["command"])
    launch = Launch(
        command,
        environment=dict(data.get("environment", {})),
        start_seconds=float(data.get("start_seconds", 60.0)),
        address_space=bool(data.get("address_space", False)),
    )

    def available(version: str | None) -> Availability:
        if shutil.which(command[0]) is None:
            return Availability(False, reason=f"the command {command[0]!r} is not on PATH")
        return Availability(True, version=data.get("version"))

    return Adapter(
        id=str(data["id"]),
        engine=str(data["engine"]),
        launch=lambda version: launch,
        available=available,
        options=dict(data.get("options", {})),
        summary=str(data.get("summary", "")),
    )


def _broken(name: str, reason: str) -> Adapter:
    return Adapter(
        id=name,
        engine=name,
        launch=lambda version: Launch(()),
        available=lambda version: Availability(False, reason=reason),
        summary=reason,
    )
