"""What holds for every command: exit statuses, one line for an error, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

import portable_tpl
from portable_tpl import cli as command_line
from portable_tpl.model.errors import TRACEBACK_VARIABLE
from tests.cli.conftest import STRIP, Cli

COMMANDS = ("check", "fix", "compare", "audit", "render", "targets", "compat", "explain", "corpus")


def test_version(cli: Cli) -> None:
    result = cli("--version")
    assert result.status == 0
    assert portable_tpl.__version__ in result.out


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_is_there_for_every_command(cli: Cli, command: tuple[str, ...]) -> None:
    result = cli(*command, "--help")
    assert result.status == 0
    assert result.out.startswith(f"Usage: portable-tpl {' '.join(command)}".rstrip())
    if not command:
        assert [line.split()[0] for line in result.out.splitlines() if line[2:].startswith(COMMANDS)] == sorted(
            COMMANDS
        )


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((), "Commands:"),
        (("chek", "strip.jinja"), "did you mean check?"),
        (("check",), "Missing argument"),
        (("check", "strip.jinja", "--formt", "json"), "--format"),
        (("check", "strip.jinja", "--format", "yaml"), "'yaml' is not one of"),
        (("check", "strip.jinja", "--format", "jsn"), "; did you mean json?\n"),
        (("check", "strip.jinja", "--tier", "nice"), "'nice' is not one of"),
        (("check", "strip.jinja", "--jobs", "0"), "--jobs"),
        (("compare", "strip.jinja", "--examples", "-1"), "--examples"),
        (("compare", "strip.jinja", "--seed", "x"), "--seed"),
        (("compare", "strip.jinja", "--max-time", "0"), "--max-time"),
        (("targets", "remove"), "No such command"),
        (("explain",), "Missing argument"),
    ],
)
def test_bad_usage_is_status_2(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    result = cli(*arguments)
    assert result.status == 2
    assert words in result.stderr
    assert result.stdout == b""


@pytest.mark.parametrize("command", ["check", "fix", "compare", "audit"])
def test_an_unknown_target_is_one_line_and_status_2(cli: Cli, command: str) -> None:
    result = cli(command, "strip.jinja", "--target", "minijinja", "--target", "quux")
    assert result.status == 2
    assert result.stdout == b""
    assert len(result.lines) == 1
    assert "unknown target 'quux'" in result.stderr
    assert "`portable-tpl targets` lists them" in result.stderr


@pytest.mark.parametrize(
    "options, words",
    [
        (("-t", "hf-jnja"), "did you mean hf-jinja?"),
        (("-t", "llamacpp@b9294"), "did you mean llama.cpp or"),
        (("--select", "PTL1011"), "did you mean PTL101 or"),
        (("--ignore", "rel1004"), "did you mean REL104 or"),
    ],
)
def test_what_may_have_been_meant_is_said_in_one_line(cli: Cli, options: tuple[str, str], words: str) -> None:
    result = cli("check", "strip.jinja", *options)
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
    assert words in result.stderr


@pytest.mark.parametrize("command", ["check", "fix", "compare", "audit", "render"])
def test_a_missing_path_is_one_line_and_status_2(cli: Cli, command: str) -> None:
    more = ["--messages", "messages.json"] if command == "render" else ["--target", "minijinja"]
    result = cli(command, "nowhere.jinja", *more)
    assert (result.status, result.stdout) == (2, b"")
    assert result.lines == ["portable-tpl: error: nowhere.jinja: no such file or folder"]


def test_what_nobody_foresaw_is_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(command_line.portable_tpl, "callback", broken)
    arguments = ["check", "strip.jinja"]
    assert command_line.run(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "RuntimeError: two lines; this is a bug" in error
    monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
    with pytest.raises(RuntimeError):
        command_line.run(arguments)


@pytest.mark.parametrize(
    "error, status, words",
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (RecursionError("maximum recursion depth exceeded"), 2, "RecursionError"),
        (MemoryError(), 2, "out of memory"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
    ],
)
def test_accidents_are_one_line(
    error: BaseException,
    status: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(**_: object) -> None:
        raise error

    monkeypatch.setattr(command_line.portable_tpl, "callback", broken)
    assert command_line.run(["check", "strip.jinja"]) == status
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said
    assert "Traceback" not in said


def process(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A shell script in which ``$TPL`` is the command."""
    root = Path(__file__).parents[2]
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={"TPL": f"{sys.executable} -m portable_tpl", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_reader_that_goes_away_changes_nothing_of_the_status(folder: Path) -> None:
    (folder / "long.jinja").write_text(STRIP * 400)
    script = (
        "$TPL check long.jinja -t minijinja-strict --quiet | head -1; echo ${PIPESTATUS[0]};"
        "$TPL corpus list | head -1 > /dev/null; echo ${PIPESTATUS[0]};"
        "$TPL compat | head -1 > /dev/null; echo ${PIPESTATUS[0]}"
    )
    done = process(folder, script)
    assert done.stdout.splitlines()[0].startswith("long.jinja:1:")
    assert done.stdout.splitlines()[1:] == ["1", "0", "0"]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_closed_and_full_streams_end_without_a_traceback(folder: Path) -> None:
    script = (
        "$TPL check strip.jinja -t minijinja-strict >&-; echo $?;"
        "$TPL check nowhere.jinja 2>&-; echo $?;"
        "if [ -e /dev/full ]; then $TPL check strip.jinja -t minijinja-strict >/dev/full; echo $?; else echo 2; fi"
    )
    done = process(folder, script)
    assert done.stdout.split() == ["2", "2", "2"]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
