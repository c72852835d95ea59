"""Files that an engine is given and that are made on this machine, once: whole or not at all, and never too many."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path


def digest(text: str) -> str:
    """A name for what a text describes."""
    return sha256(text.encode()).hexdigest()[:24]


def made_once(path: Path, make: Callable[[Path], None]) -> Path:
    """A file or folder, made by ``make``, of a path beside it, unless it is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as folder:
            new = Path(folder) / path.name
            make(new)
            try:
                new.rename(path)
            except OSError:
                # Somebody else was faster; what is there is as good.
                if not path.exists():
                    raise
    return path


def forget_oldest(folder: Path, pattern: str, most: int) -> None:
    """Remove all but the newest of what a pattern names in a folder, for one more to make it ``most``."""
    kept = sorted(folder.glob(pattern), key=lambda each: each.stat().st_mtime)
    for path in kept[: max(0, len(kept) - most + 1)]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
