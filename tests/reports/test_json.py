"""The JSON format, version 1: its schema, its order, and bytes that any reader takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from portable_tpl.model.conversation import Conversation, parse_conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.report import Report
from portable_tpl.reports import json as json_format

from . import hostile, samples

SCHEMA = json.loads(Path(__file__).with_name("schema_v1.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def rendered(report: Report) -> Any:
    text = json_format.render(report)
    return json.loads(text.encode("utf-8"), parse_constant=lambda name: pytest.fail(f"not JSON: {name}"))


def keys(value: Any) -> list[str]:
    return list(value)


def test_the_sample_is_valid_and_holds_one_of_everything() -> None:
    data = rendered(samples.sample())
    VALIDATOR.validate(data)
    assert [template["path"] for template in data["templates"]] == [
        "chat_template.jinja",
        "tokenizer_config.json",
        "clean.jinja",
        "broken.jinja",
    ]
    assert data["errors"] == ["missing.jinja: no such file"]


def test_the_keys_stand_in_the_order_of_the_contract() -> None:
    data = rendered(samples.sample())
    assert keys(data) == [
        *("version", "command", "tier", "tool", "seed", "targets", "templates", "containers", "summary", "errors"),
    ]
    template = data["templates"][0]
    assert keys(template) == ["path", "name", "sha256", "verdicts", "findings", "comparison"]
    assert keys(data["templates"][3]) == [*keys(template), "error"]
    finding = template["findings"][0]
    assert keys(finding) == [
        *("code", "rule", "severity", "tier", "message", "feature", "targets", "location", "fix", "suppressed"),
        *("evidence", "affected", "witness", "related"),
    ]
    assert keys(finding["location"]) == ["line", "column", "end_line", "end_column", "start", "end"]
    assert keys(finding["fix"]) == ["title", "safety", "edits", "price"]
    mismatch = template["comparison"]["targets"]["minijinja-strict"]["mismatches"][0]
    assert keys(mismatch) == [
        *("signature", "kind", "origin", "tier", "cause", "code", "line", "start", "end", "cases"),
        *("conversation", "reference", "target", "reproduce", "decides", "severity"),
    ]


def test_a_rendering_says_text_or_error() -> None:
    assert json_format.rendering_data(Rendered("a")) == {"text": "a"}
    assert json_format.rendering_data(Refused("no")) == {"error": "no", "refused": True}
    assert json_format.rendering_data(Failed("crash", "gone")) == {"error": "gone", "kind": "crash", "line": None}


def test_the_summary_counts_what_is_not_suppressed() -> None:
    assert rendered(samples.sample())["summary"] == {
        "templates": 4,
        "findings": {"error": 2, "warning": 2, "note": 0},
        "verdicts": {
            "minijinja-strict": {"portable": 1, "differs": 2, "fails": 0, "unknown": 1},
            "hf-jinja": {"portable": 1, "differs": 0, "fails": 2, "unknown": 1},
            "llama.cpp": {"portable": 0, "differs": 0, "fails": 0, "unknown": 2},
        },
        "suppressed": 2,
        "mismatches": 4,
        "beside": 2,
        "failed": 1,
    }


def test_one_report_gives_the_same_bytes_twice() -> None:
    assert json_format.render(samples.sample()) == json_format.render(samples.sample())


def test_what_json_cannot_say_is_still_json() -> None:
    conversation = Conversation(
        [{"role": "user", "content": [float("inf"), -float("inf"), float("nan"), "\ud800é\x9b"]}]
    )
    report = samples.only(samples.with_mismatch(samples.mismatch(conversation=conversation)))
    text = json_format.render(report)
    assert "1e999" in text
    assert "-1e999" in text
    assert "\\ud800é\\u009b" in text
    data = rendered(report)
    mismatch = data["templates"][0]["comparison"]["targets"]["minijinja-strict"]["mismatches"][0]
    assert mismatch["conversation"]["messages"][0]["content"] == [float("inf"), -float("inf"), None, "\ud800é\x9b"]


@given(hostile.reports())
@settings(max_examples=60, deadline=None)
def test_any_report_is_valid_utf8_and_valid_against_the_schema(report: Report) -> None:
    data = rendered(report)
    VALIDATOR.validate(data)
    for template, shown in zip(report.templates, data["templates"], strict=True):
        assert shown["sha256"] == template.template.sha256
        for target, comparison in (template.comparison.targets if template.comparison else {}).items():
            for mismatch, said in zip(
                comparison.mismatches, shown["comparison"]["targets"][target]["mismatches"], strict=True
            ):
                assert parse_conversation(said["conversation"]).key == mismatch.conversation.key
