"""Hostile names, paths, messages and texts through every command and every form of report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from portable_tpl.auditing.difference import differences_of
from portable_tpl.cli import run
from portable_tpl.cli.work.emit import rendered
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.conversation import Tier
from portable_tpl.sources import open_container
from portable_tpl.targets.registry import availability

from .attacks import ATTACKS, CONTROL, OBEYED

FORMATS = ("text", "concise", "json", "sarif", "junit", "github", "markdown", "html")
GROUPS = [ATTACKS[start : start + 15] for start in range(0, len(ATTACKS), 15)]
TARGETS = [name for name in ("minijinja-strict", "hf-jinja") if availability(name).ok]


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _template(attacks: Iterable[str]) -> str:
    """A template that has attacks in its text, its names, its prompts and its refusals, and that engines differ on."""
    pieces = ["{{ messages[0].content.strip() }}{% set found = namespace(x='') %}"]
    for number, attack in enumerate(attacks):
        words = _literal(attack)
        pieces.append(
            f"{{# {attack.replace('#', '')} #}}{{{{ {words}.strip() }}}}{{% if messages | length == {number + 2} %}}"
            f"{{{{ raise_exception({words}) }}}}{{% endif %}}{{{{ messages[0][{words}] }}}}{{{{ {words} | no_{number} "
            f"if messages | length == {number + 20} }}}}"
        )
    return "\n".join(pieces)


def _name(attacks: Iterable[str]) -> str:
    return "".join(attack.replace("/", "_") for attack in attacks).encode()[:200].decode("utf-8", "ignore")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some folders and files with every attack in their names and texts."""
    for attacks in GROUPS:
        place = tmp_path / _name(attacks)
        place.mkdir()
        (place / f"{_name(reversed(attacks))}.jinja").write_text(_template(attacks), "utf-8")
        named = [{"name": attack, "template": _template([attack])} for attack in attacks[:3]]
        config = {"chat_template": named, "bos_token": attacks[0], "eos_token": {"content": attacks[1]}}
        (place / "tokenizer_config.json").write_text(json.dumps(config))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def _command(*arguments: str, raw: bool = False, folder: Path | None = None) -> str:
    """Run in a process of its own; what it says must be harmless, and what it prints, too, unless that is ``raw``."""
    environment = {**os.environ, "PYTHONUTF8": "1", "CI": "true"}
    result = subprocess.run(
        [sys.executable, "-m", "portable_tpl", *arguments],
        capture_output=True,
        env=environment,
        timeout=200,
        cwd=folder,
    )
    assert result.returncode in (0, 1, 2), result
    said, printed = result.stderr.decode(), result.stdout.decode("utf-8", "surrogatepass")
    assert "Traceback" not in said, said
    _expect_harmless(said, "text")
    if not raw:
        _expect_harmless(printed, arguments[arguments.index("--format") + 1] if "--format" in arguments else "text")
    return printed


def _expect_harmless(words: str, form: str) -> None:
    found = CONTROL.search(words)
    assert not found, (form, words[max(0, found.start() - 80) : found.end() + 20])
    if form == "github":
        assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in words.splitlines())
        return
    obeyed = OBEYED.search(words)
    assert not obeyed, (form, words[max(0, obeyed.start() - 80) : obeyed.end() + 20])
    if form in ("json", "sarif"):
        json.loads(words)
    if form == "junit":
        ElementTree.fromstring(words)


@pytest.mark.parametrize("command", ["check", "compare", "audit", "fix"])
def test_every_report_of_every_command(command: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("out")
    reports = [part for form in FORMATS for part in ("--report", f"{form}={out / form}")]
    few = ("--examples", "3", "--jobs", "1", "--no-database") if command in ("compare", "audit") else ()
    targets = [part for name in TARGETS for part in ("--target", name)]
    _command(command, ".", *few, *targets, *reports)
    for form in FORMATS:
        words = (out / form).read_bytes().decode("utf-8", "surrogatepass")
        assert len(words) > 100, form
        _expect_harmless(words, form)


def test_fix_says_nothing_harmful_beside_its_patches(folder: Path) -> None:
    assert "+++" in _command("fix", ".", "--diff", "--target", "minijinja-strict", raw=True)


def test_diff_of_every_form(folder: Path) -> None:
    path = sorted(folder.rglob("*.jinja"))[0]
    changed = path.with_name(f"new {path.name}"[:80])
    changed.write_text(path.read_text("utf-8").replace(".strip()", ""), "utf-8")
    settings = CompareSettings(examples=3, tier=Tier.ORDINARY, database=False)
    report = differences_of(open_container(str(path)), open_container(str(changed)), "transformers", settings)
    assert report.templates
    for form in FORMATS:
        words = rendered(report, form, None, False, verbose=True)
        assert len(words) > 100, form
        _expect_harmless(words, form)


def test_card_of_every_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sorted(folder.rglob("*.jinja"))[0]
    for form in ("text", "json", "markdown"):
        assert run(["card", str(path), "--format", form]) == 0
        words = capsys.readouterr()
        _expect_harmless(words.err, "text")
        _expect_harmless(words.out, form)


def test_render_says_nothing_harmful(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in folder.rglob("*.jinja"):
        for count in range(2, 17, 3):
            conversation = json.dumps({"messages": [{"role": "user", "content": " Hi "}] * count})
            for further in ([], ["--format", "json"]):
                assert run(["render", str(path), "--conversation", conversation, *further]) in (0, 1, 2)
                words = capsys.readouterr()
                _expect_harmless(words.err, "text")
                if further:
                    _expect_harmless(words.out, "json")


def _arguments(attack: str) -> list[Sequence[str]]:
    return [
        ("explain", attack),
        ("compat", attack),
        ("targets", "doctor", attack),
        ("targets", "install", attack),
        ("check", "ok.jinja", "--target", attack),
        ("check", "ok.jinja", "--select", attack),
        ("check", "ok.jinja", "--baseline", f"no{attack}"),
        ("check", "ok.jinja", "--config", f"no{attack}"),
        ("check", "ok.jinja", "--format", attack),
        ("check", "ok.jinja", "--output", f"no/{attack}"),
        ("compare", "ok.jinja", "--conversations", f"no{attack}"),
        ("card", "ok.jinja", "--name", attack),
        ("diff", f"no{attack}", "ok.jinja"),
        ("render", "ok.jinja", "--conversation", attack),
        ("render", "ok.jinja", "--messages", f"no{attack}"),
        ("render", "ok.jinja", "--var", attack),
        ("render", "ok.jinja", "--clock", attack),
        ("render", "ok.jinja", "--as", attack),
        ("render", "ok.jinja", "--input", f"no{attack}"),
    ]


def test_what_was_typed_is_said_harmlessly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    Path("ok.jinja").write_text("{{ messages[0].content }}")
    for attack in (each for each in ATTACKS if each.strip() and not each.startswith("-")):
        for arguments in _arguments(attack):
            assert run(list(arguments)) in (0, 1, 2), arguments
            words = capsys.readouterr()
            _expect_harmless(words.err, "text")
            _expect_harmless(words.out, "text")


def test_what_a_configuration_says_is_said_harmlessly(tmp_path: Path) -> None:
    (tmp_path / "ok.jinja").write_text("{{ messages[0].content }}")
    for key in ("targets", "select", "tier", "nonsense"):
        for attack in GROUPS[0] + GROUPS[1]:
            (tmp_path / "portable-tpl.toml").write_text(f"{key} = {json.dumps([attack])}\n{json.dumps(attack)} = 1\n")
            break
        _command("check", "ok.jinja", folder=tmp_path)
