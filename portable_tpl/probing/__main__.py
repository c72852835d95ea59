"""The command line of the support table.

``python -m portable_tpl.probing`` rewrites the tables of all targets that can run here, or of those named.
``--check`` says instead which answers moved since, and ends with status 1 where any did. ``--upstream`` is about the
newest version of every engine, which it installs into the user's cache. ``--features`` measures only what has such a
name, and what a table does not hold yet: what was measured of the others stays.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from portable_tpl.model.errors import PortableTplError
from portable_tpl.probing import writing
from portable_tpl.probing.asking import Answers
from portable_tpl.probing.measuring import measure, measure_reference
from portable_tpl.support.features import Feature, load_features
from portable_tpl.support.table import YES, Table, load_table, shipped_versions
from portable_tpl.targets import installs
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import find, known_targets, table_target


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite or check the tables; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        targets = options.targets or [*(newest_targets() if options.upstream else measured_targets())]
        if options.install or options.upstream:
            _install(targets, unpinned=options.upstream)
    except PortableTplError as error:
        print(error, file=sys.stderr)
        return 2
    return _measure(targets, options.check, options.features)


def _measure(targets: Sequence[str], check: bool, only: Sequence[str]) -> int:
    features = load_features()
    reference = measure_reference(features)
    moved = _report(REFERENCE, "", writing.reference_moves(reference))
    if not check:
        writing.store(writing.REFERENCE_FILE, writing.reference_json(reference))
        writing.write_index()
    for target in targets:
        try:
            table = (
                measure(target, reference, features)
                if only is None
                else _remeasure(target, reference, features, only)
            )
        except PortableTplError as error:
            print(f"{target}: skipped: {error}", file=sys.stderr)
            continue
        print(f"{target}: {table.version}: {len(table.yes)} of {len(features)} features as in the reference")
        before = writing.baseline(table)
        if before is not None:
            since = "" if before.version == table.version else f" since {before.version}"
            moved += _report(f"{table.target}@{table.version}", since, writing.moves(before, table))
        if not check:
            writing.keep(table)
    return 1 if moved and check else 0


def _remeasure(target: str, reference: Answers, features: Mapping[str, Feature], only: Sequence[str]) -> Table:
    """The table that is there with some features measured anew, and the new ones; without those that are no more."""
    before = load_table(target)
    if before is None:
        return measure(target, reference, features)
    known = {**before.broken, **dict.fromkeys(before.yes, YES)}
    part = {
        id_: each
        for id_, each in features.items()
        if id_ not in known or any(fnmatchcase(id_, each) for each in only)
    }
    fresh = measure(target, reference, part)
    kept = {id_: support for id_, support in known.items() if id_ in features and id_ not in part}
    broken = {**{id_: support for id_, support in kept.items() if support is not YES}, **fresh.broken}
    yes = frozenset(id_ for id_, support in kept.items() if support is YES) | fresh.yes
    return fresh._replace(broken={id_: broken[id_] for id_ in features if id_ in broken}, yes=yes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portable_tpl.probing", description=main.__doc__)
    parser.add_argument("targets", nargs="*", help="targets to measure (default: all that have a table)")
    parser.add_argument("--check", action="store_true", help="say which answers moved instead of writing the tables")
    parser.add_argument("--features", action="append", default=[], metavar="PATTERN", help="only these, and new ones")
    parser.add_argument("--install", action="store_true", help="put the versions into the cache first")
    parser.add_argument("--upstream", action="store_true", help="the newest release of every engine, installed first")
    return parser


def measured_targets() -> Iterator[str]:
    """Every target that is here, and every version that has a table in this package."""
    for adapter in speaking():
        yield adapter.id
        if adapter.versioned:
            here = adapter.available(None).version
            yield from (f"{adapter.id}@{version}" for version in shipped_versions(adapter.id) if version != here)


def newest_targets() -> Iterator[str]:
    """Every built-in target at the newest version of its engine, where it comes in versions."""
    newest: dict[installs.Package, str] = {}
    for adapter in speaking():
        if adapter.package is not None and adapter.versioned:
            if adapter.package not in newest:
                newest[adapter.package] = installs.newest(adapter.package)
            yield f"{adapter.id}@{newest[adapter.package]}"


def speaking() -> Iterator[Adapter]:
    """The built-in targets that have a table of their own: not those that run the reference's engine."""
    built_in = (each for each in known_targets() if each.plugin is None and each.engine != REFERENCE)
    return (each for each in built_in if table_target(each) == each.id)


def _install(targets: Iterable[str], *, unpinned: bool) -> None:
    for target in targets:
        adapter, version = find(target)
        version = version or adapter.pinned
        if adapter.package is not None and version is not None and adapter.package.here() != version:
            installs.install(adapter.package, version, unpinned=unpinned)


def _report(target: str, since: str, moves: Iterable[tuple[str, str, str]]) -> int:
    """Print what moved; gives how much did."""
    lines = [f"{target}: {feature}: {before} -> {now}{since}" for feature, before, now in moves]
    print("\n".join(lines), end="\n" if lines else "")
    return len(lines)


if __name__ == "__main__":
    raise SystemExit(main())
