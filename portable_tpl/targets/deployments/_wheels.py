"""Which engine a server was really built with: Rust programs name the crates that they were made of.

Such a program keeps the paths of its sources for the messages of its panics, and these hold each crate's version.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path

_CRATE = re.compile(rb"[/\\]minijinja-(\d+\.\d+\.\d+)[/\\]")
_LIBRARIES = (".so", ".pyd", ".dylib")


@dataclass(frozen=True)
class Wheel:
    """A Python package that carries a deployment's program, and the release in which its engine was read last."""

    package: str
    release: str


def engine_in(program: bytes | mmap) -> str | None:
    """The version of minijinja that a program was built with; ``None`` where it names none."""
    named = _CRATE.search(program)
    return None if named is None else named[1].decode()


def engine_of(wheel: Path) -> str | None:
    """The version of minijinja that a wheel's libraries were built with; ``None`` where they name none."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(_LIBRARIES):
                engine = engine_in(archive.read(name))
                if engine is not None:
                    return engine
    return None
