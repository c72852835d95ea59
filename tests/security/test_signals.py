"""What ends a run, and what ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from portable_tpl.targets.registry import availability

from .test_limits import RUNNING as BY_ENGINE

SLOW = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
_HANGING_WORKER = textwrap.dedent(
    """
    import sys, time
    from portable_tpl.targets.registry import open_runtime
    from portable_tpl.targets.processes._base import Limits
    from portable_tpl.model.source import Template
    from portable_tpl.model.conversation import Conversation
    runtime = open_runtime(sys.argv[2], Limits(seconds=60))
    print(runtime.pid, flush=True)
    runtime.render(Template(sys.argv[1]), Conversation([{"role": "user", "content": "Hi"}]))
    """
)


RUNNING = [each for each in BY_ENGINE if each != "dynamo"]  # its frontend starts for seconds


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def _stay_on(pids: Iterable[int], seconds: float = 10) -> set[int]:
    """Those of the processes that are still there after so many seconds."""
    left = set(pids)
    deadline = time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {pid for pid in left if not _is_gone(pid)}
    return left


def _hear_interrupts() -> None:
    """As in the foreground: a shell has what it puts into the background ignore Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return below - {pid}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_ends_with_all_that_it_started(number: signal.Signals, jobs: str, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.jinja").write_text(SLOW)
    targets = [f"--target={each}" for each in ("minijinja", "hf-jinja", "llama-cpp-python") if availability(each).ok]
    command = [sys.executable, "-m", "portable_tpl", "compare", ".", *targets, "--jobs", jobs, "--no-database"]
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts)
    deadline = time.monotonic() + 20
    below: set[int] = set()
    while len(below) < len(targets) and time.monotonic() < deadline:
        time.sleep(0.2)
        below |= _descendants(run.pid)
    time.sleep(1)
    below |= _descendants(run.pid)
    assert len(below) >= len(targets)
    run.send_signal(number)
    _, words = run.communicate(timeout=20)
    assert _stay_on(below) == set()
    if number is signal.SIGKILL:
        assert run.returncode == -number
        return
    assert run.returncode == (130 if number is signal.SIGINT else 128 + number)
    assert words.strip() == "portable-tpl: interrupted"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("target", RUNNING)
def test_a_worker_ends_with_its_parent(target: str) -> None:
    command = [sys.executable, "-c", _HANGING_WORKER, SLOW, target]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    assert _stay_on([worker], 5) == set()
    assert os.getpid() != worker
