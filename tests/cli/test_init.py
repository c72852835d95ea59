"""``portable-tpl init``: files that work, and none that is overwritten."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli


def test_the_files_are_written_and_hold(cli: Cli, folder: Path) -> None:
    result = cli("init", "strip.jinja", "-t", "minijinja-strict")
    assert result.status == 0
    assert [line.split()[-1] for line in result.lines] == [
        "portable-tpl.toml",
        ".pre-commit-config.yaml",
        ".github/workflows/chat-templates.yml",
    ]
    assert "paths: strip.jinja\n" in (folder / ".github/workflows/chat-templates.yml").read_text()
    # The configuration is obeyed: the targets are those that were asked for.
    report = cli("check", "strip.jinja", "--format", "json").json
    assert [target["id"] for target in report["targets"]] == ["minijinja-strict"]


def test_what_exists_stays(cli: Cli, folder: Path) -> None:
    (folder / "portable-tpl.toml").write_text("seed = 3\n")
    result = cli("init")
    assert (folder / "portable-tpl.toml").read_text() == "seed = 3\n"
    assert "portable-tpl.toml exists; it could hold" in result.stderr
    assert 'targets = ["minijinja", "hf-jinja", "llama.cpp"]' in result.out


def test_printing_writes_nothing(cli: Cli, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    assert "# .pre-commit-config.yaml" in cli("init", "--print").out
    assert sorted(folder.rglob("*")) == before


def test_an_unknown_target_is_refused(cli: Cli, folder: Path) -> None:
    result = cli("init", "-t", "nope")
    assert result.status == 2
    assert "unknown target 'nope'" in result.stderr
    assert not (folder / "portable-tpl.toml").exists()
