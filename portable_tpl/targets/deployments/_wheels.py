"""Which engine a server was really built with: programs name what they were made of.

A program in Rust keeps the paths of its sources for the messages of its panics, and these hold each crate's version.
A bundle of JavaScript has the path of each file above it, and this holds the version of its package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from mmap import mmap
from typing import Literal

_CRATE = re.compile(rb"[/\\]minijinja-(\d+\.\d+\.\d+)[/\\]")
_BUNDLED = re.compile(rb"/@huggingface\+jinja@(\d+\.\d+\.\d+)[/_]")


@dataclass(frozen=True)
class Wheel:
    """A package that carries a deployment's program, and the release in which its engine was read last."""

    package: str
    release: str
    manager: Literal["pip", "npm"] = "pip"


def engine_in(program: bytes | mmap) -> str | None:
    """The version of its template engine that a program was built with; ``None`` where it names none."""
    named = _CRATE.search(program) or _BUNDLED.search(program)
    return None if named is None else named[1].decode()
