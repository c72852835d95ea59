"""Audits some templates under other hash seeds, locales, time zones, folders, numbers of processes, and caches.

``python -m tests.sweeps.same TEMPLATES [COUNT] [SEED]`` prints where a report is another one; the exit status is 1 then.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.security.same_report import OTHERS, differences


def main(arguments: Sequence[str]) -> int:
    """Audit a sample of the templates in a folder; returns the exit status."""
    paths = sorted(Path(arguments[0]).rglob("*.jinja"))
    count, seed = [*map(int, arguments[1:]), *(12, 0)[len(arguments) - 1 :]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "given"
        folder.mkdir()
        for number, path in enumerate(random.Random(seed).sample(paths, min(count, len(paths)))):
            shutil.copy(path, folder / f"{number}.jinja")
        found = differences(folder, Path(name), [], OTHERS)
    print("\n".join(found) or f"{count} templates, {len(OTHERS)} other circumstances: the same reports")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
