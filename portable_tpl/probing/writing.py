"""The files of the support table: their text, how they are written, and what moved since they were."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from portable_tpl.model.errors import TargetUnavailable
from portable_tpl.model.rendering import Refused, Rendered, Rendering
from portable_tpl.probing.asking import Answers
from portable_tpl.probing.measuring import shorten
from portable_tpl.support import table as tables
from portable_tpl.support.features import DATA
from portable_tpl.support.table import (
    INDEX,
    TARGETS,
    Support,
    Table,
    measured_versions,
    shipped_versions,
    tables_folder,
)
from portable_tpl.support.versions import version_key
from portable_tpl.targets.installs import RELEASES, ask_releases
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.registry import find, known_targets, table_target

REFERENCE_FILE = DATA / "reference.json"


def keep(table: Table) -> Path:
    """Write a table where it is looked for: a built-in target's with the package, a plug-in's in the user's cache."""
    return _keep(table, tables_folder() if find(table.target)[0].plugin else TARGETS)


def keep_for_user(table: Table) -> Path:
    """Write a table into the user's cache."""
    return _keep(table, tables_folder())


def _keep(table: Table, folder: Path) -> Path:
    path = folder / f"{table.target}@{table.version}.json"
    store(path, table_json(table))
    if not find(table.target)[0].versioned:
        # There is one version at a time: a table of another one would be nobody's.
        for other in folder.glob(f"{table.target}@*.json"):
            if other != path:
                other.unlink(missing_ok=True)
    tables.forget()
    return path


def store(path: Path, text: str) -> None:
    """Replace a file whole, or leave it as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def moves(before: Table, now: Table) -> Iterator[tuple[str, str, str]]:
    """What moved between two tables of a target: the feature, its answer before, and its answer now.

    What an engine says or prints does not count: words change between versions, and where one reads beyond an end,
    what it prints changes from run to run.
    """
    known = before.yes | before.broken.keys() | now.yes | now.broken.keys()
    for feature in sorted(known):
        old, new = before.support(feature), now.support(feature)
        if (old.answer, old.tier) != (new.answer, new.tier):
            yield feature, _in_words(old), _in_words(new)


def _in_words(support: Support) -> str:
    details = ": ".join(part for part in (support.tier or "", support.note) if part)
    return f"{support.answer} ({details})" if details else support.answer


def baseline(table: Table) -> Table | None:
    """What a fresh measurement is held against: its version's table, else that of the one before or after it."""
    known = shipped_versions(table.target) or measured_versions(table.target)
    if not known:
        return None
    older = [version for version in known if version_key(version) <= version_key(table.version)]
    return tables.load_table(f"{table.target}@{older[-1] if older else known[0]}")


def reference_moves(answers: Answers) -> Iterator[tuple[str, str, str]]:
    """What the reference answers otherwise than when it was measured."""
    stored = json.loads(REFERENCE_FILE.read_bytes()) if REFERENCE_FILE.exists() else {}
    fresh = json.loads(reference_json(answers))
    for feature in sorted(stored.keys() | fresh.keys()):
        if stored.get(feature) != fresh.get(feature):
            yield feature, json.dumps(stored.get(feature)), json.dumps(fresh.get(feature))


def index_json(adapters: Iterable[Adapter]) -> str:
    """The text of the index: each built-in target's engine, whose table answers for it, and its package."""
    index: dict[str, dict[str, str]] = {}
    for adapter in sorted(adapters, key=lambda adapter: adapter.id):
        name = table_target(adapter)
        entry = {"engine": adapter.engine} if name == adapter.id else {"engine": adapter.engine, "table": name}
        package = adapter.package
        if adapter.versioned and package is not None and package.manager == "pip":
            entry["package"] = package.name
            if package.label:
                entry["label"] = package.label
        if adapter.plugin is None:
            index[adapter.id] = entry
    return _lines(index)


def write_index() -> None:
    """Write the index and the lists of releases anew; where a registry cannot be asked, its old list stays."""
    store(INDEX, index_json(known_targets()))
    releases: dict[str, Any] = json.loads(RELEASES.read_bytes()) if RELEASES.exists() else {}
    for package in sorted({each.package for each in known_targets() if each.package and not each.plugin}, key=str):
        with contextlib.suppress(TargetUnavailable):
            releases[package.engine] = sorted(ask_releases(package), key=version_key)
    store(RELEASES, _lines(dict(sorted(releases.items()))))
    tables.forget()


def table_json(table: Table) -> str:
    """The text of a table's file: one feature a line, sorted, so that a change shows as what it is."""
    data: dict[str, Any] = {"target": table.target, "engine": table.engine, "version": table.version}
    for answer in ("no", "differs", "flag"):
        data[answer] = {
            id_: [support.tier, support.note]
            for id_, support in sorted(table.broken.items())
            if support.answer == answer
        }
    data["yes"] = sorted(table.yes)
    return _lines(data)


def reference_json(answers: Answers) -> str:
    """The text of the reference's file: what it prints for each probe of each feature, or the class of its error."""
    return _lines({id_: [_as_json(answer) for answer in row] for id_, row in sorted(answers.items())})


def _as_json(answer: Rendering) -> Any:
    if isinstance(answer, Rendered):
        return shorten(answer.text)
    if isinstance(answer, Refused):
        return {"refused": answer.message}
    # What Python says after the class differs between its versions.
    return {"failed": answer.message.partition(":")[0]}


def _lines(data: Mapping[str, Any]) -> str:
    dump = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    out: list[str] = []
    for key, value in data.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"{dump(name)}:{dump(item)}" for name, item in value.items())
            out.append(f"{dump(key)}:{{\n{inner}\n}}")
        elif isinstance(value, list) and key == "yes":
            out.append(f"{dump(key)}:[\n" + ",\n".join(map(dump, value)) + "\n]")
        else:
            out.append(f"{dump(key)}:{dump(value)}")
    return "{\n" + ",\n".join(out) + "\n}\n"
