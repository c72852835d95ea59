"""A data set of a million conversations: speed beside a loop over transformers, memory, two cores, and kills.

Run it from the repository: ``python tests/benchmarks/bench_datasets.py [--count 1000000] [--loop 100000] [--kills 3]``;
``--loop`` says over how many of them transformers goes. All runs make the same lines, or the exit status is 1, as it is
where a goal is missed: 120 MB, twice as fast as the loop by processor time, 1.6 times that with ``--jobs 2`` by the
clock on the wall (which says something only on a machine with two idle cores), and no line lost or doubled by a kill.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "corpus" / "templates" / "python" / "qwen3.jinja"
MEGABYTES, RATIO, TWO_CORES = 120, 2.0, 1.6
_LOOK = 0.2  # seconds between two looks at the memory
_WORDS = (
    "the",
    "weather",
    "Zürich",
    "<fine>",
    "today",
    "nobody",
    "knows",
    "'why'",
    "天气",
    '"rains"',
    "\n",
    "winter",
)
_LOOP = """
import json, sys, time
import tokenizers, transformers
words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
chat = transformers.PreTrainedTokenizerFast(tokenizer_object=words)
chat.chat_template = open(sys.argv[1], newline="").read()
started = time.process_time()
with open(sys.argv[2]) as rows, open(sys.argv[3], "w") as prompts:
    for number, row in zip(range(int(sys.argv[4])), rows):
        prompt = chat.apply_chat_template(json.loads(row)["messages"], tokenize=False)
        prompts.write(json.dumps({"prompt": prompt}, ensure_ascii=False, separators=(",", ":")) + "\\n")
print(time.process_time() - started)
"""


@dataclass(frozen=True)
class Run:
    """What a run took: seconds of processors and of the wall, and the most megabytes of all its processes at once."""

    cpu: float
    wall: float
    megabytes: float
    printed: str


def write_rows(path: Path, count: int) -> None:
    """Conversations of two to eight turns, the same ones each time."""
    draw = random.Random(7)
    texts = [" ".join(draw.choices(_WORDS, k=draw.randrange(3, 60))) for _ in range(500)]
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            roles = ["user", "assistant"] * (1 + number % 4)
            if number % 5 == 0:
                roles.insert(0, "system")
            messages = [{"role": role, "content": texts[draw.randrange(500)]} for role in roles]
            stream.write(json.dumps({"id": number, "messages": messages}, ensure_ascii=False) + "\n")


def measure(command: Sequence[str]) -> Run:
    """Run a command to its end."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    most = [0.0]
    watcher = threading.Thread(target=_watch, args=(process.pid, most), daemon=True)
    watcher.start()
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, time.monotonic() - started, most[0], printed)


def _watch(pid: int, most: list[float]) -> None:
    while Path(f"/proc/{pid}/statm").exists():
        most[0] = max(most[0], sum(map(_megabytes, _tree(pid))))
        time.sleep(_LOOK)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def _megabytes(pid: int) -> float:
    """What a process has for itself: pages that it shares with others count once, as in its share of them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def render(rows: Path, output: Path, *more: str) -> list[str]:
    """The command that makes prompts of a file."""
    options = ["--input", str(rows), "--output", str(output), "--quiet", *more]
    return [sys.executable, "-m", "portable_tpl", "render", str(TEMPLATE), *options]


def kill_and_resume(rows: Path, output: Path, kills: int, seconds: float) -> None:
    """Kill a run so many times, then let it end; ``seconds`` is about how long a whole one takes."""
    draw = random.Random(kills)
    for _ in range(kills):
        process = subprocess.Popen(render(rows, output, "--resume", "--jobs", "2"))
        try:
            process.wait(timeout=2 + draw.random() * seconds / (kills + 1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if output.exists():
        raise SystemExit("a run had ended before it was killed: nothing was shown")
    measure(render(rows, output, "--resume", "--jobs", "2"))


def digest(path: Path, lines: int | None = None) -> str:
    """A hash of a file's first lines."""
    made = hashlib.sha256()
    with path.open("rb") as stream:
        for number, line in enumerate(stream):
            if number == lines:
                break
            made.update(line)
    return made.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; gives the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--loop", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=3)
    options = parser.parse_args(arguments)
    os.environ["PYTHONPATH"] = str(ROOT)
    loop = min(options.loop, options.count)
    with tempfile.TemporaryDirectory() as folder:
        rows, theirs, one, two, killed = (
            Path(folder) / f"{name}.jsonl" for name in ("rows", "theirs", "one", "two", "killed")
        )
        write_rows(rows, options.count)
        print(f"{options.count} rows, {rows.stat().st_size / 1e6:.0f} MB", flush=True)
        told: Any = measure([sys.executable, "-c", _LOOP, str(TEMPLATE), str(rows), str(theirs), str(loop)])
        slow = float(told.printed) / loop
        print(f"transformers   {slow * 1e6:6.1f} us a row (processor, {loop} rows)", flush=True)
        single, double = _timed(rows, one), _timed(rows, two, "--jobs", "2")
        fast = single.cpu / options.count
        print(f"               {slow / fast:.2f} times as fast as transformers (at least {RATIO})")
        print(
            f"--jobs 2       {single.wall / double.wall:.2f} times as fast as one (at least {TWO_CORES})", flush=True
        )
        right = digest(one) == digest(two) and digest(one, loop) == digest(theirs)
        if options.kills:
            kill_and_resume(rows, killed, options.kills, double.wall)
            right = right and digest(one) == digest(killed)
            print(f"killed {options.kills} times and resumed")
        print("the same lines everywhere" if right else "LINES DIFFER")
    small = max(single.megabytes, double.megabytes) < MEGABYTES
    quick = slow / fast >= RATIO and single.wall / double.wall >= TWO_CORES
    return 0 if right and small and quick else 1


def _timed(rows: Path, output: Path, *more: str) -> Run:
    run = measure(render(rows, output, *more))
    name = " ".join(more) or "--jobs 1"
    print(f"{name:14} {run.cpu:6.1f} s processor, {run.wall:6.1f} s wall, {run.megabytes:.0f} MB", flush=True)
    return run


if __name__ == "__main__":
    sys.exit(main())
