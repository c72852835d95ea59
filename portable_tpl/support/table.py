"""The support table: what each target answered when its features were probed.

Reading must be cheap, since ``check`` does it at every start: one JSON file a target and version, read when it is
asked for. Tables are written by :mod:`portable_tpl.probing.__main__` and by nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

TARGETS = Path(__file__).parent / "data" / "targets"
# Targets whose engine is that of another one, and is what their table is about.
_SAME_ENGINE: Mapping[str, str] = MappingProxyType({"llama.cpp": "llama.cpp-engine", "minja": "minja-engine"})

Answer = Literal["yes", "no", "differs", "flag", "unknown"]


class Support(NamedTuple):
    """What a target makes of one feature.

    ``yes``: what the reference prints; ``no``: an error; ``differs``: other text; ``flag``: an error unless a flag of
    the engine is set, which ``note`` names; ``unknown``: not measured, which is no support. ``tier`` is the mildest
    tier of conversations in which it shows, and ``None`` where it cannot decide a verdict because the reference fails
    itself. ``note`` is the engine's own message, or what it printed.
    """

    answer: Answer
    tier: str | None = None
    note: str = ""

    @property
    def breaks(self) -> bool:
        """Whether a template that uses the feature is not portable to the target."""
        return self.tier is not None


YES = Support("yes")
UNKNOWN = Support("unknown")


class Table(NamedTuple):
    """All that was measured of one target at one version; ``broken`` holds what is not ``yes``."""

    target: str
    engine: str
    version: str
    broken: Mapping[str, Support]
    yes: frozenset[str]

    def support(self, feature: str) -> Support:
        """The answer for one feature."""
        found = self.broken.get(feature)
        if found is not None:
            return found
        return YES if feature in self.yes else UNKNOWN


def support(feature: str, target: str, version: str | None = None) -> Support:
    """What a target, given as ``NAME`` or ``NAME@VERSION``, answers; :data:`UNKNOWN` where nobody has measured."""
    table = load_table(target if version is None else f"{target}@{version}")
    return UNKNOWN if table is None else table.support(feature)


def load_table(target: str) -> Table | None:
    """The table of ``NAME`` (its newest version measured) or of ``NAME@VERSION``.

    A version that was not measured is answered from the newest measured one before it; ``None`` where there is none.
    """
    name, _, version = target.partition("@")
    name = _SAME_ENGINE.get(name, name)
    known = measured_versions(name)
    if version:
        wanted = version_key(version)
        known = tuple(item for item in known if version_key(item) <= wanted)
    return _read(name, known[-1]) if known else None


@cache
def measured_versions(target: str) -> tuple[str, ...]:
    """The versions of a target that were measured, oldest first."""
    name = _SAME_ENGINE.get(target, target)
    found = [path.name[len(name) + 1 : -len(".json")] for path in TARGETS.glob(f"{name}@*.json")]
    return tuple(sorted(found, key=version_key))


@cache
def measured_targets() -> tuple[str, ...]:
    """The targets that have a table, by name."""
    return tuple(sorted({path.name.partition("@")[0] for path in TARGETS.glob("*@*.json")}))


def version_key(version: str) -> tuple[int, ...]:
    """What versions are ordered by: the numbers in them."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


@cache
def _read(name: str, version: str) -> Table:
    data: dict[str, Any] = json.loads((TARGETS / f"{name}@{version}.json").read_bytes())
    broken: dict[str, Support] = {}
    for answer in ("no", "differs", "flag"):
        for feature, (tier, note) in data[answer].items():
            broken[feature] = Support(answer, tier, note)
    return Table(data["target"], data["engine"], data["version"], broken, frozenset(data["yes"]))


def iterate(table: Table) -> Iterator[tuple[str, Support]]:
    """Every measured feature with its answer."""
    for feature in sorted(table.yes | table.broken.keys()):
        yield feature, table.support(feature)


class Range(NamedTuple):
    """Measured versions in a row with one answer: from ``since`` to ``until`` (``None``: the newest measured)."""

    answer: Answer
    since: str
    until: str | None
    note: str


def support_ranges(feature: str, target: str) -> list[Range]:
    """What the versions of a target answer, newest first; for ``NAME@VERSION`` what that one answers."""
    table = load_table(target)
    versions = measured_versions(target) if "@" not in target else (table.version,) if table else ()
    ranges: list[Range] = []
    for version in versions:
        answer, _, note = support(feature, target.partition("@")[0], version)
        if ranges and ranges[-1].answer == answer:
            ranges[-1] = ranges[-1]._replace(until=version, note=note)
        else:
            ranges.append(Range(answer, version, version, note))
    if ranges and "@" not in target:
        ranges[-1] = ranges[-1]._replace(until=None)
    return ranges[::-1]
