"""Names, paths, messages and templates of strangers: what they say is shown, and nothing obeys it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from portable_tpl.reports.parts.visible import escaped_for_log, for_log

from .attacks import ATTACKS, CONTROL, OBEYED

FORMATS = ("text", "concise", "json", "sarif", "junit", "github", "markdown", "html")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each attack, with the attack in its name, in a message, in a template's name and in its text."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, attack in enumerate(ATTACKS):
        name = f"{number}{attack.replace('/', '_')}"
        (folder / f"{name}.jinja").write_text("{{ messages[0].content.strip() }}" + attack.replace("{", ""), "utf-8")
        (folder / f"{name}-bad.jinja").write_text("{{ x | " + attack, "utf-8")
        inside = folder / f"{name}-model"
        inside.mkdir()
        templates = [
            {"name": attack, "template": "{{ messages[0].content.strip() }}"},
            {"name": "default", "template": attack},
        ]
        (inside / "tokenizer_config.json").write_text(json.dumps({"chat_template": templates}))
    return folder


@pytest.mark.parametrize("form", FORMATS)
def test_every_report_is_harmless(form: str, folder: Path) -> None:
    environment = {**os.environ, "PYTHONUTF8": "1"}
    environment.pop("GITHUB_ACTIONS", None)
    command = [sys.executable, "-m", "portable_tpl", "check", ".", "--format", form, "--target", "minijinja-strict"]
    result = subprocess.run(command, cwd=folder, capture_output=True, env=environment, timeout=120)
    text, said = result.stdout.decode(), result.stderr.decode()
    assert result.returncode == 2
    assert "Traceback" not in said
    for words in (text, said):
        assert not CONTROL.search(words), CONTROL.search(words)
    assert not OBEYED.search(said)
    if form == "github":
        assert all(re.match(r"::(error|warning|notice) ", line) for line in text.splitlines())
    else:
        assert not OBEYED.search(text)
    if form in ("json", "sarif"):
        json.loads(text)
    if form == "junit":
        ElementTree.fromstring(text)


def test_plain_text_in_a_workflow_stands_between_stop_commands(folder: Path) -> None:
    environment = {**os.environ, "PYTHONUTF8": "1", "GITHUB_ACTIONS": "true"}
    command = [sys.executable, "-m", "portable_tpl", "check", ".", "--target", "minijinja-strict"]
    first, second = (
        subprocess.run(command, cwd=folder, capture_output=True, env=environment, timeout=120) for _ in range(2)
    )
    lines = first.stdout.decode().splitlines()
    word = lines[0].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{word}::"
    assert len(word) == 64
    assert word not in "".join(lines[1:-1])
    assert first.stdout == second.stdout


def test_usage_errors_leave_nothing_to_obey(capsys: pytest.CaptureFixture[str]) -> None:
    from portable_tpl.cli import run

    for attack in ATTACKS:
        for arguments in (
            ["check", f"x{attack}"],
            [f"x{attack}"],
            ["check", f"--x{attack}"],
            ["render", f"x{attack}"],
        ):
            run(arguments)
            words = capsys.readouterr()
            assert not CONTROL.search(words.err), (arguments, words.err)
            assert not OBEYED.search(words.err), (arguments, words.err)


def test_what_a_runner_obeys_is_spelt_otherwise() -> None:
    for attack in ATTACKS:
        assert not OBEYED.search(for_log(attack)), attack
        written = json.dumps(attack)
        assert json.loads(escaped_for_log(written, "json")) == attack
        assert not OBEYED.search(escaped_for_log(written, "json").strip('"').replace("::", "")), attack
