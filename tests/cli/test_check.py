"""``portable-tpl check``: flags, targets, formats and statuses."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import PLAIN, STRIP, Cli

SCHEMA = json.loads((Path(__file__).parents[1] / "reports" / "schema_v1.json").read_text("utf-8"))
STRICT = ("-t", "minijinja-strict")


def test_findings_are_status_1_and_none_is_0(cli: Cli) -> None:
    found = cli("check", "strip.jinja", *STRICT)
    assert found.status == 1
    assert "PTL101" in found.out
    assert "m.content.strip()" in found.out
    assert "^" in found.out
    assert found.stderr == ""
    clean = cli("check", "plain.jinja", *STRICT)
    assert clean.status == 0
    assert clean.out.splitlines()[1].split() == ["plain.jinja", "✓"]


def test_a_file_without_a_template_is_passed_over_where_that_is_asked_for(cli: Cli, folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 1}')
    (folder / "empty").mkdir()
    paths = ("tokenizer_config.json", "empty", "plain.jinja")
    assert cli("check", *paths, *STRICT).status == 2
    result = cli("check", *paths, *STRICT, "--skip-without-template", "--format", "json")
    assert result.status == 0
    assert [template["path"] for template in result.json["templates"]] == ["plain.jinja"]
    assert [line[:31] for line in result.lines] == [
        "portable-tpl: skipped: tokenize",
        "portable-tpl: skipped: empty: n",
    ]
    assert cli("check", "nowhere.json", *STRICT, "--skip-without-template").status == 2
    assert cli("check", "unclosed.jinja", *STRICT, "--skip-without-template").status == 2
    alone = cli("check", "tokenizer_config.json", *STRICT, "--skip-without-template")
    assert (alone.status, alone.out) == (0, "0 templates: no findings\n")


def test_a_template_within_a_file_is_reported_with_its_line_there(cli: Cli, folder: Path) -> None:
    config = {"model_max_length": 1, "chat_template": [{"name": "default", "template": PLAIN + "\n" + STRIP}]}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))
    text = cli("check", "tokenizer_config.json", *STRICT).out
    assert "lines count in the template, a value on line 6 of tokenizer_config.json" in text.splitlines()
    for path in ("tokenizer_config.json", "."):
        for each in ("strip.jinja", "plain.jinja", "unclosed.jinja"):
            (folder / each).unlink(missing_ok=True)
        report = cli("check", path, *STRICT, "--format", "json").json
        jsonschema.Draft202012Validator(SCHEMA).validate(report)
        [template] = report["templates"]
        assert template["container"]["line"] == 6
        assert template["container"]["path"].endswith("tokenizer_config.json")
        assert template["findings"][0]["location"]["line"] == 3
    [run] = cli("check", "tokenizer_config.json", *STRICT, "--format", "sarif").json["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 6}
    assert ",line=6," in cli("check", "tokenizer_config.json", *STRICT, "--format", "github").out
    (folder / "own.jinja").write_text(STRIP)
    assert "container" not in cli("check", "own.jinja", *STRICT, "--format", "json").json["templates"][0]


def test_a_deployment_of_the_references_engine_breaks_nothing(cli: Cli) -> None:
    result = cli("check", "strip.jinja", "-t", "vllm", "--format", "json")
    assert result.status == 0
    [target] = result.json["targets"]
    assert (target["engine"], target["status"]) == ("transformers", "static")
    assert "reference" in target["reason"]
    assert result.json["templates"][0]["verdicts"] == {"vllm": "portable"}


def test_json_has_the_shape_of_the_contract(cli: Cli) -> None:
    result = cli("check", "strip.jinja", "plain.jinja", *STRICT, "--format", "json")
    assert result.status == 1
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    data = result.json
    assert (data["version"], data["command"], data["tier"], data["seed"]) == (1, "check", "everyday", 0)
    assert [target["status"] for target in data["targets"]] == ["static"]
    strip, plain = data["templates"]
    assert strip["verdicts"] == {"minijinja-strict": "fails"}
    assert plain["verdicts"] == {"minijinja-strict": "portable"}
    (finding,) = strip["findings"]
    where = finding["location"]
    assert STRIP[where["start"] : where["end"]] == "m.content.strip()"
    assert (where["line"], where["column"]) == (1, where["start"] + 1)
    assert (finding["code"], finding["rule"], finding["feature"]) == ("PTL101", "python-method", "method.str.strip")
    assert finding["fix"]["safety"] == "safe"
    assert strip["comparison"] is None


def test_default_targets_are_those_of_the_contract(cli: Cli) -> None:
    data = cli("check", "plain.jinja", "--format", "json").json
    assert [target["id"] for target in data["targets"]] == ["minijinja", "hf-jinja", "llama.cpp"]
    assert set(data["templates"][0]["verdicts"]) == {"minijinja", "hf-jinja", "llama.cpp"}


@pytest.mark.parametrize(
    "asked, ids",
    [
        (("openvino",), ["minja"]),
        (("openvino", "minja"), ["minja"]),
        (("transformers.js", "hf-jinja"), ["transformers.js", "hf-jinja"]),
        (("minijinja,minijinja-strict",), ["minijinja", "minijinja-strict"]),
        (("hf-jinja@0.5.6", "hf-jinja"), ["hf-jinja@0.5.6", "hf-jinja"]),
        (("transformers", "minijinja"), ["minijinja"]),
    ],
)
def test_aliases_versions_and_lists_of_targets(cli: Cli, asked: tuple[str, ...], ids: list[str]) -> None:
    flags = [flag for name in asked for flag in ("--target", name)]
    data = cli("check", "plain.jinja", *flags, "--format", "json").json
    assert [target["id"] for target in data["targets"]] == ids
    assert list(data["templates"][0]["verdicts"]) == ids


def test_a_version_is_answered_from_its_own_measurements(cli: Cli) -> None:
    data = cli("check", "plain.jinja", "-t", "hf-jinja@0.5.6", "-t", "hf-jinja", "--format", "json").json
    old, new = (target["version"] for target in data["targets"])
    assert old == "0.5.6" != new


def test_a_version_before_all_measurements_is_refused(cli: Cli) -> None:
    result = cli("check", "plain.jinja", "-t", "hf-jinja@0.0.1")
    assert result.status == 2
    assert len(result.lines) == 1
    assert "hf-jinja@0.0.1: no " in result.stderr


@pytest.mark.parametrize("subject", ["PTL101", "ptl101", "PTL1", "python-method", "PTL999,PTL101", "PTL1,PTL2"])
def test_rules_are_ignored_by_code_prefix_and_name(cli: Cli, subject: str) -> None:
    result = cli("check", "strip.jinja", *STRICT, "--ignore", subject)
    if "999" in subject:
        assert (result.status, len(result.lines)) == (2, 1)
        assert "PTL999" in result.stderr
    else:
        assert result.status == 0


@pytest.mark.parametrize("subject, status", [("PTL101", 1), ("PTL1", 1), ("python-method", 1), ("PTL2", 0)])
def test_rules_are_selected_by_code_prefix_and_name(cli: Cli, subject: str, status: int) -> None:
    assert cli("check", "strip.jinja", *STRICT, "--select", subject).status == status


def test_an_unknown_rule_is_an_error_with_a_suggestion(cli: Cli) -> None:
    result = cli("check", "strip.jinja", *STRICT, "--select", "pythn-method")
    assert (result.status, len(result.lines)) == (2, 1)
    assert "python-method" in result.stderr


def test_every_format_tells_of_the_finding(cli: Cli) -> None:
    outputs = {}
    for form in ("text", "json", "sarif", "junit", "github", "markdown", "html"):
        result = cli("check", "strip.jinja", *STRICT, "--format", form)
        assert result.status == 1
        assert "PTL101" in result.out
        outputs[form] = result.out
    assert len(set(outputs.values())) == 7
    sarif = json.loads(outputs["sarif"])
    assert sarif["version"] == "2.1.0"
    (rule,) = sarif["runs"][0]["tool"]["driver"]["rules"]
    assert rule["id"] == "PTL101"
    assert "What it does" in json.dumps(rule["help"])
    assert ET.fromstring(outputs["junit"]).tag == "testsuites"
    assert outputs["github"].startswith("::error file=strip.jinja,line=1")
    assert outputs["html"].lstrip().lower().startswith("<!doctype html")


def test_output_goes_to_a_file_that_is_replaced_whole(cli: Cli, folder: Path) -> None:
    target = folder / "report.json"
    target.write_text("old")
    result = cli("check", "strip.jinja", *STRICT, "--format", "json", "--output", target)
    assert (result.status, result.stdout) == (1, b"")
    assert json.loads(target.read_text())["templates"][0]["path"] == "strip.jinja"
    assert sorted(path.name for path in folder.iterdir() if "report" in path.name) == ["report.json"]


@pytest.mark.parametrize("place", ["no/such/folder/x.txt", "."])
def test_output_that_cannot_be_written_is_status_2(cli: Cli, place: str) -> None:
    result = cli("check", "strip.jinja", *STRICT, "--output", place)
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)


def test_quiet_color_and_statistics(cli: Cli) -> None:
    plain = cli("check", "strip.jinja", *STRICT, "--no-color").out
    assert "\x1b" not in plain
    assert "1 template: 1 finding" in plain
    coloured = cli("check", "strip.jinja", *STRICT, "--color").out
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain != coloured
    quiet = cli("check", "strip.jinja", "plain.jinja", *STRICT, "--quiet").out
    assert quiet.count("\n") == 1
    assert quiet.startswith("strip.jinja:1:")
    counted = cli("check", "strip.jinja", *STRICT, "--statistics").out
    assert re.search(r"1 +PTL101 +python-method", counted)
    assert "m.content" not in counted


def test_exit_zero_forgives_findings_and_no_errors(cli: Cli) -> None:
    assert cli("check", "strip.jinja", *STRICT, "--exit-zero").status == 0
    assert cli("check", "strip.jinja", "nowhere.jinja", *STRICT, "--exit-zero").status == 2


def test_a_stranger_tier_finds_more(cli: Cli) -> None:
    everyday = cli("check", "plain.jinja", "-t", "minijinja", "--format", "json")
    stranger = ("check", "plain.jinja", "-t", "minijinja", "--tier", "hostile", "--format", "json")
    hostile = cli(*stranger, "--fail-on", "warning")
    assert (everyday.status, hostile.status, cli(*stranger).status) == (0, 1, 0)
    assert hostile.json["tier"] == "hostile"
    assert {finding["tier"] for finding in hostile.json["templates"][0]["findings"]} <= {"extended", "hostile"}


def test_standard_input(cli: Cli) -> None:
    result = cli("check", "-", *STRICT, "--format", "json", stdin=STRIP.encode())
    assert result.status == 1
    assert result.json["templates"][0]["path"] == "-"
    config = json.dumps({"chat_template": STRIP, "bos_token": "<s>"}).encode()
    assert cli("check", "-", *STRICT, stdin=config).status == 1
    empty = cli("check", "-", *STRICT)
    assert (empty.status, len(empty.lines)) == (2, 1)


def test_one_bad_path_among_several(cli: Cli) -> None:
    paths = ["nowhere.jinja", "strip.jinja", "unclosed.jinja"]
    data = cli("check", *paths, *STRICT, "--format", "json")
    assert data.status == 2
    jsonschema.Draft202012Validator(SCHEMA).validate(data.json)
    assert data.json["errors"] == ["nowhere.jinja: no such file or folder"]
    strip, unclosed = data.json["templates"]
    assert strip["findings"]
    assert unclosed["verdicts"] == {"minijinja-strict": "unknown"}
    assert unclosed["error"].startswith("unclosed.jinja:1: the template does not parse")
    assert len(data.lines) == 2
    text = cli("check", *paths, *STRICT)
    assert text.status == 2
    assert text.stderr == ""
    for words in ("error: nowhere.jinja: no such file", "error: unclosed.jinja:1: the template", "error PTL101"):
        assert sum(line.startswith(words) for line in text.out.splitlines()) == 1


def test_a_folder_and_its_containers(cli: Cli, folder: Path) -> None:
    model = folder / "all" / "model"
    model.mkdir(parents=True)
    named = [{"name": "default", "template": PLAIN}, {"name": "tool_use", "template": STRIP}]
    (model / "tokenizer_config.json").write_text(json.dumps({"chat_template": named}))
    (folder / "all" / "one.jinja").write_text(PLAIN)
    data = cli("check", "all", *STRICT, "--format", "json").json
    assert [(template["path"], template["name"]) for template in data["templates"]] == [
        ("all/model/tokenizer_config.json", "default"),
        ("all/model/tokenizer_config.json", "tool_use"),
        ("all/one.jinja", "default"),
    ]
    assert [len(template["findings"]) for template in data["templates"]] == [0, 1, 0]


def test_configuration(cli: Cli, folder: Path) -> None:
    (folder / "portable-tpl.toml").write_text(
        'targets = ["minijinja-strict"]\n[per-file-ignores]\n"p*.jinja" = ["PTL1"]\n'
    )
    (folder / "p.jinja").write_text(STRIP)
    result = cli("check", "strip.jinja", "p.jinja", "--format", "json")
    assert [target["id"] for target in result.json["targets"]] == ["minijinja-strict"]
    assert [len(template["findings"]) for template in result.json["templates"]] == [1, 0]
    asked = cli("check", "strip.jinja", "-t", "minijinja", "--format", "json")
    assert [target["id"] for target in asked.json["targets"]] == ["minijinja"]
    other = folder / "other.toml"
    other.write_text('ignore = ["PTL101"]\n')
    assert cli("check", "strip.jinja", *STRICT, "--config", other).status == 0


@pytest.mark.parametrize(
    "text, words",
    [
        ("targetz = []", "targets"),
        ("examples = 'many'", "examples"),
        ("targets = [", "not valid TOML"),
        (None, "x.toml"),
    ],
)
def test_a_wrong_configuration_is_status_2(cli: Cli, folder: Path, text: str | None, words: str) -> None:
    if text is not None:
        (folder / "x.toml").write_text(text)
    result = cli("check", "strip.jinja", "--config", "x.toml")
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
    assert words in result.stderr


def test_a_baseline_sets_aside_what_is_known_and_nothing_new(cli: Cli, folder: Path) -> None:
    written = cli("check", "strip.jinja", *STRICT, "--write-baseline", "known.json")
    assert written.status == 0
    again = cli("check", "strip.jinja", *STRICT, "--baseline", "known.json", "--format", "json")
    assert again.status == 0
    assert [finding["suppressed"] for finding in again.json["templates"][0]["findings"]] == [True]
    (folder / "strip.jinja").write_text(STRIP + "{{ bos_token.upper() }}")
    assert cli("check", "strip.jinja", *STRICT, "--baseline", "known.json").status == 1
    assert cli("check", "strip.jinja", *STRICT, "--baseline", "plain.jinja").status == 2
    assert cli("check", "strip.jinja", *STRICT, "--baseline", "nowhere.json").status == 2


def test_an_ignore_in_the_template_is_heard(cli: Cli, folder: Path) -> None:
    (folder / "i.jinja").write_text("{#- portable-tpl: ignore[PTL101] known -#}\n" + STRIP)
    result = cli("check", "i.jinja", *STRICT, "--format", "json")
    assert result.status == 0
    assert [finding["suppressed"] for finding in result.json["templates"][0]["findings"]] == [True]
    (folder / "i.jinja").write_text("{#- portable-tpl: ignore[PTL101] known -#}\n" + PLAIN)
    assert cli("check", "i.jinja", *STRICT).status == 0
    assert cli("check", "i.jinja", *STRICT, "--fail-on", "warning").status == 1


def test_a_filter_that_exists_nowhere_is_a_finding(cli: Cli, folder: Path) -> None:
    (folder / "n.jinja").write_text("{% for m in messages %}{{ m.content|fromjson }}{% endfor %}")
    for command in ("check", "fix", "audit"):
        result = cli(command, "n.jinja", "-t", "minijinja", "--format", "json")
        template = json.loads(result.stdout)["templates"][0]
        assert result.status == 1, command
        assert [finding["code"] for finding in template["findings"]] == ["REL116"], command
        assert template["verdicts"] == {"minijinja": "unknown"}, command
    (folder / "portable-tpl.toml").write_text('provided = ["fromjson"]\n')
    assert cli("check", "n.jinja", "-t", "minijinja").status == 0
