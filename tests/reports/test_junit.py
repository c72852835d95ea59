"""JUnit XML: well formed whatever the texts hold, with counts that add up."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings

from portable_tpl.model.report import Report
from portable_tpl.model.source import Template
from portable_tpl.reports import junit

from . import hostile, samples


def tree(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(junit.render(report).encode("utf-8"))


def outcomes(suite: ElementTree.Element) -> dict[str, str]:
    return {case.get("name", ""): case[0].tag if len(case) else "pass" for case in suite.findall("testcase")}


def test_the_sample() -> None:
    root = tree(samples.sample())
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == [
        "chat_template.jinja",
        "tokenizer_config.json#tool_use",
        "clean.jinja",
        "broken.jinja",
        "portable-tpl",
    ]
    assert outcomes(suites["chat_template.jinja"]) == {
        "llama.cpp": "skipped",
        "target-error on hf-jinja": "failure",
        "PTL101 python-method": "failure",
        "PTL305 tojson-arguments": "failure",
    }
    assert outcomes(suites["clean.jinja"]) == {"minijinja-strict": "pass", "hf-jinja": "pass"}
    assert outcomes(suites["broken.jinja"]) == {"template": "error"}
    assert outcomes(suites["portable-tpl"]) == {"missing.jinja: no such file": "error"}
    failure = suites["chat_template.jinja"].find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "error"
    assert failure.get("message") == "fails; cause not identified [hf-jinja]"
    assert "hf-jinja      fails at line 3: Unknown method: strip" in (failure.text or "")
    assert "reproduce  portable-tpl render" in (failure.text or "")


def test_a_target_that_nothing_speaks_of_fails_by_itself() -> None:
    root = tree(samples.only(samples.with_findings(Template("x", path="t.jinja"))))
    assert [failure.get("message") for failure in root.iter("failure")] == ["the template fails on minijinja-strict"]


def test_places_of_one_cause_are_one_failure() -> None:
    template = Template("{{ a.b }}{{ a.b }}", path="t.jinja")
    finding = samples.finding_at(template, "a.b")
    root = tree(samples.only(samples.with_findings(template, finding, finding)))
    messages = [failure.get("message") for failure in root.iter("failure")]
    assert messages == ["`str.strip()` does not exist there [minijinja-strict] (and 1 more place)"]


def test_texts_come_back_as_they_went_in() -> None:
    template = Template("x", path="a\t\"<&'\n>\x00.jinja")
    suite = tree(samples.only(samples.with_findings(template)))[0]
    assert suite.get("name") == "a\t\"<&'\n>⟨U+0000⟩.jinja"


@given(hostile.reports())
@settings(max_examples=60, deadline=None)
def test_any_report_is_well_formed_and_its_counts_add_up(report: Report) -> None:
    root = tree(report)
    for level in (root, *root.iter("testsuite")):
        assert int(level.get("tests", "")) == len(list(level.iter("testcase")))
        for outcome, counted in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(level.get(counted, "")) == len(list(level.iter(outcome)))
    assert len(list(root.iter("testsuite"))) == len(report.templates) + bool(report.errors)
