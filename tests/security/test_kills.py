"""Commands that write files, killed at random moments and on a full disc: files are whole, and nothing stays behind.

The suite kills each a few times, ``nox -s kills`` a hundred.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .killing import KINDS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


def _harness(*arguments: str) -> list[str]:
    command = [sys.executable, "-m", "tests.security.killing", *arguments]
    result = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode in (0, 1), result.stderr
    return result.stdout.splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_leaves_files_whole_and_the_next_run_tidies_up(kind: str) -> None:
    assert _harness("kills", kind, "3" if kind.startswith("fix") else "10", "0") == []


def test_a_full_disc_leaves_all_as_it_was() -> None:
    assert _harness("full") == []


def test_output_to_a_full_device_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.jinja").write_text("{{ messages[0].content }}")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"messages": [{"role": "user", "content": "Hi"}]}) + "\n")
    for line in (
        "check a.jinja -o /dev/full",
        "check a.jinja > /dev/full",
        "fix a.jinja -o /dev/full",
        "check a.jinja --format json > /dev/full",
        "check a.jinja --write-baseline /dev/full",
        "render a.jinja --input rows.jsonl > /dev/full",
        'render a.jinja --conversation \'[{"role": "user"}]\' > /dev/full',
        "card a.jinja > /dev/full",
        "targets list > /dev/full",
    ):
        command = f"{sys.executable} -m portable_tpl {line}"
        result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 2, (line, result)
        words = result.stderr.splitlines()
        assert [each for each in words if "No space left" in each] == words[-1:], (line, result)
        assert len(words) <= 2, line


def test_a_run_that_was_killed_when_all_was_done_can_be_resumed(tmp_path: Path) -> None:
    (tmp_path / "a.jinja").write_text("{{ messages[0].content }}")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"messages": [{"role": "user", "content": "Hi"}]}) + "\n")
    command = [sys.executable, "-m", "portable_tpl", "render", "a.jinja", "--input", "rows.jsonl", "--output", "out"]
    stop = "import os, signal; os.unlink = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
    note = "from portable_tpl.cli.work import dataset; dataset._NOTE_SECONDS = -1\n"
    run = "import sys; from portable_tpl.cli import run; sys.exit(run(sys.argv[1:]))"
    subprocess.run([sys.executable, "-c", stop + note + run, *command[3:]], cwd=tmp_path, check=False)
    whole = (tmp_path / "out").read_bytes()
    assert (tmp_path / "out.progress").is_file()
    subprocess.run([*command, "--resume"], cwd=tmp_path, check=True)
    assert (tmp_path / "out").read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jinja", "out", "rows.jsonl"]
