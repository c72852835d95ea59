"""Which targets a request means, and which of them can answer: from the support table, or by running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from portable_tpl.model.errors import TargetUnavailable
from portable_tpl.model.report import TargetStatus
from portable_tpl.targets.processes._base import DEFAULT_TARGETS, REFERENCE

if TYPE_CHECKING:
    from portable_tpl.support.table import Table


# Measures a target that has no table, keeps its table where the others are looked for, and gives it. Raises
# :class:`TargetUnavailable` where the target cannot run here or its table cannot be kept.
Measure: TypeAlias = "Callable[[str], Table]"


def static_targets(names: Sequence[str], measure: Measure | None = None) -> tuple[TargetStatus, ...]:
    """The targets that the support table answers for; without ``names`` the default ones.

    A version that is installed and has no table is measured, where ``measure`` says how. One that is not installed is
    answered by what the measured versions next to it agree on. Raises :class:`UnknownTarget` for a target or a
    version that nobody knows, and :class:`TargetUnavailable` for one that nobody measured; a default target is
    skipped then.
    """
    statuses: dict[str, TargetStatus] = {}
    for target in names or DEFAULT_TARGETS:
        if target == REFERENCE:
            continue
        status = _as_measured(target)
        if status is None:
            # Only now: the registry looks for plug-ins, and `check` runs on every keystroke.
            from portable_tpl.targets.registry import canonical

            target = canonical(target)
            try:
                status = _as_measured(target) or _first_use(target, measure)
            except TargetUnavailable as error:
                if names:
                    raise
                status = TargetStatus(target, target, None, "skipped", str(error))
        statuses[target] = status
    return tuple(statuses.values())


def measure_missing(targets: Sequence[str], measure: Measure) -> None:
    """Measure those of the running targets that have no table, so that findings are about the versions that run.

    Where one cannot be measured, what runs is still compared.
    """
    for target in targets:
        with suppress(TargetUnavailable):
            static_targets([target], measure)


def _as_measured(target: str) -> TargetStatus | None:
    """The answer of the table that comes with this package for just the version that is meant, if there is one."""
    from portable_tpl.support.table import load_table, shipped_versions, table_name, version_here

    name, at, version = target.partition("@")
    if at and not version:
        return None
    table = load_table(target)
    if table is None or table.between or not shipped_versions(name):
        return None
    if table.version != (version or version_here(table_name(name)) or table.version):
        return None
    return TargetStatus(target, table.engine, table.version, "static")


def _first_use(target: str, measure: Measure | None) -> TargetStatus:
    """The answer for a version that has no table of this package's."""
    from portable_tpl.support.table import load_table
    from portable_tpl.targets.registry import availability, find

    adapter, _ = find(target)
    state = availability(target)
    if adapter.engine == REFERENCE:
        return TargetStatus(target, adapter.engine, state.version, "static", "runs the reference's own engine")
    reason = state.reason
    if state.ok and measure is not None:
        try:
            table = measure(target)
        except TargetUnavailable as error:
            reason = str(error)
        else:
            return TargetStatus(target, table.engine, table.version, "static")
    known = load_table(target)
    if known is None:
        remedy = f"; get it with: {state.remedy}" if state.remedy else ""
        raise TargetUnavailable(f"{target}: no measurements to check against: {reason or 'not measured'}{remedy}")
    return TargetStatus(target, known.engine, known.version, "static", _basis(known, state.version))


def _basis(table: Table, installed: str | None) -> str:
    if table.between:
        return f"not measured: answered by what {' and '.join(table.between)} agree on"
    return f"measured on {table.version}, and {installed} is installed" if installed else "measured"


def running_targets(names: Sequence[str]) -> tuple[TargetStatus, ...]:
    """The targets whose engines run, each as ``run`` or ``skipped``; without ``names`` the default ones.

    Raises :class:`UnknownTarget`, and :class:`TargetUnavailable` for a target that was asked for
    by name and is not installed.
    """
    from portable_tpl.targets.registry import availability, canonical, find

    statuses = []
    for target in dict.fromkeys(canonical(name) for name in names or DEFAULT_TARGETS):
        if target == REFERENCE:
            continue
        adapter, _ = find(target)
        state = availability(target)
        reason = "; get it with: ".join(part for part in (state.reason or "not installed", state.remedy) if part)
        if state.ok:
            statuses.append(TargetStatus(target, adapter.engine, state.version, "run"))
        elif names:
            raise TargetUnavailable(f"{target}: {reason}")
        else:
            statuses.append(TargetStatus(target, adapter.engine, state.version, "skipped", reason))
    return tuple(statuses)
