"""``portable-tpl compare`` and ``audit``: real engines, the same bytes for the same seed, and what is not installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from portable_tpl.model.conversation import parse_conversation
from tests.cli.conftest import Cli

SCHEMA = json.loads((Path(__file__).parents[1] / "reports" / "schema_v1.json").read_text("utf-8"))
STRICT = ("-t", "minijinja-strict")
# minijinja escapes <, >, & and ' in JSON.
JSON = "{% for m in messages %}{{ m.role }} {{ m.content | tojson }}{% endfor %}"


def target(data: Any, name: str, template: int = 0) -> Any:
    return data["templates"][template]["comparison"]["targets"][name]


def test_json_has_the_shape_of_the_contract(cli: Cli) -> None:
    result = cli("compare", "strip.jinja", *STRICT, "-t", "minijinja", "--examples", "12", "--format", "json")
    assert result.status == 1
    data = result.json
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert (data["command"], data["seed"], data["tier"]) == ("compare", 0, "everyday")
    assert [each["status"] for each in data["targets"]] == ["run", "run"]
    (template,) = data["templates"]
    assert template["verdicts"] == {"minijinja-strict": "fails", "minijinja": "portable"}
    assert template["findings"] == []
    assert template["comparison"]["cases"] == 12
    assert template["comparison"]["cut"] is False
    assert target(data, "minijinja") == {"cases": 12, "identical": 12, "mismatches": []}
    strict = target(data, "minijinja-strict")
    (mismatch,) = strict["mismatches"]
    assert strict["identical"] + mismatch["cases"] == strict["cases"] == 12
    assert (mismatch["kind"], mismatch["origin"], mismatch["tier"]) == ("target-error", "template", "ordinary")
    assert (mismatch["cause"], mismatch["code"], mismatch["line"]) == ("method.str.strip", "PTL101", 1)
    assert "strip" in mismatch["target"]["error"]
    assert "text" in mismatch["reference"]
    parse_conversation(mismatch["conversation"])


def test_the_command_of_a_mismatch_reproduces_it(cli: Cli, folder: Path) -> None:
    import shlex

    (folder / "json.jinja").write_text(JSON)
    data = cli("compare", "json.jinja", "-t", "minijinja", "--examples", "20", "--format", "json").json
    mismatches = target(data, "minijinja")["mismatches"]
    assert mismatches
    for mismatch in mismatches:
        assert mismatch["kind"] == "output"
        command = shlex.split(mismatch["reproduce"])
        assert command[:2] == ["portable-tpl", "render"]
        assert cli(*command[1:]).out == mismatch["target"]["text"]
        at = command.index("--target")
        reference = cli(*command[1:at], *command[at + 2 :])
        assert reference.out == mismatch["reference"]["text"] != mismatch["target"]["text"]


def test_equal_seeds_give_equal_bytes(cli: Cli, folder: Path) -> None:
    (folder / "json.jinja").write_text(JSON)
    run = ("compare", "json.jinja", "strip.jinja", *STRICT, "--examples", "12", "--format", "json", "--seed")
    first = cli(*run, "7", "--jobs", "1")
    assert first.json["seed"] == 7
    assert cli(*run, "7", "--jobs", "2").stdout == first.stdout


def test_own_conversations_come_first_and_all(cli: Cli, folder: Path) -> None:
    (folder / "word.jinja").write_text(
        "{% for m in messages %}{% if m.content == 'xyzzy' %}{{ m.content.strip() }}{% endif %}{% endfor %}-"
    )
    word = {"messages": [{"role": "user", "content": "xyzzy"}]}
    other = {"messages": [{"role": "user", "content": "plugh"}]}
    (folder / "own.jsonl").write_text(f"{json.dumps(other)}\n{json.dumps(word)}\n")
    run = ("compare", "word.jinja", *STRICT, "--examples", "1", "--format", "json")
    data = cli(*run, "--conversations", "own.jsonl").json
    assert target(data, "minijinja-strict")["cases"] == 2
    (mismatch,) = target(data, "minijinja-strict")["mismatches"]
    assert mismatch["conversation"] == word
    piped = cli(*run, "--conversations", "-", stdin=json.dumps(word).encode())
    assert [each["conversation"] for each in target(piped.json, "minijinja-strict")["mismatches"]] == [word]


def test_audit_has_findings_mismatches_and_one_verdict(cli: Cli) -> None:
    result = cli("audit", "strip.jinja", "plain.jinja", *STRICT, "--examples", "5", "--format", "json", "-j", "1")
    assert result.status == 1
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    strip, plain = result.json["templates"]
    (finding,) = [each for each in strip["findings"] if each["code"].startswith("PTL")]
    assert (finding["code"], finding["evidence"], finding["severity"]) == ("PTL101", "proved", "error")
    assert finding["affected"] == {"cases": 5, "affected": 5}
    assert finding["witness"]["reproduce"] == [
        strip["comparison"]["targets"]["minijinja-strict"]["mismatches"][0]["reproduce"]
    ]
    assert strip["comparison"]["targets"]["minijinja-strict"]["mismatches"]
    assert (strip["verdicts"], plain["verdicts"]) == ({"minijinja-strict": "fails"}, {"minijinja-strict": "portable"})
    clean = cli("audit", "plain.jinja", *STRICT, "--examples", "5", "--ignore", "REL")
    assert clean.status == 0
    assert clean.out.splitlines()[1].split() == ["plain.jinja", "✓"]


def test_one_bad_path_among_several(cli: Cli) -> None:
    paths = ("nowhere.jinja", "unclosed.jinja", "plain.jinja")
    result = cli("compare", *paths, *STRICT, "--examples", "3", "--format", "json", "-j", "1")
    assert result.status == 2
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    assert result.json["errors"] == ["nowhere.jinja: no such file or folder"]
    assert [template["verdicts"]["minijinja-strict"] for template in result.json["templates"]] == [
        "unknown",
        "portable",
    ]
    assert len(result.lines) == 2


@pytest.mark.usefixtures("without_hf_jinja")
def test_a_default_target_that_is_not_installed_is_skipped(cli: Cli) -> None:
    result = cli("compare", "plain.jinja", "--examples", "2", "--format", "json")
    assert result.status == 0
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    by_id = {each["id"]: each for each in result.json["targets"]}
    assert list(by_id) == ["minijinja", "hf-jinja", "llama.cpp"]
    assert by_id["minijinja"]["status"] == "run"
    assert by_id["hf-jinja"]["status"] == "skipped"
    assert "portable-tpl targets install hf-jinja" in by_id["hf-jinja"]["reason"]
    (template,) = result.json["templates"]
    assert (template["verdicts"]["minijinja"], template["verdicts"]["hf-jinja"]) == ("portable", "unknown")
    assert "hf-jinja" not in template["comparison"]["targets"]
    assert "hf-jinja: skipped" in result.stderr


@pytest.mark.usefixtures("without_hf_jinja")
@pytest.mark.parametrize("command", ["compare", "audit", "render"])
def test_one_that_was_asked_for_is_an_error(cli: Cli, command: str) -> None:
    more = ["--messages", "messages.json"] if command == "render" else ["--examples", "2"]
    result = cli(command, "plain.jinja", "-t", "minijinja", "-t", "transformers.js", *more)
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
    assert "hf-jinja" in result.stderr
    assert "targets install" in result.stderr


def test_a_baseline_of_mismatches(cli: Cli) -> None:
    run = ("compare", "strip.jinja", *STRICT, "--examples", "4", "--format", "json")
    assert cli(*run, "--write-baseline", "known.json").status == 0
    again = cli(*run, "--baseline", "known.json")
    assert again.status == 0
    assert [each["decides"] for each in target(again.json, "minijinja-strict")["mismatches"]] == [False]
    assert cli(*run).status == 1
    assert cli(*run, "--exit-zero").status == 0


def test_a_run_goes_on_where_it_stopped(cli: Cli, folder: Path) -> None:
    run = ("compare", *STRICT, "--examples", "6", "--format", "json", "-j", "1", "--resume", "done.jsonl")
    cli(*run, "strip.jinja")
    journal = folder / "done.jsonl"
    first = journal.read_text()
    assert first.count("\n") == 1
    journal.write_text(first + '{"key": "torn')
    both = cli(*run, "strip.jinja", "plain.jinja")
    assert both.status == 1
    assert journal.read_text().startswith(first)
    fresh = cli(*run[:-2], "strip.jinja", "plain.jinja")
    assert both.stdout == fresh.stdout


def test_a_time_limit_says_what_it_cut(cli: Cli) -> None:
    result = cli("compare", "strip.jinja", *STRICT, "--max-time", "0.000001", "--resume", "j.jsonl")
    assert result.status == 2
    assert "nothing could be compared in the 1e-06 s" in result.stderr
    whole = cli("compare", "strip.jinja", *STRICT, "--max-time", "600", "--resume", "j.jsonl", "--format", "json")
    assert whole.json["templates"][0]["comparison"]["cut"] is False


def test_coverage_can_be_demanded(cli: Cli, folder: Path) -> None:
    (folder / "never.jinja").write_text(
        "{% if messages[0].content == 'a' ~ 'b' ~ messages[0].role ~ 'c' ~ x %}1{% endif %}2"
    )
    (folder / "portable-tpl.toml").write_text("min-branch-coverage = 1.0\nexamples = 3\n")
    result = cli("compare", "never.jinja", *STRICT, "--format", "json")
    coverage = result.json["templates"][0]["comparison"]["coverage"]
    if coverage["reached"] < coverage["branches"]:
        assert result.status == 1
        assert "below min-branch-coverage" in result.stderr
    else:
        assert result.status == 0
    assert cli("compare", "plain.jinja", *STRICT, "--format", "json").json["templates"][0]["comparison"]["cases"] == 3
