"""What an engine's version consists of, by hash: data of this package, made from what the registries said once.

A pin is a file of the installer's own kind: requirements with hashes for pip, a lock file with integrities for npm.
``python -m portable_tpl.probing.pinning`` writes those that are missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from portable_tpl.support.features import DATA

PINS = DATA / "pins"
_SUFFIXES = {"pip": ".txt", "npm": ".json"}


def pin_path(engine: str, version: str, manager: Literal["pip", "npm"]) -> Path:
    """Where the pin of a version of an engine is, or would be."""
    return PINS / f"{engine}@{version}{_SUFFIXES[manager]}"


def pin_of(engine: str, version: str, manager: Literal["pip", "npm"]) -> Path | None:
    """The file that pins a version of an engine, if there is one."""
    path = pin_path(engine, version, manager)
    return path if path.is_file() else None
