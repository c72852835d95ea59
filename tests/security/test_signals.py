"""What ends a run, and what ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

SLOW = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
_HANGING_WORKER = textwrap.dedent(
    """
    import sys, time
    from portable_tpl.targets.registry import open_runtime
    from portable_tpl.targets.processes._base import Limits
    from portable_tpl.model.source import Template
    from portable_tpl.model.conversation import Conversation
    runtime = open_runtime("transformers", Limits(seconds=60))
    print(runtime.pid, flush=True)
    runtime.render(Template(sys.argv[1]), Conversation([{"role": "user", "content": "Hi"}]))
    """
)


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_run_ends_as_after_an_interrupt(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "slow.jinja").write_text(SLOW)
    command = [sys.executable, "-m", "portable_tpl", "compare", "slow.jinja", "--target", "minijinja", "--jobs", "1"]
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    time.sleep(2.5)
    run.send_signal(number)
    _, words = run.communicate(timeout=20)
    assert run.returncode == (130 if number is signal.SIGINT else 128 + number)
    assert words.strip() == "portable-tpl: interrupted"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_ends_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _HANGING_WORKER, SLOW], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while not _is_gone(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _is_gone(worker)
    assert os.getpid() != worker
