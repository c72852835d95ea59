"""What ``check`` pays for its report: the text format loads nothing but itself and the data types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import portable_tpl

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import portable_tpl.model.report
before = set(sys.modules)
import portable_tpl.reports.text
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("portable_tpl.reports")))
"""


def test_the_text_format_loads_nothing_but_itself() -> None:
    root = str(Path(portable_tpl.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", PROGRAM, root], capture_output=True, text=True, check=True)
    # Up to Python 3.12 something else has loaded this one already; it is in C, and costs nothing.
    assert set(done.stdout.split()) <= {"math"}
