"""Measure a version that nobody has measured, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable

from portable_tpl.model.errors import TargetUnavailable
from portable_tpl.probing.measuring import measure, measure_reference
from portable_tpl.probing.writing import keep_for_user
from portable_tpl.support.features import load_features
from portable_tpl.support.table import Table, read_table, tables_folder
from portable_tpl.targets.registry import find, open_runtime, table_target


def measured_once(target: str, say: Callable[[str], None] | None = None) -> Table:
    """The table of a target that can run here, from the user's cache or measured now and put there.

    ``say`` is told before it takes its time. Raises :class:`TargetUnavailable` where the target does not run, or its
    table cannot be kept.
    """
    adapter, version = find(target)
    measured = table_target(adapter)
    name = measured if version is None else f"{measured}@{version}"
    here = adapter.available(version).version
    if here is None:
        # A plug-in may not know its version before it runs.
        with open_runtime(name) as runtime:
            here = runtime.version
    path = tables_folder() / f"{measured}@{here}.json"
    if path.is_file():
        return read_table(path)
    if say is not None:
        say(f"measuring {measured} {here}, which has no table yet: once, for some 15 seconds or more")
    features = load_features()
    table = measure(name, measure_reference(features), features)
    try:
        keep_for_user(table)
    except OSError as error:
        raise TargetUnavailable(f"{target}: its measurements cannot be kept: {error}") from None
    return table
