"""Try every ``reproduce`` command of a report, of mismatches and of findings: does it show what the report says?

``python -m tests.sweeps.reproduce REPORT.json [--processes N]``; the report is what ``compare`` or ``audit`` wrote with
``--format json``, and the commands run from the folder in which it was made. Each command runs twice, as it stands and
with ``--target transformers`` in place of its target: the first has to give the target's text or error, the second the
reference's. They run in one process with engines kept warm; every N-th runs as a process of its own besides.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from portable_tpl.cli import run
from portable_tpl.targets.processes._base import REFERENCE

# Commands, as words, each with what the report says of it.
Expected = list[tuple[list[str], dict[str, Any]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the commands and print those that show something else; the exit status says whether there were any."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.reproduce")
    parser.add_argument("report", type=Path)
    parser.add_argument("--processes", type=int, default=50, metavar="N")
    options = parser.parse_args(arguments)
    report = json.loads(options.report.read_text("utf-8"))
    found = [*map(both_sides, mismatches(report)), *exhibits(report)]
    wrong = 0
    for number, expected in enumerate(found):
        told = list(failures(expected, number % options.processes == 0))
        wrong += bool(told)
        for line in told:
            print(line, flush=True)
    print(f"{len(found) - wrong} of {len(found)} commands reproduce what they stand for")
    return 1 if wrong or not found else 0


def mismatches(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every mismatch of a report."""
    for template in report["templates"]:
        for compared in ((template["comparison"] or {}).get("targets") or {}).values():
            yield from compared["mismatches"]


def exhibits(report: dict[str, Any]) -> Iterator[Expected]:
    """The command of every prompt of the release checks' witnesses, with what it has to show."""
    for place in (*report["templates"], *report.get("containers", ())):
        for finding in place["findings"]:
            witness = finding["witness"]
            if witness is None or not finding["code"].startswith("REL"):
                continue  # a rule's witness is a mismatch, which has its own command
            for command, exhibit in zip(witness["reproduce"], witness["exhibits"], strict=True):
                yield [(shlex.split(command)[1:], exhibit["rendering"])]


def both_sides(mismatch: dict[str, Any]) -> Expected:
    """The command of a mismatch on its target and on the reference, with what each has to show."""
    words = shlex.split(mismatch["reproduce"])[1:]
    at = words.index("--target")
    on_reference = [*words[:at], "--target", REFERENCE, *words[at + 2 :]]
    return [(words, mismatch["target"]), (on_reference, mismatch["reference"])]


def failures(commands: Expected, as_process: bool) -> Iterator[str]:
    """What commands show that the report does not say."""
    for command, expected in commands:
        for shown in [_here(command)] + ([_alone(command)] if as_process else []):
            if not _agrees(shown, expected):
                yield f"{shlex.join(command)}\n  expected {json.dumps(expected)[:300]}\n  got {shown!r:.600}"


def _agrees(shown: tuple[int, bytes, str], expected: dict[str, Any]) -> bool:
    status, out, error = shown
    if "text" in expected:
        return (status, out) == (0, expected["text"].encode("utf-8", "surrogatepass"))
    # A message is cut to one line for the terminal.
    words = expected["error"].split("\n")[0].strip()[:40]
    return status != 0 and words in error


def _here(command: list[str]) -> tuple[int, bytes, str]:
    written, error = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(written, "utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        status = run(command)
    out.flush()
    return status, written.getvalue(), error.getvalue()


def _alone(command: list[str]) -> tuple[int, bytes, str]:
    done = subprocess.run([sys.executable, "-m", "portable_tpl", *command], capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


if __name__ == "__main__":
    raise SystemExit(main())
