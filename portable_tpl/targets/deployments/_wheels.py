"""Which engine a server was really built with: programs name what they were made of.

A program in Rust keeps the paths of its sources for the messages of its panics, and these hold each crate's version.
A bundle of JavaScript has the path of each file above it, and this holds the version of its package.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Literal

_CRATE = re.compile(rb"[/\\]minijinja-(\d+\.\d+\.\d+)[/\\]")
_BUNDLED = re.compile(rb"/@huggingface\+jinja@(\d+\.\d+\.\d+)[/_]")
_LIBRARIES = (".so", ".pyd", ".dylib")
_SCRIPTS = (".js", ".mjs", ".cjs")


@dataclass(frozen=True)
class Wheel:
    """A package that carries a deployment's program, and the release in which its engine was read last."""

    package: str
    release: str
    manager: Literal["pip", "npm"] = "pip"

    @property
    def citation(self) -> str:
        """What a fact names as its source."""
        return f"the {self.package} {self.release} {'wheel' if self.manager == 'pip' else 'package'}"


def engine_in(program: bytes | mmap) -> str | None:
    """The version of its template engine that a program was built with; ``None`` where it names none."""
    named = _CRATE.search(program) or _BUNDLED.search(program)
    return None if named is None else named[1].decode()


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
