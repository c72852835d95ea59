"""The pages of targets: what runs, with which steps around it, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.errors import UnknownTarget
from portable_tpl.support.table import measured_versions
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import find, known_targets, table_target
from portable_tpl.targets.steps import step

_MODELLED = "modelled: "  # the steps, which have a section of their own


def target_names() -> list[str]:
    """The ids and aliases of all targets."""
    return [name for adapter in known_targets() for name in (adapter.id, *adapter.aliases)]


def target_page(name: str) -> str | None:
    """The page of a target, by id or alias, also with a version; ``None`` where there is no such target."""
    try:
        adapter, version = find(name)
    except UnknownTarget:
        return None
    title = adapter.id if version is None else f"{adapter.id}@{version}"
    lines = [f"# {title}", "", f"{adapter.summary or adapter.engine}.".replace("..", "."), "", "## Engine", ""]
    lines += [*_engine(adapter, version), "", "## Steps around the engine", "", *_steps(adapter)]
    notes = [note for note in adapter.notes if not note.startswith(_MODELLED)]
    if notes:
        lines += ["", "## What is real, and what is left out", "", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def _engine(adapter: Adapter, version: str | None) -> Iterator[str]:
    state = adapter.available(version)
    runs = f"{state.version or 'the one of this environment'} runs here" if state.ok else f"not here: {state.reason}"
    yield f"{adapter.engine}; {runs}."
    if not state.ok and state.remedy:
        yield f"Get it with: {state.remedy}"
    if adapter.aliases:
        yield f"Also called {', '.join(adapter.aliases)}."
    if adapter.id != REFERENCE:
        table = table_target(adapter)
        measured = ", ".join(measured_versions(table)) or "none: it runs the reference's engine"
        named = "" if table == adapter.id else f", as {table}, which is the engine alone"
        yield f"Measured versions{named}: {measured}."
    if adapter.versioned:
        yield f"Another version is asked for as `{adapter.id}@VERSION`."
    elif adapter.pinned is not None:
        yield f"It always runs {adapter.pinned}."


def _steps(adapter: Adapter) -> list[str]:
    if not adapter.steps:
        return ["None: it is given the reference's own context."]
    taken = "It takes those of these that it finds a template to need:" if adapter.steps_vary else "In this order:"
    listed = [f"- {name}: {step(name).summary}" for name in adapter.steps]
    return [taken, "", *listed, "", "`portable-tpl explain STEP` says more of each, with its source."]
