"""The driver of workers: limits, blame, restarts and the end of a worker, with a worker that needs no engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import TargetUnavailable
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import adapters_of, open_runtime

SAMPLE = [sys.executable, str(Path(__file__).parents[1] / "sample_worker.py")]
NAME = Template("<$name>")


def sample(*arguments: str, seconds: float = 5.0, megabytes: int = 100) -> WorkerRuntime:
    (adapter,) = adapters_of({"id": "dollar", "engine": "dollar", "command": [*SAMPLE, *arguments]})
    return WorkerRuntime(adapter, limits=Limits(seconds, megabytes))


@pytest.fixture
def runtime() -> Iterator[WorkerRuntime]:
    with sample(seconds=0.5) as opened:
        yield opened


def named(name: str) -> Conversation:
    return Conversation([{"role": "user", "content": "Hi"}], variables={"name": name})


def test_renders_through_any_program_that_speaks_the_protocol(runtime: WorkerRuntime) -> None:
    assert runtime.render_all(NAME, [named("a"), named("\ud800 é"), named("a")]) == [
        Rendered("<a>"),
        Rendered("<\ud800 é>"),
        Rendered("<a>"),
    ]
    assert (runtime.engine, runtime.version) == ("dollar", "1.2")
    assert runtime.render(Template("$clock"), named("")) == Rendered("2026-01-01T12:00:00")


def test_answers_of_every_kind(runtime: WorkerRuntime) -> None:
    assert runtime.render_all(NAME, [named("!refuse"), named("!fail")]) == [
        Refused("no"),
        Failed("error", "bad", 4),
    ]


def test_a_hang_is_blamed_on_its_conversation(runtime: WorkerRuntime) -> None:
    answers = runtime.render_all(NAME, [named("a"), named("!hang"), named("b"), named("!die"), named("c")])
    assert answers[0] == Rendered("<a>")
    assert answers[1] == Failed("timeout", "no answer within 0.5 s")
    assert answers[2] == Rendered("<b>")
    assert answers[3] == Failed("crash", "the engine's process died (exit status 7): a last word")
    assert answers[4] == Rendered("<c>")
    assert runtime.restarts == 2


def test_memory_is_watched_where_it_cannot_be_limited() -> None:
    with sample(seconds=20.0, megabytes=50) as runtime:
        answers = runtime.render_all(NAME, [named("a"), named("!fill"), named("b")])
    assert answers == [Rendered("<a>"), Failed("memory", "the engine used more than 50 MB"), Rendered("<b>")]


def test_a_batch_of_hangs_is_given_up_aloud() -> None:
    with sample(seconds=0.2) as runtime:
        started = time.monotonic()
        answers = runtime.render_all(NAME, [named(f"!hang {number}") for number in range(50)])
        assert time.monotonic() - started < 10
    assert all(isinstance(answer, Failed) and answer.kind == "timeout" for answer in answers)
    assert isinstance(answers[-1], Failed)
    assert answers[-1].message.startswith("not tried")


def test_a_worker_that_breaks_the_protocol_is_a_crash(runtime: WorkerRuntime) -> None:
    answer = runtime.render(NAME, named("!nonsense"))
    assert isinstance(answer, Failed)
    assert answer.kind == "crash"
    assert runtime.render(NAME, named("a")) == Rendered("<a>")


def test_more_conversations_than_are_kept() -> None:
    with sample() as runtime:
        many = [named(str(number)) for number in range(2500)]
        expected = [Rendered(f"<{number}>") for number in range(2500)]
        assert runtime.render_all(NAME, many) == expected
        assert runtime.render_all(NAME, many[::-1]) == expected[::-1]


def test_big_requests_and_answers_do_not_block_each_other() -> None:
    with sample(seconds=30.0) as runtime:
        big = [named(str(number) + "x" * 400_000) for number in range(20)]
        answers = runtime.render_all(Template("$name" * 3), big)
    assert all(isinstance(answer, Rendered) and len(answer.text) > 1_200_000 for answer in answers)


def test_the_environment_is_scrubbed(runtime: WorkerRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    with sample() as fresh:
        answer = fresh.render(Template("$environment"), named(""))
    assert isinstance(answer, Rendered)
    assert "SECRET_OF_THE_USER" not in answer.text
    assert "PORTABLE_TPL_READ_FD" in answer.text


@pytest.mark.parametrize(
    "arguments, reason", [(["--old"], "protocol 1 is needed"), (["--broken"], "the licence has expired")]
)
def test_a_worker_that_cannot_work_says_why(arguments: list[str], reason: str) -> None:
    with pytest.raises(TargetUnavailable, match=reason):
        sample(*arguments)


def test_a_command_that_does_not_exist() -> None:
    (adapter,) = adapters_of({"id": "nothing", "engine": "x", "command": ["/no/such/program"]})
    with pytest.raises(TargetUnavailable, match="cannot start"):
        WorkerRuntime(adapter)
    assert not adapter.available(None).ok


def test_a_program_that_ends_at_once() -> None:
    (adapter,) = adapters_of(
        {"id": "nothing", "engine": "x", "command": [sys.executable, "-c", "raise SystemExit(3)"]}
    )
    with pytest.raises(TargetUnavailable, match="exit status 3"):
        WorkerRuntime(adapter)


def test_close_ends_the_worker_and_may_be_called_twice() -> None:
    runtime = sample()
    pid = runtime.pid
    assert pid is not None
    runtime.close()
    runtime.close()
    assert runtime.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ValueError, match="closed"):
        runtime.render(NAME, named("a"))


def _run_and_kill_parent(script: str) -> int:
    """Run a program that prints its worker's process id, kill it without mercy, and give that id."""
    program = textwrap.dedent(script)
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    return pid


def _ends(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_idle_worker_ends_with_a_killed_parent() -> None:
    pid = _run_and_kill_parent(
        """
        import time
        from portable_tpl.targets.registry import open_runtime
        runtime = open_runtime("transformers")
        print(runtime.pid, flush=True)
        time.sleep(60)
        """
    )
    assert _ends(pid, 10.0)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
def test_a_hanging_worker_ends_after_its_parent_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = _run_and_kill_parent(
        """
        from portable_tpl.model.conversation import Conversation
        from portable_tpl.targets.processes import _process
        from portable_tpl.targets.processes._base import Limits
        from portable_tpl.targets.registry import open_runtime
        from portable_tpl.model.source import Template
        _process._ORPHAN_SECONDS = 0.5
        runtime = open_runtime("transformers", Limits(seconds=1.0))
        print(runtime.pid, flush=True)
        loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
        runtime.render(Template(loop), Conversation([{"role": "user", "content": "Hi"}]))
        """
    )
    assert _ends(pid, 60.0)


@pytest.mark.parametrize("target", ["transformers", "minijinja"])
def test_lost_replies_are_rendered_again(target: str) -> None:
    """A worker that gathers replies loses those of the last milliseconds when it dies."""
    text = "{% if name == 'kill' %}{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}{% endif %}"
    with open_runtime(target, Limits(seconds=0.5)) as runtime:
        names = [str(number) for number in range(40)]
        names[21] = "kill"
        answers = runtime.render_all(Template(text + "{{ name }}"), [named(name) for name in names])
    expected = [Rendered(name) for name in names]
    assert isinstance(answers[21], Failed)
    assert [a for i, a in enumerate(answers) if i != 21] == [e for i, e in enumerate(expected) if i != 21]


def test_a_template_that_kills_while_it_loads_is_tried_once() -> None:
    with open_runtime("transformers", Limits(seconds=1.0, megabytes=64)) as runtime:
        started = time.monotonic()
        huge = Template("{{ 'a' }}" * 400_000)
        answers = runtime.render_all(huge, [named(str(number)) for number in range(30)])
        assert time.monotonic() - started < 10
        assert len(set(answers)) == 1
        assert isinstance(answers[0], Failed)
        assert runtime.render(Template("ok"), named("")) == Rendered("ok")
