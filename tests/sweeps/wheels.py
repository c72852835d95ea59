"""Whether a deployment is behind: the newest wheels of servers, and the engines that they were built with.

``python -m tests.sweeps.wheels [FOLDER]``: downloads the newest wheel of every deployment that has one (about 150 MB)
with pip, into FOLDER, and reads the engine's version out of it. The exit status says whether any is another one than
the deployment's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from portable_tpl.targets.deployments import all_deployments
from portable_tpl.targets.deployments._wheels import engine_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Download, read, print."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given[0] if given else temporary)
        behind = 0
        for deployment in all_deployments():
            if deployment.wheel is None:
                continue
            wheel = downloaded(deployment.wheel.package, folder / deployment.id)
            engine = engine_of(wheel)
            release = wheel.name.split("-")[1]
            moved = engine != deployment.pinned
            behind += moved
            print(
                f"{deployment.id}: {deployment.wheel.package} {release} carries minijinja {engine}; "
                f"{'BEHIND: it' if moved else 'the deployment'} runs {deployment.pinned} here"
                f"{'' if release == deployment.wheel.release else f', read last in {deployment.wheel.release}'}"
            )
    return 1 if behind else 0


def downloaded(package: str, folder: Path) -> Path:
    """The newest wheel of a package."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "-d", str(folder), package], check=True)
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main())
