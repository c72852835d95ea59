"""Seconds of ``check`` at once, twice, four and eight times the size, for each kind of template; and the ratios.

``python -m tests.sweeps.growth [SIZE]``: the first size is 125. The exit status is 1 where twice the template takes more
than 2.3 times as long.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Sequence
from itertools import pairwise

import portable_tpl as pt
from portable_tpl.cli import GARBAGE
from tests.checking.test_growth import KINDS, MOST, TARGETS

_TRIES = 3


def main(arguments: Sequence[str]) -> int:
    """Measure every kind; returns the exit status."""
    size = int(arguments[0]) if arguments else 125
    pt.check(pt.Template(KINDS["loops"](3)), targets=TARGETS)  # what is loaded and remembered once
    slow = False
    for kind, make in KINDS.items():
        if kind == "chain":
            continue  # jinja2's own compiler takes no chain of hundreds
        seconds = [min(_seconds(make(size * factor)) for _ in range(_TRIES)) for factor in (1, 2, 4, 8)]
        ratios = [after / before for before, after in pairwise(seconds)]
        slow = slow or max(ratios) > MOST
        shown = "  ".join(f"{each:6.2f} s" for each in seconds)
        print(f"{kind:<12} {shown}   ratios {'  '.join(f'{each:.2f}' for each in ratios)}", flush=True)
    return 1 if slow else 0


def _seconds(text: str) -> float:
    """Processor time of one check, in a child that has nothing remembered of another one."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        gc.set_threshold(GARBAGE)  # as the program does
        begin = time.process_time()
        pt.check(pt.Template(text), targets=TARGETS)
        os.write(write, str(time.process_time() - begin).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        seconds = float(told.read())
    os.waitpid(child, 0)
    return seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
