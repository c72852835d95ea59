"""The support table: what each target answered when its features were probed.

Reading must be cheap, since ``check`` does it at every start: one JSON file a target and version, read when it is
asked for. The tables of released versions come with this package; those of versions that were measured on first use
are in the user's cache, under a digest of the probes, so that other probes measure anew. All are written by
:mod:`portable_tpl.probing` and by nothing else, and so is the index, which says of a built-in target which engine it
runs, whose table answers for it and which package its engine is in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from portable_tpl.model.conversation import Tier
from portable_tpl.support.versions import release_here, version_in, version_key

TARGETS = Path(__file__).parent / "data" / "targets"
INDEX = TARGETS.with_suffix(".json")

Answer = Literal["yes", "no", "differs", "flag", "unknown"]


class Support(NamedTuple):
    """What a target makes of one feature.

    ``yes``: what the reference prints; ``no``: an error; ``differs``: other text; ``flag``: an error unless a flag of
    the engine is set, which ``note`` names; ``unknown``: not measured, which is no support. ``tier`` is the mildest
    tier of conversations in which it shows, and ``None`` where it cannot decide a verdict: the reference fails, or a
    step of a deployment does it around an engine that has the feature right. ``note`` is what the engine printed, or
    the kind of its failure, a colon, and its own message.
    """

    answer: Answer
    tier: str | None = None
    note: str = ""

    @property
    def failure(self) -> str:
        """How the target failed: ``syntax``, ``error``, ``crash``, …; empty where it did not, or lacks a flag."""
        return self.note.partition(": ")[0] if self.answer == "no" else ""

    @property
    def message(self) -> str:
        """The target's own words, without what kind of failure they tell of."""
        return self.note.partition(": ")[2] if self.answer == "no" else self.note

    @property
    def at_load(self) -> bool:
        """Whether the target refuses the whole template, wherever in it the feature stands."""
        return self.failure == "syntax"

    @property
    def breaks(self) -> bool:
        """Whether a template that uses the feature is not portable to the target."""
        return self.tier is not None


YES = Support("yes")
UNKNOWN = Support("unknown")


class Table(NamedTuple):
    """All that was measured of one target at one version; ``broken`` holds what is not ``yes``.

    Between two measured versions, ``between`` names them, and holds what both answer; what they disagree about is
    ``unknown``.
    """

    target: str
    engine: str
    version: str
    broken: Mapping[str, Support]
    yes: frozenset[str]
    between: tuple[str, ...] = ()

    def support(self, feature: str) -> Support:
        """The answer for one feature."""
        answer = self.broken.get(feature)
        if answer is not None:
            return answer
        return YES if feature in self.yes else UNKNOWN


def support(feature: str, target: str, version: str | None = None) -> Support:
    """What a target, given as ``NAME`` or ``NAME@VERSION``, answers; :data:`UNKNOWN` where nobody has measured."""
    table = load_table(target if version is None else f"{target}@{version}")
    return UNKNOWN if table is None else table.support(feature)


@cache
def load_table(target: str) -> Table | None:
    """The table of ``NAME`` or of ``NAME@VERSION``.

    ``NAME`` is answered by the version in this environment, and where that was not measured, or there is none, by the
    newest measured one. A version between two measured ones is answered by what these agree on; ``None`` where
    nothing was measured, or only on one side of it.
    """
    name, _, version = target.partition("@")
    name = table_name(name)
    if not version:
        here = version_here(name)
        version = here if here is not None and _path(name, here) else newest_measured(name) or ""
    path = _path(name, version)
    return _between(name, version) if path is None else read_table(path)


def supports(target: str, feature: str) -> bool:
    """Whether a target was seen to carry out a feature as the reference does."""
    table = load_table(target)
    return table is not None and table.support(feature).answer == "yes"


def table_name(target: str) -> str:
    """The target whose table answers for a target: its bare engine."""
    return str(_index().get(target, {}).get("table", target))


@cache
def measured_on(engine: str) -> tuple[str, ...]:
    """The targets on an engine that have a table in this package, by name; no table is read for it."""
    return tuple(target for target in measured_targets() if _index().get(target, {}).get("engine") == engine)


@cache
def version_here(target: str) -> str | None:
    """The version of a built-in target's engine in this environment, where it is a package of Python's."""
    entry = _index().get(target, {})
    release = release_here(entry["package"]) if "package" in entry else None
    return None if release is None else version_in(release, entry.get("label", ""))


@cache
def measured_versions(target: str) -> tuple[str, ...]:
    """The versions of a target that were measured, in the package or by its user, oldest first."""
    name = table_name(target)
    return _sorted({*shipped_versions(name), *_versions_in(tables_folder(), name)})


@cache
def newest_measured(target: str) -> str | None:
    """The newest version that comes with this package, or else the newest that its user measured."""
    name = table_name(target)
    return next(reversed(shipped_versions(name) or _sorted(set(_versions_in(tables_folder(), name)))), None)


@cache
def measured_targets() -> tuple[str, ...]:
    """The targets that have a table in this package, by name."""
    return tuple(sorted({path.name.partition("@")[0] for path in TARGETS.glob("*@*.json")}))


@cache
def tables_folder() -> Path:
    """Where the tables are that this user's versions were measured for, with the probes of now."""
    import platformdirs

    from portable_tpl.support.features import probes_digest

    return Path(platformdirs.user_cache_dir("portable-tpl")) / "tables" / probes_digest()


def forget() -> None:
    """Look at the files again, after one was written."""
    for function in (
        load_table, measured_on, version_here, measured_versions, newest_measured, measured_targets, tables_folder
    ):  # fmt: skip
        function.cache_clear()
    shipped_versions.cache_clear()
    _index.cache_clear()


@cache
def shipped_versions(target: str) -> tuple[str, ...]:
    """The versions of a target whose tables come with this package, oldest first."""
    return _sorted(set(_versions_in(TARGETS, table_name(target))))


def read_table(path: Path) -> Table:
    """The table in a file."""
    data: dict[str, Any] = json.loads(path.read_bytes())
    broken: dict[str, Support] = {}
    for answer in ("no", "differs", "flag"):
        for feature, (tier, note) in data[answer].items():
            broken[feature] = Support(answer, tier, note)
    return Table(data["target"], data["engine"], data["version"], broken, frozenset(data["yes"]))


def _between(name: str, version: str) -> Table | None:
    """What the measured versions next to a version agree on."""
    wanted = version_key(version)
    known = measured_versions(name)
    older = [each for each in known if version_key(each) <= wanted]
    newer = [each for each in known if version_key(each) >= wanted]
    if not version or not older or not newer:
        return None
    if version_key(older[-1]) == wanted:
        return load_table(f"{name}@{older[-1]}")
    before, after = load_table(f"{name}@{older[-1]}"), load_table(f"{name}@{newer[0]}")
    assert before is not None
    assert after is not None
    features = (before.broken.keys() | before.yes) & (after.broken.keys() | after.yes)
    broken: dict[str, Support] = {}
    for feature in features - (before.yes & after.yes):
        broken[feature] = _either(before, after, feature)
    return Table(name, after.engine, version, broken, before.yes & after.yes, (before.version, after.version))


def _either(before: Table, after: Table, feature: str) -> Support:
    one, other = before.support(feature), after.support(feature)
    tier = min((each.tier for each in (one, other) if each.tier), key=lambda tier: Tier(tier).rank, default=None)
    if one.answer == other.answer:
        return other._replace(tier=tier)
    return Support("unknown", tier, f"{one.answer} on {before.version}, {other.answer} on {after.version}")


@cache
def _index() -> Mapping[str, Mapping[str, str]]:
    data: dict[str, dict[str, str]] = json.loads(INDEX.read_bytes())
    return data


def _path(name: str, version: str) -> Path | None:
    file = f"{name}@{version}.json"
    if (TARGETS / file).is_file():
        return TARGETS / file
    # The cache is looked at last: its place depends on all probes.
    return tables_folder() / file if version and (tables_folder() / file).is_file() else None


def _versions_in(folder: Path, name: str) -> list[str]:
    return [path.name[len(name) + 1 : -len(".json")] for path in folder.glob(f"{name}@*.json")]


def _sorted(versions: set[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=version_key))


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
