"""``targets``, ``compat``, ``explain`` and ``corpus``: what is known, shown."""

from __future__ import annotations

import json

import pytest

from portable_tpl.checking.registry import rules
from portable_tpl.support.features import load_features
from portable_tpl.support.table import measured_targets
from portable_tpl.targets.registry import known_targets
from tests.cli.conftest import Cli


def test_targets_are_listed(cli: Cli) -> None:
    rows = {row["id"]: row for row in cli("targets", "list", "--format", "json").json}
    assert {
        "transformers",
        "minijinja",
        "minijinja-strict",
        "hf-jinja",
        "llama.cpp",
        "llama.cpp-engine",
        "minja",
    } <= set(rows)
    assert {"tgi", "mistral.rs", "dynamo", "smg", "vllm", "transformers.js", "lm-studio", "llama-cpp-python"} <= set(
        rows
    )
    assert rows["hf-jinja"]["aliases"] == []
    assert "openvino" in rows["minja"]["aliases"]
    assert rows["minijinja"]["status"] == "installed"
    assert rows["minijinja"]["version"].count(".") == 2
    text = cli("targets")
    assert text.status == 0
    header, *lines = text.out.splitlines()
    assert header.split()[:3] == ["target", "status", "version"]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(rows)
    assert max(map(len, [header, *lines])) <= 80
    assert cli("targets", "list").out == text.out


@pytest.mark.usefixtures("without_hf_jinja")
def test_a_missing_engine_says_how_to_get_it(cli: Cli) -> None:
    (row,) = (row for row in cli("targets", "list", "--format", "json").json if row["id"] == "hf-jinja")
    assert row["status"] == "missing"
    assert row["remedy"] == "portable-tpl targets install hf-jinja"
    asked = cli("targets", "doctor", "hf-jinja")
    assert asked.status == 2
    assert "portable-tpl targets install hf-jinja" in asked.out


def test_the_doctor_renders(cli: Cli) -> None:
    result = cli("targets", "doctor", "minijinja", "transformers", "--format", "json")
    assert result.status == 0
    assert {row["id"]: row["status"] for row in result.json} == {"minijinja": "works", "transformers": "works"}


@pytest.mark.parametrize(
    "arguments", [("doctor", "no-such-engine"), ("install", "no-such-engine"), ("install", "vllm")]
)
def test_targets_that_cannot_be_had(cli: Cli, arguments: tuple[str, ...]) -> None:
    result = cli("targets", *arguments)
    assert result.status == 2
    assert arguments[1] in result.stderr


def test_the_table_of_one_feature(cli: Cli) -> None:
    result = cli("compat", "method.str.strip", "-t", "hf-jinja", "-t", "minijinja-strict", "--format", "json")
    assert result.status == 0
    features = {feature["id"]: feature["targets"] for feature in result.json["features"]}
    answers = features["method.str.strip"]
    assert [each["answer"] for each in answers["hf-jinja"]] == ["yes"]
    assert answers["minijinja-strict"][0]["answer"] == "flag"
    assert all(
        name == "method.str.strip" or name.startswith(("method.str.strip.", "method.str.strip@")) for name in features
    )
    text = cli("compat", "method.str.strip", "-t", "openvino,llama.cpp").out
    assert text.splitlines()[0].split() == ["feature", "minja", "llama.cpp"]


def test_a_table_is_as_wide_as_asked(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (60, 300):
        monkeypatch.setenv("COLUMNS", str(columns))
        for arguments in (("filter.tojson",), ("concat.no-text",), ()):
            lines = cli("compat", *arguments).out.splitlines()
            tables = [line for line in lines if line.startswith(("feature", "family"))]
            assert (len(tables) > 1) is (columns == 60)
            assert all(len(line) <= columns for line in tables)
            shown = [
                name for line in tables for name in line.split() if name not in ("feature", "family", "features")
            ]
            assert shown == list(measured_targets())


def test_a_target_has_a_page(cli: Cli) -> None:
    for adapter in known_targets():
        page = cli("explain", adapter.id).out
        assert all(name in page for name in (f"# {adapter.id}", *adapter.steps, *adapter.aliases))
    assert "left out: " in cli("explain", "tgi").out
    assert cli("explain", "hf-jinja@0.5.6").out.startswith("# hf-jinja@0.5.6\n")


def test_templates_that_nobody_knows_are_status_2(cli: Cli) -> None:
    for action in ("list", "fetch"):
        result = cli("corpus", action, "no-such-template")
        assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
        assert "'no-such-template'" in result.stderr


def test_without_a_feature_the_table_is_summed_up_by_family(cli: Cli) -> None:
    text = cli("compat", "-t", "minijinja,minijinja-strict").out
    assert len(text) < 10_000
    rows = {line.split("  ")[0]: line.split()[-3:] for line in text.splitlines()}
    assert rows["family"] == ["features", "minijinja", "minijinja-strict"]
    assert int(rows["in all"][0]) == len(load_features())
    assert 0 < int(rows["method"][1]) < int(rows["method"][2]) <= int(rows["method"][0])
    assert "--all" in text


def test_the_whole_table_is_printed(cli: Cli) -> None:
    text = cli("compat", "-t", "minijinja", "--all").out.splitlines()
    assert len(text) == 1 + len(load_features())
    old = cli("compat", "method.str.strip", "-t", "hf-jinja@0.5.6")
    assert (old.status, old.out.split()[1]) == (0, "hf-jinja@0.5.6")


def test_a_feature_answers_to_its_name_alone(cli: Cli) -> None:
    features = [each["id"] for each in cli("compat", "tojson", "--format", "json").json["features"]]
    assert {"filter.tojson", "filter.tojson.indent"} <= set(features)
    assert all("tojson" in each.split("@")[0].split(".") for each in features)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("compat", "method.str.stripp"), "did you mean method.str.strip"),
        (("compat", "tojsno"), "did you mean tojson"),
        (("compat", "-t", "no-such-engine"), "no-such-engine"),
        (("explain", "PTL1O1"), "PTL101"),
        (("explain", "pythonmethod"), "python-method"),
        (("explain", "method.str.stripp"), "method.str.strip"),
        (("explain", "qqqqqqqq"), "portable-tpl compat"),
    ],
)
def test_what_is_unknown_is_status_2_with_a_hint(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    result = cli(*arguments)
    assert (result.status, result.stdout, len(result.lines)) == (2, b"", 1)
    assert words in result.stderr


def test_every_rule_has_a_page_by_code_and_by_name(cli: Cli) -> None:
    for code, rule in rules().items():
        page = cli("explain", code)
        assert page.status == 0
        assert page.out.startswith(f"# {code} {rule.name}\n")
        for heading in ("What it does", "Why it breaks", "Example", "Fix safety"):
            assert f"## {heading}" in page.out, code
        assert cli("explain", rule.name).out == page.out
        assert cli("explain", code.lower()).out == page.out


def test_a_feature_has_a_page(cli: Cli) -> None:
    page = cli("explain", "method.str.strip")
    assert page.status == 0
    assert page.out.startswith("# method.str.strip\n")
    assert "x.strip()" in page.out
    assert "| minijinja-strict |" in page.out


def test_the_known_templates_are_listed(cli: Cli) -> None:
    every = cli("corpus", "list", "--format", "json").json
    chosen = cli("corpus", "list", "CHATML", "--format", "json").json
    assert 0 < len(chosen) < len(every)
    assert all("chatml" in json.dumps(entry).lower() for entry in chosen)
    text = cli("corpus", "list", "chatml")
    assert len(text.out.splitlines()) == len(chosen)
    assert text.lines == [f"{len(chosen)} templates"]


def test_an_audit_of_nothing_fetched(cli: Cli) -> None:
    result = cli("corpus", "audit", "nowhere")
    assert (result.status, len(result.lines)) == (2, 1)
    assert "portable-tpl corpus fetch --folder nowhere" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("targets",),
        ("targets", "doctor", "minijinja"),
        ("init",),
        ("render", "strip.jinja", "--conversation", '[{"role": "user", "content": 7}]', "--target", "all"),
    ],
)
def test_what_people_read_fits_80_columns(cli: Cli, arguments: tuple[str, ...]) -> None:
    cli("init")  # so that the second one finds the files
    result = cli(*arguments)
    shown = [*result.out.splitlines(), *result.lines]
    assert shown
    assert [line for line in shown if len(line) > 80] == []


def test_the_page_of_a_check_fits_two_screens(cli: Cli) -> None:
    for code in ("REL101", "REL103", "REL105"):
        assert len(cli("explain", code).out.splitlines()) <= 100, code
