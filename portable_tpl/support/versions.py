"""Versions of engines: their order, and which one is in this environment."""

from __future__ import annotations

import os
import re
import sys


def version_key(version: str) -> tuple[int, ...]:
    """What versions are ordered by: the numbers in them; ``3.1`` is ``3.1.0``."""
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def version_in(release: str, label: str) -> str | None:
    """The engine's version in a release of its package, if it has one; ``b{2}`` finds it in the third part."""
    if not label:
        return release
    try:
        return label.format(*release.split("."))
    except IndexError:
        return None


def release_here(distribution: str) -> str | None:
    """The release of a distribution that is installed, by the name of the folder that its installer leaves.

    As ``importlib.metadata.version``, whose import alone takes longer than a whole look at a template.
    """
    start = f"{re.sub(r'[-_.]+', '_', distribution).lower()}-"
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info") and name.lower().startswith(start):
                return name[len(start) : -len(".dist-info")]
    return None
