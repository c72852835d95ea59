"""What holds a change back: --fail-on, severities by code, required targets, and reports for machines beside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

ESCAPED = "{{ messages[0].content|tojson }}"  # most hosts of minijinja repair what it escapes
STRICT = ("-t", "minijinja-strict")


def test_fail_on_says_how_bad_it_must_be(cli: Cli, folder: Path) -> None:
    (folder / "e.jinja").write_text(ESCAPED)
    for command in (("check",), ("compare", "--examples", "20"), ("audit", "--examples", "20", "--ignore", "REL")):
        run = (*command, "e.jinja", "-t", "minijinja")
        assert [cli(*run, "--fail-on", each).status for each in ("error", "warning", "note")] == [0, 1, 1], command
        assert cli(*run).status == 0
    assert cli("check", "e.jinja", *STRICT).status == 1  # taken at its word


def test_notes_hold_back_only_where_that_is_asked_for(cli: Cli) -> None:
    result = cli("check", "strip.jinja", "-t", "minijinja", "--format", "json")
    (finding,) = result.json["templates"][0]["findings"]
    assert (finding["code"], finding["severity"], finding["targets"]) == ("PTL101", "note", [])
    assert "`|trim`" in finding["message"]
    assert (result.status, cli("check", "strip.jinja", "-t", "minijinja", "--fail-on", "note").status) == (0, 1)


def test_severities_by_code(cli: Cli, folder: Path) -> None:
    (folder / "portable-tpl.toml").write_text(
        'severity = { PTL1 = "note", PTL101 = "warning" }\nfail-on = "warning"\n'
    )
    result = cli("check", "strip.jinja", *STRICT, "--format", "json")
    assert [each["severity"] for each in result.json["templates"][0]["findings"]] == ["warning"]
    assert result.status == 1
    assert cli("check", "strip.jinja", *STRICT, "--fail-on", "error").status == 0


@pytest.mark.parametrize(
    "text, words",
    [
        ('severity = { PTL999 = "note" }', "PTL999"),
        ('severity = { PTL101 = "bad" }', "must be one of error, warning, note"),
        ("severity = 3", "must be a table"),
        ('fail-on = "never"', "must be one of"),
    ],
)
def test_a_wrong_severity_is_one_line(cli: Cli, folder: Path, text: str, words: str) -> None:
    (folder / "portable-tpl.toml").write_text(text)
    result = cli("check", "strip.jinja", *STRICT)
    assert (result.status, len(result.lines)) == (2, 1)
    assert words in result.stderr


def test_several_reports_of_one_run(cli: Cli, folder: Path) -> None:
    result = cli(
        "check", "strip.jinja", *STRICT, "--report", "json=r.json", "--report", "sarif=r.sarif", "--no-color"
    )
    assert result.out.startswith(" ")
    data, sarif = json.loads((folder / "r.json").read_text()), json.loads((folder / "r.sarif").read_text())
    assert data["templates"][0]["findings"][0]["code"] == "PTL101"
    assert sarif["runs"][0]["results"][0]["ruleId"] == "PTL101"


@pytest.mark.parametrize("given", ["json", "yaml=r.yaml", "json="])
def test_a_report_that_cannot_be(cli: Cli, given: str) -> None:
    result = cli("check", "strip.jinja", "--report", given)
    assert result.status == 2
    assert "expected FORMAT=FILE" in result.stderr


@pytest.mark.usefixtures("without_hf_jinja")
def test_a_skipped_target_is_status_2_where_targets_are_required(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    run = ("compare", "plain.jinja", "--examples", "2", "--format", "json")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CI", raising=False)
    passed = cli(*run)
    assert passed.status in (0, 1)
    skipped = [target["id"] for target in passed.json["targets"] if target["status"] == "skipped"]
    assert "hf-jinja" in skipped
    required = cli(*run, "--require-targets")
    assert required.status == 2
    assert required.json["templates"][0]["verdicts"]["minijinja"] == "portable"
    monkeypatch.setenv("CI", "true")
    held = cli(*run)
    assert (held.status, len(held.json["errors"])) == (2, len(skipped))
    assert cli(*run, "--no-require-targets").status == passed.status
