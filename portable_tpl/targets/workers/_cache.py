"""The place in the user's cache where engines are, and what workers keep because their engine reads it from files."""

from __future__ import annotations

import os
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
