"""Writes the pins of engine versions: the hashes that uv and npm get from their registries, without what they pin.

``python -m portable_tpl.probing.pinning`` adds a pin for every release that has none; pins that are there stay, as a
release does not change. An engine that needs other packages is pinned with all of them, at the versions that fit on
the day, and only where its version has a table, is what a target runs, or is the newest. It wants uv and npm.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portable_tpl.model.errors import PortableTplError, TargetUnavailable
from portable_tpl.probing.writing import store
from portable_tpl.support.table import shipped_versions
from portable_tpl.support.versions import version_in, version_key
from portable_tpl.targets.installs import Package, ask_releases, npm
from portable_tpl.targets.pins import pin_of, pin_path
from portable_tpl.targets.registry import known_targets

_OLDEST_PYTHON = "3.10"
_SKIPPED = {"license", "funding", "engines", "bin", "resolved", "optionalDependencies", "deprecated"}
_REQUIREMENT = re.compile(r"^[A-Za-z0-9]", re.MULTILINE)


def main() -> int:
    """Write what is missing; returns the exit status, which is 1 where a registry could not be asked."""
    packages = {each.package for each in known_targets() if each.package and not each.plugin}
    return max(map(_pinned, sorted(packages, key=str)))


def _pinned(package: Package) -> int:
    try:
        for version, problem in pinned(package):
            print(f"{package.engine}@{version}: {problem or 'pinned'}", flush=True)
    except PortableTplError as error:
        print(f"{package.engine}: skipped: {error}", file=sys.stderr)
        return 1
    return 0


def pinned(package: Package) -> Iterator[tuple[str, str | None]]:
    """Pin the versions of a package that have none yet; gives each, and why it could not be pinned."""
    releases: dict[str, str] = {}
    for release in sorted(ask_releases(package), key=version_key):  # of several with one label the last
        version = version_in(release, package.label)
        # A label is of releases that are dates; those before them were numbered otherwise.
        if version is not None and (not package.label or release.startswith("20")):
            releases[version] = release
    newest = max(releases, key=version_key)
    needed = {newest, *_run_or_measured(package)}
    alone = _is_alone(_text(package, releases[newest]), package)
    for version in sorted(releases if alone else needed & set(releases), key=version_key):
        if pin_of(package.engine, version, package.manager) is not None:
            continue
        try:
            text = _text(package, releases[version])
        except TargetUnavailable as error:
            yield version, str(error)
            continue
        if version in needed or _is_alone(text, package):
            store(pin_path(package.engine, version, package.manager), text)
            yield version, None


def _run_or_measured(package: Package) -> set[str]:
    """The versions of a package that a target runs where none is asked for, and those with a table."""
    versions: set[str] = set()
    for adapter in known_targets():
        if adapter.package == package and adapter.plugin is None:
            versions |= {adapter.pinned} if adapter.pinned else set(shipped_versions(adapter.id))
    return versions


def _is_alone(text: str, package: Package) -> bool:
    """Whether a pin lists nothing but the package itself."""
    if package.manager == "npm":
        return len(json.loads(text)["packages"]) == 2
    return len(_REQUIREMENT.findall(text)) == 1


def _text(package: Package, release: str) -> str:
    return _lock(package.name, release) if package.manager == "npm" else _requirements(package.name, release)


def _requirements(name: str, release: str) -> str:
    """Requirements with the hashes of every wheel, for all platforms and supported versions of Python."""
    command = ["uv", "pip", "compile", "-", "--universal", "--python-version", _OLDEST_PYTHON, "--generate-hashes"]
    command += [
        "--no-python-downloads",
        "--only-binary=:all:",
        "--no-header",
        "--no-annotate",
        "--quiet",
        "--no-config",
    ]
    return _output(command, f"{name}=={release}")


def _lock(name: str, release: str) -> str:
    """A lock file without addresses: what is needed to install the same files again, each with its integrity."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "package.json").write_text(json.dumps({"dependencies": {name: release}}))
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved")
        _output([*npm(), "install", "--package-lock-only", "--prefix", temporary, *quiet])
        lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    packages: dict[str, dict[str, Any]] = {"": {"dependencies": {name: release}}}
    for place, entry in lock["packages"].items():
        if place and not entry.get("optional"):
            packages[place] = {key: value for key, value in entry.items() if key not in _SKIPPED}
    return json.dumps({"lockfileVersion": 3, "requires": True, "packages": packages}, indent=1) + "\n"


def _output(command: list[str], given: str = "") -> str:
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    except OSError as error:
        raise TargetUnavailable(f"cannot start {command[0]}: {error}") from None
    if done.returncode != 0:
        raise TargetUnavailable(f"{Path(command[0]).name}: {' '.join((done.stderr or done.stdout).split())[-300:]}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
