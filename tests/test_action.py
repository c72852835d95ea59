"""The composite action's script: green and red as the audit is, with reports for code scanning and the job's page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".github" / "actions" / "audit" / "run.sh"
GOOD = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
BAD = "{% for m in messages %}{{ m.content.strip() }}{% endfor %}"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m portable_tpl "$@"\n')
    path.chmod(0o755)
    return path


def act(folder: Path, program: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PORTABLE_TPL": str(program),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "TARGETS": "minijinja-strict",
        "ARGUMENTS": "--examples 10 --ignore REL",
        **settings,
    }
    return subprocess.run(
        ["bash", str(SCRIPT)], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_portable_template_is_green(tmp_path: Path, program: Path) -> None:
    (tmp_path / "good.jinja").write_text(GOOD)
    result = act(tmp_path, program, PATHS="*.jinja", TARGETS="minijinja")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    assert json.loads((tmp_path / "portable-tpl.sarif").read_text())["runs"][0]["results"] == []
    assert "✅ portable" in (tmp_path / "summary.md").read_text()


def test_a_defect_is_red_and_annotated(tmp_path: Path, program: Path) -> None:
    (tmp_path / "bad.jinja").write_text(BAD)
    result = act(tmp_path, program, PATHS="bad.jinja", SARIF="x.sarif")
    assert result.returncode == 1, result.stderr
    assert result.stdout.startswith("::error file=bad.jinja,line=1,")
    results = json.loads((tmp_path / "x.sarif").read_text())["runs"][0]["results"]
    assert [each["ruleId"] for each in results] == ["PTL101"]
    assert "❌ fails" in (tmp_path / "summary.md").read_text()


def test_an_engine_that_cannot_be_had_is_red(tmp_path: Path, program: Path) -> None:
    (tmp_path / "good.jinja").write_text(GOOD)
    result = act(tmp_path, program, PATHS="good.jinja", TARGETS="no-such-engine")
    assert result.returncode == 2
    assert "unknown target 'no-such-engine'" in result.stderr


def test_a_word_that_names_nothing_is_red(tmp_path: Path, program: Path) -> None:
    result = act(tmp_path, program, PATHS="nowhere/*.jinja")
    assert result.returncode == 2
    assert "nowhere/*.jinja: no such file or folder" in result.stderr
