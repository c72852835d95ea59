"""What is wrong between the files of a model is in every format, and counts there."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from portable_tpl.auditing import baseline
from portable_tpl.auditing.gate import is_held
from portable_tpl.model.conversation import Tier
from portable_tpl.model.report import ContainerReport, Report
from portable_tpl.model.source import Template
from portable_tpl.reports import concise, formats, text

from . import samples

RELATED = ("chat_template.jinja", "tokenizer_config.json")


def report() -> Report:
    template = Template(samples.TEXT, path="acme-8b/chat_template.jinja")
    finding = samples.finding_at(
        template, "message.role", code="REL109", message="two files disagree", targets=(), related=RELATED
    )
    return Report("audit", Tier.EVERYDAY, 0, (), (), (), (ContainerReport("acme-8b", (finding,), template),))


def test_a_line_each() -> None:
    assert concise.render(report()) == "acme-8b: error: REL109 two files disagree\n"
    assert text.render(report(), quiet=True) == concise.render(report())


@pytest.mark.parametrize("form", formats())
def test_every_format_says_it(form: str) -> None:
    said = import_module(f"portable_tpl.reports.{form}").render(report())
    for words in ("acme-8b", "REL109", "two files disagree"):
        assert words in said


def test_it_is_counted_and_stops_a_gate() -> None:
    assert "1 finding (1 error)" in text.render(report())
    assert is_held(report())
    data = json.loads(import_module("portable_tpl.reports.json").render(report()))
    assert data["containers"][0]["findings"][0]["related"] == list(RELATED)
    assert data["summary"]["findings"]["error"] == 1


def test_a_baseline_knows_it() -> None:
    known = baseline.apply(report(), baseline.read(baseline.write(report()), "baseline.json"))
    assert [finding.suppressed for finding in known.containers[0].findings] == [True]
    assert not is_held(known)
    assert concise.render(known) == ""
