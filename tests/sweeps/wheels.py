"""Whether a deployment is behind: the newest packages of servers, and the engines that they were built with.

``python -m tests.sweeps.wheels [FOLDER]``: downloads the newest package of every deployment that has one (about 150 MB)
with pip or npm, into FOLDER, and reads the engine's version out of it. The exit status says whether any is another one than
the deployment's.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from portable_tpl.targets.deployments import all_deployments
from portable_tpl.targets.deployments._wheels import Wheel, engine_in
from portable_tpl.targets.installs import npm

_LIBRARIES = (".so", ".pyd", ".dylib")
_SCRIPTS = (".js", ".mjs", ".cjs")


def main(arguments: Sequence[str] | None = None) -> int:
    """Download, read, print."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given[0] if given else temporary)
        behind = 0
        for deployment in all_deployments():
            if deployment.wheel is None:
                continue
            carrier = downloaded(deployment.wheel, folder / deployment.id)
            engine = engine_of(carrier)
            release = released(carrier)
            moved = engine != deployment.pinned
            behind += moved
            print(
                f"{deployment.id}: {deployment.wheel.package} {release} carries {deployment.build.engine.name} {engine}; "
                f"{'BEHIND: it' if moved else 'the deployment'} runs {deployment.pinned} here"
                f"{'' if release == deployment.wheel.release else f', read last in {deployment.wheel.release}'}"
            )
    return 1 if behind else 0


def downloaded(wheel: Wheel, folder: Path) -> Path:
    """The newest file of a package."""
    if wheel.manager == "npm":
        folder.mkdir(parents=True, exist_ok=True)
        command = [*npm(), "pack", "--silent", "--pack-destination", str(folder), wheel.package]
    else:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
        command += ["-d", str(folder), wheel.package]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return max((*folder.glob("*.whl"), *folder.glob("*.tgz")), key=lambda path: path.stat().st_mtime)


def engine_of(carrier: Path) -> str | None:
    """The version of its engine that a package, a wheel or npm's, was built with; ``None`` where it names none."""
    engines = (engine_in(program) for program in _programs(carrier))
    return next((engine for engine in engines if engine is not None), None)


def _programs(carrier: Path) -> Iterator[bytes]:
    if carrier.suffix == ".whl":
        with zipfile.ZipFile(carrier) as archive:
            yield from (archive.read(name) for name in archive.namelist() if name.endswith(_LIBRARIES))
        return
    with tarfile.open(carrier) as bundle:
        for member in bundle:
            file = bundle.extractfile(member) if member.name.endswith(_SCRIPTS) else None
            if file is not None:
                yield file.read()


def released(carrier: Path) -> str:
    """The release in a file's name: the second part of a wheel's, the last of npm's."""
    parts = carrier.stem.split("-")
    return parts[1] if carrier.suffix == ".whl" else parts[-1]


if __name__ == "__main__":
    sys.exit(main())
