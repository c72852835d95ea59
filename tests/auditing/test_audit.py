"""The audit as a service: the same report for everybody, and faults that cost one template its verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import portable_tpl as pt
from portable_tpl.auditing import release
from portable_tpl.cli import run
from portable_tpl.model.report import Report
from portable_tpl.reports import json as json_report

GOOD = "{% for m in messages %}<{{ m.role }}>{{ m.content.strip() }}</s>{% endfor %}"
BAD = GOOD + "{# the template that goes wrong #}"
TARGETS = ("minijinja-strict",)


def audited(*paths: str | Path | pt.Template) -> Report:
    return pt.audit(paths, targets=TARGETS, examples=20)


def test_python_gets_the_report_that_the_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.jinja").write_text(GOOD)
    Path("two.jinja").write_text("{{ messages[0].content }}")
    status = run(["audit", ".", "--target", TARGETS[0], "--examples", "20", "--format", "json", "--jobs", "2"])
    assert status == 1
    assert capsysbinary.readouterr().out.decode() == json_report.render(audited("."))


def test_a_template_needs_no_file() -> None:
    (report,) = audited(pt.Template(GOOD)).templates
    assert report.verdicts == {"minijinja-strict": "fails"}
    assert "PTL101" in {finding.code for finding in report.findings}


def _failing(place: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but for the template that goes wrong."""

    def failing(*arguments: Any, **keywords: Any) -> Any:
        for argument in arguments:
            text = getattr(argument, "text", None) or getattr(getattr(argument, "parsed", None), "text", None)
            if text == BAD:
                raise KeyError(place)
        return call(*arguments, **keywords)

    return failing


FAULTS = {
    "generation": "portable_tpl.differential.compare.explore",
    "comparing": "portable_tpl.differential.compare.coverage_of",
    "a rule": "portable_tpl.checking.linting.looked",
    "a release check": "portable_tpl.auditing.release.inspect_template",
}


@pytest.mark.parametrize("place", FAULTS)
def test_a_fault_of_our_own_costs_one_verdict(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = FAULTS[place]
    module, _, name = path.rpartition(".")
    monkeypatch.setattr(path, _failing(place, getattr(__import__(module, fromlist=[name]), name)))
    bad, good = audited(pt.Template(BAD, path="bad.jinja"), pt.Template(GOOD, path="good.jinja")).templates
    assert bad.error == (
        f"bad.jinja: internal error: KeyError: '{place}'; this is a bug, PORTABLE_TPL_TRACEBACK=1 shows where"
    )
    assert bad.verdicts == {"minijinja-strict": "unknown"}
    assert good.error is None
    assert good.verdicts == {"minijinja-strict": "fails"}
    assert good.findings


def test_a_fault_is_status_2_and_the_rest_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.jinja").write_text(BAD)
    Path("good.jinja").write_text(GOOD)
    monkeypatch.setattr("portable_tpl.auditing.templates.inspected", _failing("here", release.inspected))
    assert run(["audit", ".", "-t", TARGETS[0], "--examples", "20", "--format", "json", "--jobs", "1"]) == 2
    captured = capsysbinary.readouterr()
    assert captured.err.decode().count("\n") == 1
    assert "bad.jinja: internal error: KeyError: 'here'" in captured.err.decode()
    bad, good = json.loads(captured.out)["templates"]
    assert "here" in bad["error"]
    assert good["verdicts"] == {"minijinja-strict": "fails"}
