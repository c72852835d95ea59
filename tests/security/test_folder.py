"""Nothing in the folder of a stranger's templates is imported or obeyed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("jinja2", "click", "json", "hypothesis", "minijinja", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'w').write({name!r})\nraise SystemExit(7)\n"
        )
    (tmp_path / "a.jinja").write_text(TEMPLATE)
    return tmp_path


def run(folder: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "portable_tpl", *arguments]
    return subprocess.run(command, cwd=cwd or folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("command", ["check", "compare"])
def test_python_m_imports_nothing_from_where_it_is_run(folder: Path, command: str) -> None:
    extra = ("--examples", "3") if command == "compare" else ()
    result = run(folder, command, "a.jinja", "-t", "minijinja", *extra)
    assert result.returncode == 0, result.stderr
    assert not (folder / "ran").exists()


def test_the_configuration_of_another_folder_is_not_obeyed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "portable-tpl.toml").write_text('targets = ["no-such-engine"]\n')
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    result = run(folder, "check", str(folder / "a.jinja"), "-t", "minijinja", cwd=elsewhere)
    assert result.returncode == 0, result.stderr
