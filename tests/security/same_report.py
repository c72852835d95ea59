"""One audit under other circumstances: what its report must not depend on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FORMS = ("json", "text", "sarif", "html")
_USUAL = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "COLUMNS": "80"}


@dataclass(frozen=True)
class Circumstance:
    """What is otherwise than usual; ``cold`` is a cache that holds nothing but the engines, copied or linked."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    jobs: int = 1
    cold: bool = False


USUAL = Circumstance("usual")
OTHERS = (
    Circumstance("hash seed, two processes", {"PYTHONHASHSEED": "4711"}, jobs=2),
    Circumstance("hash seed and locale C", {"PYTHONHASHSEED": "1", "LC_ALL": "C", "LANG": "C"}),
    Circumstance("Turkish", {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"}),
    Circumstance("far east", {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "2"}),
    Circumstance("far west, three processes", {"TZ": "Etc/GMT+12"}, jobs=3),
    Circumstance("cold cache", {"PYTHONHASHSEED": "3"}, cold=True),
    Circumstance("CI", {"CI": "true", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}),
)


def reports(folder: Path, room: Path, arguments: Sequence[str], circumstance: Circumstance) -> dict[str, bytes]:
    """The reports of an audit of a copy of a folder, made in a room of its own, by form."""
    work = room / circumstance.name.replace(" ", "-").replace(",", "")
    shutil.copytree(folder, work / "templates")
    environment = {**os.environ, **_USUAL, **circumstance.environment}
    if "CI" not in circumstance.environment:
        environment.pop("CI", None)
    if circumstance.cold:
        environment["XDG_CACHE_HOME"] = str(_cold_cache(work / "cache"))
    out = work / "out"
    out.mkdir()
    written = [part for form in FORMS for part in ("--report", f"{form}={out / form}")]
    command = [sys.executable, "-m", "portable_tpl", "audit", "templates", "--no-database", "--quiet", *arguments]
    done = subprocess.run(
        [*command, "--jobs", str(circumstance.jobs), *written],
        cwd=work,
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{circumstance.name}: {done.stderr.decode('utf-8', 'replace')}")
    return {form: (out / form).read_bytes() for form in FORMS}


def _cold_cache(cache: Path) -> Path:
    """A cache with the engines that are installed, and with nothing that a run had put there."""
    from portable_tpl.targets.workers._cache import cache_folder

    for package in sorted(cache_folder().glob("*/*")):
        if re.match(r"b?\d", package.name):
            link = cache / "portable-tpl" / "engines" / package.parent.name / package.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(package)
    return cache


def differences(folder: Path, room: Path, arguments: Sequence[str], others: Sequence[Circumstance]) -> list[str]:
    """Where a report is another one than usual: circumstance, form, and the first place."""
    usual = reports(folder, room, arguments, USUAL)
    found = []
    for other in others:
        given = reports(folder, room, arguments, other)
        found += [
            f"{other.name}: {form}: {_parting(usual[form], given[form])}"
            for form in FORMS
            if usual[form] != given[form]
        ]
    return found


def _parting(one: bytes, other: bytes) -> str:
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(0, at - 60) : at + 60]!r} and {other[max(0, at - 60) : at + 60]!r}"
