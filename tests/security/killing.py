"""Runs of commands that write files, killed at moments drawn from a seed: files are whole, and the next run tidies up.

``python -m tests.security.killing kills KIND COUNT SEED`` prints what went wrong, a line a kill. Half of the kills come
right before the process touches a file of its folder, the others at any time. It forks, and so has no threads.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from portable_tpl.cli import run as run_command
from portable_tpl.cli.work import dataset

OLD = b"what was there before, and longer than a run that is cut short would leave of what it writes: 0123456789"
TEMPLATE = "{% for k, v in x.items() %}{{ k.strip() }}{% endfor %}{{ messages[0].content.strip() }}\n" * 3
ROWS = "".join(
    json.dumps({"messages": [{"role": "user", "content": f"{number} {'é' * 200}"}]}) + "\n" for number in range(600)
)
_FIX = ("fix", "a.jinja", "--target", "minijinja-strict", "--exit-zero")
# The arguments of each command, and the file that it writes.
KINDS: dict[str, tuple[Sequence[str], str]] = {
    "fix": (_FIX, "a.jinja"),
    "fix --output": ((*_FIX, "--output", "out"), "out"),
    "check --output": (("check", "a.jinja", "--format", "json", "--output", "out", "--exit-zero"), "out"),
    "check --write-baseline": (("check", "a.jinja", "--write-baseline", "out"), "out"),
    "render --input": (("render", "b.jinja", "--input", "rows.jsonl", "--output", "out"), "out"),
}
_TOUCHES = (
    "open",
    "os.chmod",
    "os.chown",
    "os.listdir",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.truncate",
    "os.utime",
)
_LEFT_IN_BETWEEN = (".tmp", ".partial", ".progress", ".new")
_Files = dict[str, bytes]


def kills(kind: str, count: int, seed: int) -> Iterator[str]:
    """Kill the command so many times, each time in a new folder; a line for each time that something is wrong."""
    choose = random.Random(f"{kind}:{seed}")
    with _folder(kind) as folder:
        before = _files(folder)
        begin = time.monotonic()
        touches = _run(kind, folder)
        seconds = time.monotonic() - begin
        after = _files(folder)
    assert after != before, f"{kind} wrote nothing"
    for number in range(count):
        touch = choose.randint(1, touches) if number % 2 else 0
        delay = None if touch else choose.uniform(0, seconds)
        with _folder(kind) as folder:
            _run(kind, folder, touch, delay)
            at_once = _wrong_names(_files(folder), before, after, _LEFT_IN_BETWEEN)
            _run(kind, folder)
            for wrong in (*at_once, *_wrong_names(_files(folder), after, after, ())):
                yield f"{kind}, kill {number} (touch {touch} of {touches}, {delay} s): {wrong}"


def full_disk(kind: str, size: int) -> Iterator[str]:
    """Run the command where no file can have more than ``size`` bytes; a line for each thing that is wrong."""
    with _folder(kind) as folder:
        before = _files(folder)
        status = _run(kind, folder, most=size)
        if status != 2:
            yield f"{kind}: exit status {status}"
        for wrong in _wrong_names(_files(folder), before, before, ()):
            yield f"{kind}: {wrong}"


def _wrong_names(files: _Files, before: _Files, after: _Files, endings: tuple[str, ...]) -> list[str]:
    """What is in a folder and must not be: neither as before nor as after, and no file in between."""
    wrong = [f"{name} is gone" for name in before if name not in files]
    for name, data in files.items():
        if data not in (before.get(name), after.get(name)) and not (endings and name.endswith(endings)):
            wrong.append(f"{name} holds {len(data)} bytes: {data[:60]!r}")
    return wrong


@contextmanager
def _folder(kind: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "a.jinja").write_text(TEMPLATE)
        (folder / "b.jinja").write_text("{{ messages[0].content }}")
        if kind == "render --input":
            (folder / "rows.jsonl").write_text(ROWS, "utf-8")
        if KINDS[kind][1] == "out":
            (folder / "out").write_bytes(OLD)
        yield folder
    finally:
        shutil.rmtree(folder)


def _files(folder: Path) -> _Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _run(kind: str, folder: Path, touch: int = 0, delay: float | None = None, most: int = 0) -> int:
    """Run the command in a child; killed right before the touch of this number, or after a delay in seconds.

    Gives the exit status where ``most`` limits the size of files, else the number of touches; negative where it was
    killed.
    """
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            _in_child(kind, folder, touch, most, write)
        finally:
            os._exit(70)
    os.close(write)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(read) as told:
        touches = told.read()
    _, state = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(state)
    if status == 70:
        raise RuntimeError(f"{kind} broke")
    return status if most or status < 0 else int(touches)


def _in_child(kind: str, folder: Path, touch: int, most: int, told: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1) if "PORTABLE_TPL_KILLING" in os.environ else (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.chdir(folder)
    dataset._NOTE_SECONDS = 0.0 if os.getpid() % 2 else 1.0
    if most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    seen = 0

    def look(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _TOUCHES and _is_inside(arguments[0], folder):
            seen += 1
            if seen == touch:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)
    sync = os.fsync

    def counted(descriptor: int) -> None:
        look("open", (str(folder),))
        sync(descriptor)

    os.fsync = counted  # type: ignore[assignment]
    status = run_command(list(KINDS[kind][0]))
    os.write(told, str(seen).encode())
    os._exit(status)


def _is_inside(path: object, folder: Path) -> bool:
    return isinstance(path, (str, bytes)) and os.path.abspath(os.fsdecode(path)).startswith(str(folder))


def main(arguments: Sequence[str]) -> int:
    """``kills KIND COUNT SEED``, or ``full``; returns the exit status."""
    if arguments[0] == "full":
        lines = [line for kind in KINDS for size in (64, 110) for line in full_disk(kind, size)]
    else:
        lines = list(kills(arguments[1], int(arguments[2]), int(arguments[3])))
    print("".join(f"{line}\n" for line in lines), end="")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
