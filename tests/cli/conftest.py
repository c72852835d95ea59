"""The command line, run in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portable_tpl.cli import run
from portable_tpl.rendering.prompts import close_warm

STRIP = "{% for m in messages %}{{ m.role }}: {{ m.content.strip() }}\n{% endfor %}"
PLAIN = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
UNCLOSED = "{% for m in messages %}{{ m.content"
MESSAGES = [{"role": "user", "content": " Hi é "}]


@dataclass(frozen=True)
class Result:
    """What a run left behind."""

    status: int
    stdout: bytes
    stderr: str

    @property
    def out(self) -> str:
        return self.stdout.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[str]:
        """The lines on standard error."""
        return self.stderr.splitlines()


Cli = Callable[..., Result]


class _Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with no configuration above it, and a few templates."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORTABLE_TPL_TRACEBACK", raising=False)
    monkeypatch.delenv("CI", raising=False)  # there a target that is missing is an error
    (tmp_path / "strip.jinja").write_text(STRIP)
    (tmp_path / "plain.jinja").write_text(PLAIN)
    (tmp_path / "unclosed.jinja").write_text(UNCLOSED)
    (tmp_path / "messages.json").write_text(json.dumps(MESSAGES))
    return tmp_path


@pytest.fixture
def cli(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run ``portable-tpl`` with arguments; ``stdin`` is what it may read."""

    def call(*arguments: str | Path, stdin: bytes = b"") -> Result:
        monkeypatch.setattr("sys.stdin", _Stdin(stdin))
        capsysbinary.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsysbinary.readouterr()
        error = captured.err.decode("utf-8", "backslashreplace")
        assert "Traceback" not in error
        assert "internal error" not in error
        return Result(status, captured.out, error)

    return call


@pytest.fixture
def without_hf_jinja(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose cache of engines is empty, and where none runs."""
    close_warm()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-cache"))
