"""``portable-tpl render --input``: order, memory, errors, interrupted runs, and every way to share the work."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]
CHAT = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"
REFUSING = (
    "{% if 'bad' in messages[0].content %}{{ raise_exception('no\n way') }}{% endif %}{{ messages[0].content }}"
)
COUNT = 3000


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    (folder / "chat.jinja").write_text(CHAT)
    (folder / "refusing.jinja").write_text(REFUSING)
    write_rows(folder / "rows.jsonl", COUNT)


def write_rows(path: Path, count: int) -> None:
    with path.open("w") as stream:
        for number in range(count):
            row = {"id": number, "messages": [{"role": "user", "content": f"é {number} " + "x" * (number % 50)}]}
            stream.write(json.dumps(row) + "\n")


def expected(count: int = COUNT) -> list[str]:
    return [f"<user>é {number} " + "x" * (number % 50) for number in range(count)]


def prompts(data: bytes) -> list[Any]:
    return [json.loads(line).get("prompt") for line in data.decode().split("\n")[:-1]]


def test_rows_stay_in_order_with_the_columns_that_are_kept(cli: Cli, folder: Path) -> None:
    run = ("render", "chat.jinja", "--input", "rows.jsonl", "--output")
    result = cli(*run, "out.jsonl", "--keep", "id")
    assert (result.status, result.stderr) == (0, "")
    data = (folder / "out.jsonl").read_bytes()
    assert prompts(data) == expected()
    assert [json.loads(line)["id"] for line in data.splitlines()] == list(range(COUNT))
    assert cli(*run, "two.jsonl", "--keep", "id", "--jobs", "2").status == 0
    assert (folder / "two.jsonl").read_bytes() == data
    assert cli(*run, "some.jsonl").lines == [
        "portable-tpl: warning: not used: id; --keep copies a column, --column ARGUMENT=NAME passes it on"
    ]
    assert sorted(path.name for path in folder.glob("*.jsonl*")) == [
        "out.jsonl",
        "rows.jsonl",
        "some.jsonl",
        "two.jsonl",
    ]


def test_gzip_in_and_out(cli: Cli, folder: Path) -> None:
    (folder / "rows.gz").write_bytes(gzip.compress((folder / "rows.jsonl").read_bytes()))
    assert cli("render", "chat.jinja", "--input", "rows.gz", "--output", "out.jsonl.gz", "-q").status == 0
    assert prompts(gzip.decompress((folder / "out.jsonl.gz").read_bytes())) == expected()
    (folder / "cut.gz").write_bytes((folder / "rows.gz").read_bytes()[:-100])
    cut = cli("render", "chat.jinja", "--input", "cut.gz", "--output", "cut.jsonl", "-q")
    assert (cut.status, len(cut.lines)) == (2, 1)
    assert not list(folder.glob("cut.jsonl*"))


def test_parquet(cli: Cli, folder: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "rows.parquet")
    result = cli("render", "chat.jinja", "--input", "rows.parquet", "--keep", "id")
    assert (result.status, prompts(result.stdout)) == (0, expected())
    (folder / "cut.parquet").write_bytes((folder / "rows.parquet").read_bytes()[:-20])
    cut = cli("render", "chat.jinja", "--input", "cut.parquet")
    assert (cut.status, len(cut.lines)) == (2, 1)


def test_every_option_of_a_render_goes_with_a_data_set(cli: Cli, folder: Path) -> None:
    rows = [
        {"model": "m", "messages": [{"role": "user", "content": "a"}]},
        {"chat": [{"from": "human", "value": "b"}]},
    ]
    (folder / "a.jsonl").write_text(json.dumps(rows[0]))
    (folder / "b.jsonl").write_text(json.dumps(rows[1]))
    (folder / "x.jinja").write_text("{{ x }}{{ tools | length if tools }}{{ strftime_now('%Y') }}" + CHAT)
    (folder / "tools.json").write_text('[{"type": "function"}]')
    options: tuple[str, ...] = ("--var", "x=[1]", "--tools", "tools.json", "--clock", "1999-01-01")
    assert prompts(cli("render", "x.jinja", "--input", "a.jsonl", *options).stdout) == ["[1]11999<user>a<a>"]
    more: tuple[str, ...] = (*options, "--no-generation-prompt")
    assert prompts(cli("render", "x.jinja", "--input", "a.jsonl", *more).stdout) == ["[1]11999<user>a"]
    more = (*options, "--column", "messages=chat", "--add-generation-prompt")
    assert prompts(cli("render", "x.jinja", "--input", "b.jsonl", *more).stdout) == ["[1]11999<user>b<a>"]
    assert prompts(cli("render", "x.jinja", "--input", "b.jsonl", *more, "--isolated").stdout) == [
        "[1]11999<user>b<a>"
    ]
    more = (*options, "--column", "messages=chat", "--continue-final-message", "--target", "minijinja")
    assert prompts(cli("render", "x.jinja", "--input", "b.jsonl", *more).stdout) == ["[1]11999<user>b"]
    hint = cli("render", "x.jinja", "--input", "b.jsonl")
    assert (hint.status, len(hint.lines)) == (2, 1)
    assert "b.jsonl:1: no 'messages' list; if the column 'chat' holds them: --column messages=chat" in hint.stderr
    assert "REL110" in cli("render", "chat.jinja", "--input", "a.jsonl", "--var", "y=1").stderr


def test_what_is_done_with_rows_without_a_prompt(cli: Cli, folder: Path) -> None:
    lines = [
        json.dumps({"id": n, "messages": [{"role": "user", "content": c}]}) for n, c in enumerate(("a", "bad", "c"))
    ]
    lines[2:2] = ["", "{oops", '{"id": 9, "messages": 3}']
    (folder / "mixed.jsonl").write_text("\n".join(lines))
    run = ("render", "refusing.jinja", "--input", "mixed.jsonl", "--keep", "id", "--output", "out.jsonl")
    kept = cli(*run, "--on-error", "keep")
    assert (kept.status, len(kept.lines)) == (1, 1)
    assert "3 of 5 conversations gave no prompt; the first is line 2: refused: no way" in kept.stderr
    records = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [record.get("prompt") for record in records] == ["a", None, None, None, "c"]
    assert records[1] == {"id": 1, "error": "no\n way", "refused": True}
    assert "not valid JSON" in records[2]["error"]
    assert records[3]["id"] == 9
    assert cli(*run, "--on-error", "skip").status == 1
    assert prompts((folder / "out.jsonl").read_bytes()) == ["a", "c"]
    (folder / "out.jsonl").write_text("as before")
    stopped = cli(*run, "--on-error", "raise")
    assert (stopped.status, stopped.lines) == (1, ["portable-tpl: mixed.jsonl:2: refused: no way"])
    unread = cli(*run)
    assert (unread.status, len(unread.lines)) == (2, 1)
    assert "mixed.jsonl:4: not valid JSON" in unread.stderr
    assert (folder / "out.jsonl").read_text() == "as before"
    assert not list(folder.glob("out.jsonl.*"))


def test_a_terminal_sees_progress_and_rate(folder: Path) -> None:
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on this system")
    terminal, end = pty.openpty()
    command = (sys.executable, "-m", "portable_tpl", "render", "chat.jinja", "--input", "rows.jsonl", "--keep", "id")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "xterm"}
    process = subprocess.Popen(
        (*command, "--output", "out.jsonl"), cwd=folder, env=environment, stdin=subprocess.DEVNULL, stderr=end
    )
    os.close(end)
    shown = b""
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        shown += data
    os.close(terminal)
    assert process.wait(60) == 0
    assert b"100%" in shown
    assert b"3,000 rows, " in shown
    assert b"/s" in shown


SLOW = "{% for i in range(15000) %}{% endfor %}" + CHAT


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "portable_tpl", "render", "slow.jinja", "--input", "rows.jsonl", "-q")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen((*command, "--output", "out.jsonl", *more), cwd=folder, env=environment)


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_stopped_is_resumed_without_a_lost_or_doubled_line(folder: Path, stop: int) -> None:
    count = 15_000
    (folder / "slow.jinja").write_text(SLOW)
    write_rows(folder / "rows.jsonl", count)
    journal = folder / "out.jsonl.progress"
    rows = 0
    for more in ((), ("--resume",)):
        process = start(folder, *more)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if journal.exists():
                now = json.loads(journal.read_text())["progress"]["rows"]
                if now > rows:
                    rows = now
                    break
            time.sleep(0.05)
        process.send_signal(stop)
        assert process.wait(30) == (130 if stop == signal.SIGINT else -stop)
        assert not (folder / "out.jsonl").exists()
    with (folder / "out.jsonl.partial").open("ab") as stream:
        stream.write(b'{"prompt":"half a li')  # what no note speaks of
    assert 0 < rows < count
    assert start(folder, "--resume").wait(120) == 0
    assert prompts((folder / "out.jsonl").read_bytes()) == expected(count)
    assert not list(folder.glob("out.jsonl.*"))


def test_only_the_same_run_is_resumed(cli: Cli, folder: Path) -> None:
    (folder / "out.jsonl.progress").write_text(json.dumps({"identity": {"sha256": "other"}, "progress": {}}))
    result = cli("render", "chat.jinja", "--input", "rows.jsonl", "--output", "out.jsonl", "--resume")
    assert (result.status, len(result.lines)) == (2, 1)
    assert "run without --resume" in result.stderr


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed", reason="renders on a cluster of Dask")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env={"PYTHONPATH": str(ROOT)}
    ) as made:
        yield made.scheduler_address


def test_a_cluster_gives_the_same_bytes(cli: Cli, folder: Path, cluster: str) -> None:
    run = ("render", "chat.jinja", "--input", "rows.jsonl", "--keep", "id", "--output")
    assert cli(*run, "one.jsonl").status == 0
    result = cli(*run, "many.jsonl", "--scheduler", cluster)
    assert result.status == 0, result.stderr
    assert (folder / "many.jsonl").read_bytes() == (folder / "one.jsonl").read_bytes()
