"""What an engine that a template broke out of could still do, where the kernel has Landlock."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from portable_tpl.targets.workers._confinement import landlock_version

pytestmark = pytest.mark.skipif(landlock_version() < 4, reason="this kernel has no Landlock, or an old one")
_TRY = textwrap.dedent(
    """
    import os, socket, sys
    from portable_tpl.targets.workers._confinement import confine

    def attempt(work):
        try:
            work()
        except PermissionError:
            return "no"
        return "yes"

    confine(writable=[sys.argv[2]] if len(sys.argv) > 2 else [])
    name = os.path.join(sys.argv[1], "made")
    print(attempt(lambda: open(name, "w")))
    print(attempt(lambda: os.remove(os.path.join(sys.argv[1], "old"))))
    print(attempt(lambda: os.truncate(os.path.join(sys.argv[1], "old"), 0)))
    print(attempt(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[-1]) if sys.argv[-1].isdigit() else 9))))
    print(open(os.path.join(sys.argv[1], "old")).read())
    """
)


def test_a_confined_process_reads_and_does_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        program = _TRY.replace("len(sys.argv) > 2", "False")
        result = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path), port], capture_output=True, text=True, check=True
        )
    assert result.stdout.split() == ["no", "no", "no", "no", "here"]


def test_a_folder_can_stay_writable(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("here")
    program = "\n".join(_TRY.splitlines()[:-3])  # without what was removed by then
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert result.stdout.split()[:2] == ["yes", "yes"]


def test_the_program_becomes_the_command_confined(tmp_path: Path) -> None:
    from portable_tpl.targets.workers import _confinement

    command = [sys.executable, "-I", "-S", _confinement.__file__, "touch", str(tmp_path / "made")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert not (tmp_path / "made").exists()
