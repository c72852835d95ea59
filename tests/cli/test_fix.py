"""``portable-tpl fix``: what is written, what is shown, and what is left."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import PLAIN, STRIP, UNCLOSED, Cli

SCHEMA = json.loads((Path(__file__).parents[1] / "reports" / "schema_v1.json").read_text("utf-8"))
STRICT = ("-t", "minijinja-strict")
FIXED = STRIP.replace(".strip()", "|trim")
# The second construct has no filter that does the same, and stays.
HALF = STRIP + "{{ bos_token.swapcase() }}"


def test_a_file_is_fixed_in_place(cli: Cli, folder: Path) -> None:
    result = cli("fix", "strip.jinja", *STRICT, "--format", "json")
    assert result.status == 0
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    assert result.json["command"] == "fix"
    assert result.json["templates"][0]["findings"] == []
    assert result.json["templates"][0]["verdicts"] == {"minijinja-strict": "portable"}
    assert (folder / "strip.jinja").read_text() == FIXED
    assert cli("check", "strip.jinja", *STRICT).status == 0


def test_what_needs_no_fix_is_not_touched(cli: Cli, folder: Path) -> None:
    path = folder / "plain.jinja"
    os.utime(path, (1, 1))
    inode = path.stat().st_ino
    assert cli("fix", "plain.jinja", *STRICT).status == 0
    assert (path.stat().st_mtime, path.stat().st_ino) == (1, inode)


def test_findings_that_are_left_are_status_1(cli: Cli, folder: Path) -> None:
    (folder / "half.jinja").write_text(HALF)
    result = cli("fix", "half.jinja", *STRICT, "--format", "json")
    assert result.status == 1
    (finding,) = result.json["templates"][0]["findings"]
    text = (folder / "half.jinja").read_text()
    assert text == FIXED + "{{ bos_token.swapcase() }}"
    assert text[finding["location"]["start"] : finding["location"]["end"]] == "bos_token.swapcase()"
    assert cli("fix", "half.jinja", *STRICT, "--exit-zero").status == 0


def test_a_diff_is_shown_and_nothing_written(cli: Cli, folder: Path) -> None:
    result = cli("fix", "strip.jinja", *STRICT, "--diff")
    assert result.status == 1
    assert (folder / "strip.jinja").read_text() == STRIP
    assert result.out.startswith("--- a/strip.jinja\n+++ b/strip.jinja\n@@ ")
    assert "1 fix would be applied" in result.stderr
    done = subprocess.run(["patch", "-p1"], input=result.stdout, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "strip.jinja").read_text() == FIXED
    again = cli("fix", "strip.jinja", *STRICT, "--diff")
    assert (again.status, again.out) == (0, "")


def test_a_diff_to_a_file(cli: Cli, folder: Path) -> None:
    result = cli("fix", "strip.jinja", *STRICT, "--diff", "--output", "x.patch")
    assert (result.status, result.stdout) == (1, b"")
    assert (folder / "x.patch").read_text().startswith("--- a/strip.jinja")


def test_standard_input_comes_out_fixed(cli: Cli) -> None:
    result = cli("fix", "-", *STRICT, stdin=STRIP.encode())
    assert (result.status, result.out) == (0, FIXED)
    assert ["-", "✓"] in [line.split() for line in result.stderr.splitlines()]
    same = cli("fix", "-", *STRICT, "--quiet", stdin=PLAIN.encode())
    assert (same.status, same.out, same.stderr) == (0, PLAIN, "")
    broken = cli("fix", "-", *STRICT, stdin=UNCLOSED.encode())
    assert (broken.status, broken.stdout, len(broken.lines)) == (2, b"", 1)


def test_the_fixed_file_goes_elsewhere(cli: Cli, folder: Path) -> None:
    config = json.dumps({"bos_token": "<s>", "chat_template": STRIP, "é": [1.50, {}]}, indent=3)
    (folder / "tokenizer_config.json").write_text(config)
    assert cli("fix", "tokenizer_config.json", *STRICT, "--output", "new.json").status == 0
    assert (folder / "tokenizer_config.json").read_text() == config
    assert (folder / "new.json").read_text() == config.replace(".strip()", "|trim")
    unchanged = cli("fix", "plain.jinja", *STRICT, "--output", "same.jinja")
    assert unchanged.status == 0
    assert (folder / "same.jinja").read_text() == PLAIN
    two = cli("fix", "plain.jinja", "strip.jinja", *STRICT, "--output", "x.jinja")
    assert (two.status, len(two.lines)) == (2, 1)
    assert not (folder / "x.jinja").exists()
    nowhere = cli("fix", "strip.jinja", *STRICT, "--output", "no/such/folder.jinja")
    assert nowhere.status == 2
    assert (folder / "strip.jinja").read_text() == STRIP


def test_several_files_one_of_them_bad(cli: Cli, folder: Path) -> None:
    (folder / "crlf.jinja").write_bytes(STRIP.replace("\n", "\r\n").encode())
    result = cli("fix", "nowhere.jinja", "strip.jinja", "unclosed.jinja", "crlf.jinja", *STRICT, "--format", "json")
    assert result.status == 2
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    assert result.json["errors"] == ["nowhere.jinja: no such file or folder"]
    assert [("error" in template) for template in result.json["templates"]] == [False, True, False]
    assert (folder / "strip.jinja").read_text() == FIXED
    assert (folder / "unclosed.jinja").read_text() == UNCLOSED
    assert b"|trim" in (folder / "crlf.jinja").read_bytes()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_cannot_be_written_is_an_error(cli: Cli, folder: Path) -> None:
    (folder / "strip.jinja").chmod(0o444)
    result = cli("fix", "strip.jinja", *STRICT)
    assert result.status == 2
    assert "read-only" in result.stderr + result.out
    assert (folder / "strip.jinja").read_text() == STRIP


def test_selection_and_configuration_are_heard(cli: Cli, folder: Path) -> None:
    assert cli("fix", "strip.jinja", *STRICT, "--ignore", "PTL101").status == 0
    assert cli("fix", "strip.jinja", *STRICT, "--select", "PTL2").status == 0
    (folder / "portable-tpl.toml").write_text('ignore = ["PTL1"]\n')
    assert cli("fix", "strip.jinja", *STRICT).status == 0
    assert (folder / "strip.jinja").read_text() == STRIP


def test_unsafe_fixes_only_where_asked_for(cli: Cli, folder: Path) -> None:
    text = "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}"
    (folder / "tools.jinja").write_text(text)
    run = ("fix", "tools.jinja", "-t", "minijinja", "-t", "hf-jinja")
    careful = cli(*run)
    assert careful.status == 1
    assert "tojson" not in (folder / "tools.jinja").read_text()
    assert "--unsafe-fixes" in careful.stderr
    cli(*run, "--unsafe-fixes")
    assert "tojson" in (folder / "tools.jinja").read_text()


def test_a_level_says_what_is_repaired(cli: Cli, folder: Path) -> None:
    text = "{% for m in messages %}{{ m|tojson }}{% endfor %}"
    (folder / "json.jinja").write_text(text)
    run = ("fix", "json.jinja", "-t", "minijinja")
    careful = cli(*run, "--format", "json")
    assert careful.status == 0
    assert careful.json["templates"][0]["findings"] == []
    assert (folder / "json.jinja").read_text() == text
    said = cli(*run)
    assert "1 warning left alone (--level warning)" in said.stderr
    # The same sign as `check`, which counts that warning.
    signs = [cli("check", "json.jinja", "-t", "minijinja").out.splitlines()[1], said.out.splitlines()[1]]
    assert signs[0] == signs[1]
    assert cli(*run, "--level", "warning").status == 0
    assert "|replace(" in (folder / "json.jinja").read_text()


def test_what_is_left_is_said_once_with_its_reason(cli: Cli, folder: Path) -> None:
    (folder / "two.jinja").write_text(
        "{% for m in messages %}{{ m.role.strip('ab') }}\n{{ m.role.strip('ab') }}{% endfor %}"
    )
    result = cli("fix", "two.jinja", *STRICT, "-t", "hf-jinja")
    assert result.status == 1
    assert "two.jinja: 0 fixes applied, 4 left" in result.stderr
    assert "lines 1, 2: no fix is good for all targets (`-t minijinja-strict` has one)" in result.stderr


def test_check_shows_as_a_fix_what_fix_applies(cli: Cli, folder: Path) -> None:
    (folder / "both.jinja").write_text(
        "{% for m in messages %}{{ m.role.strip() }}{{ m.content.swapcase() }}{% endfor %}"
    )
    findings = cli("check", "both.jinja", *STRICT, "--format", "json").json["templates"][0]["findings"]
    shown = [each for each in findings if each["fix"] is not None and each["fix"]["safety"] == "safe"]
    result = cli("fix", "both.jinja", *STRICT)
    assert f"{len(shown)} fix applied, {len(findings) - len(shown)} left" in result.stderr
