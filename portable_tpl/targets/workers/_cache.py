"""The engines' place in the user's cache, and files that are made there once: whole or not at all, never too many."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

# What is said beside a cache that cannot be written.
WHAT_TO_DO = "make it writable, or name another cache with XDG_CACHE_HOME"


def cache_folder(*parts: str) -> Path:
    """A folder of the engines' cache; nothing is made."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("portable-tpl")).joinpath("engines", *parts)


def make_writable(folder: Path) -> None:
    """Make a folder that the engine cannot do without; ends the process with what to do where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(folder, os.W_OK) else "Permission denied"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise SystemExit(f"cannot write {folder}: {reason}; {WHAT_TO_DO}")


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
