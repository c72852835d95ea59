"""Thousands of mutated templates and containers through everything; prints each that went wrong.

``python -m tests.sweeps.fuzz`` takes how many of each kind, and from which number on, so that a long run can be done
in parts: attempt N of a seed is the same in every run. The exit status is 1 where one went wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.security import fuzzing

_AT_ONCE = 100
_OWN = Path(__file__).parents[2] / "corpus"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", type=int, default=20_000, metavar="N")
    parser.add_argument("--compare", type=int, default=2_000, metavar="N")
    parser.add_argument("--fix", type=int, default=2_000, metavar="N")
    parser.add_argument("--release", type=int, default=2_000, metavar="N")
    parser.add_argument("--containers", type=int, default=500, metavar="N", help="of each kind")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="number of the first attempt")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    texts = sources()
    failed = 0
    for name, work, count in (
        ("check", fuzzing.checking, options.check),
        ("compare", fuzzing.comparing, options.compare),
        ("fix", fuzzing.fixing, options.fix),
        ("release", fuzzing.inspecting, options.release),
    ):
        if count:
            with work(texts, options.seed) as attempt:
                failed += _run(name, attempt, options.start, count)
    for kind in fuzzing.CONTAINERS if options.containers else ():
        with _folder() as folder:
            failed += _run(kind, fuzzing.reading(kind, folder, options.seed), options.start, options.containers)
    return 1 if failed else 0


def sources() -> list[str]:
    """The texts that are mutated: the templates of this project, and real ones where there are some."""
    paths = sorted(_OWN.rglob("*.jinja"))
    if "PORTABLE_TPL_CORPUS" in os.environ:
        paths += sorted((Path(os.environ["PORTABLE_TPL_CORPUS"]) / "templates").rglob("*.jinja"))
    return [path.read_text("utf-8", "replace") for path in paths]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _run(name: str, attempt: fuzzing.Attempt, start: int, count: int) -> int:
    """Print what went wrong, and how far it is now and then; gives how many went wrong."""
    begin = time.process_time()
    failed = 0
    for first in range(start, start + count, _AT_ONCE):
        end = min(first + _AT_ONCE, start + count)
        for line in fuzzing.wrong_of(attempt, range(first, end)):
            failed += 1
            print(f"{name} {line}", flush=True)
        seconds = time.process_time() - begin
        print(f"{name}: {start} to {end}: {failed} went wrong, {seconds:.0f} s of this process", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
