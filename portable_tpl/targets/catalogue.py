"""Which targets a request means, and which of them can answer: from the support table, or by running."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.model.errors import TargetUnavailable
from portable_tpl.model.report import TargetStatus
from portable_tpl.targets.processes._base import DEFAULT_TARGETS, REFERENCE


def static_targets(asked: Sequence[str]) -> tuple[TargetStatus, ...]:
    """The targets that the support table answers for; without ``asked`` the default ones.

    Raises :class:`UnknownTarget` for an id that nobody knows. A target that was never measured is
    skipped if it is a default one, and :class:`TargetUnavailable` if it was asked for.
    """
    from portable_tpl.support.table import load_table, measured_targets

    found: dict[str, TargetStatus] = {}
    for target in asked or DEFAULT_TARGETS:
        if target == REFERENCE:
            continue
        table = load_table(target)
        if table is None:
            # Only now: the registry looks for plug-ins, and `check` runs on every keystroke.
            from portable_tpl.targets.registry import canonical

            target = canonical(target)
            table = load_table(target)
        if table is not None:
            found[target] = TargetStatus(target, table.engine, table.version, "static")
        elif asked and _runs_the_reference(target):
            found[target] = TargetStatus(target, REFERENCE, None, "static", "runs the reference's own engine")
        elif asked:
            names = ", ".join(measured_targets())
            raise TargetUnavailable(f"{target}: no measurements to check against; measured targets: {names}")
        else:
            found[target] = TargetStatus(target, target, None, "skipped", "no measurements to check against")
    return tuple(found.values())


def _runs_the_reference(target: str) -> bool:
    """Whether a deployment renders with the reference's engine, so that no feature of a template breaks there."""
    from portable_tpl.targets.registry import find

    return find(target)[0].engine == find(REFERENCE)[0].engine


def running_targets(asked: Sequence[str]) -> tuple[TargetStatus, ...]:
    """The targets whose engines run, each as ``run`` or ``skipped``; without ``asked`` the default ones.

    Raises :class:`UnknownTarget`, and :class:`TargetUnavailable` for a target that was asked for
    by name and is not installed.
    """
    from portable_tpl.targets.registry import availability, canonical, find

    statuses = []
    for target in dict.fromkeys(canonical(name) for name in asked or DEFAULT_TARGETS):
        if target == REFERENCE:
            continue
        adapter, _ = find(target)
        state = availability(target)
        reason = "; get it with: ".join(part for part in (state.reason or "not installed", state.remedy) if part)
        if state.ok:
            statuses.append(TargetStatus(target, adapter.engine, state.version, "run"))
        elif asked:
            raise TargetUnavailable(f"{target}: {reason}")
        else:
            statuses.append(TargetStatus(target, adapter.engine, state.version, "skipped", reason))
    return tuple(statuses)
