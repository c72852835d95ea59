"""JUnit XML, which every CI server shows: a suite for a template, a case for each target and each rule that fired."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.report import Report, TemplateReport
from portable_tpl.reports._blocks import Paint, finding_block, mismatch_block
from portable_tpl.reports._summary import open_findings
from portable_tpl.reports._visible import code_point, one_line
from portable_tpl.reports._words import error_phrase, plural, skipped_phrase

_PLAIN = Paint(False)
# What the production Char of XML 1.0 leaves out, and the C1 controls that XML 1.1 parsers refuse too.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


class _Case(NamedTuple):
    """One test case; ``outcome`` is ``failure``, ``error``, ``skipped`` or empty for a pass."""

    name: str
    outcome: str = ""
    message: str = ""
    type: str = ""
    details: str = ""


def render(report: Report) -> str:
    """The report as XML 1.0. Times are 0: they are not part of a report."""
    suites = [(template.template.label, _cases(report, template)) for template in report.templates]
    if report.errors:
        errors = [_Case(one_line(error), "error", one_line(error), "input") for error in report.errors]
        suites.append(("portable-tpl", errors))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    every = [case for _, cases in suites for case in cases]
    lines.append(f'<testsuites name="portable-tpl" {_counts(every)}>')
    for label, cases in suites:
        lines.append(f'  <testsuite name="{_escaped(label)}" {_counts(cases)}>')
        for case in cases:
            lines.extend(_case_lines(label, case))
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _cases(report: Report, template: TemplateReport) -> list[_Case]:
    if template.error is not None:
        error = error_phrase(template)
        return [_Case("template", "error", error, "input", error)]
    cases = [_target_case(report, template, target) for target in template.verdicts]
    rules: dict[tuple[str, str], list[Finding]] = {}
    for finding in open_findings(template):
        rules.setdefault((finding.code, finding.rule), []).append(finding)
    cases.extend(_rule_case(template, f"{code} {rule}", found) for (code, rule), found in sorted(rules.items()))
    return cases or [_Case("template")]


def _target_case(report: Report, template: TemplateReport, target: str) -> _Case:
    verdict = template.verdicts[target]
    if verdict == "portable":
        return _Case(target)
    if verdict == "unknown":
        reasons = [skipped_phrase(status) for status in report.targets if status.id == target and status.reason]
        return _Case(target, "skipped", reasons[0] if reasons else f"{target} has no verdict")
    blocks = _mismatch_blocks(template, target)
    named = sum(target in finding.targets for finding in open_findings(template))
    found = plural(len(blocks), "mismatch", "mismatches") if blocks else plural(named, "finding")
    word = "the template fails on" if verdict == "fails" else "the template gives other text on"
    return _Case(target, "failure", f"{word} {target}: {found}", verdict, "\n\n".join(blocks))


def _mismatch_blocks(template: TemplateReport, target: str) -> list[str]:
    result = template.comparison.targets.get(target) if template.comparison else None
    if result is None:
        return []
    return [
        "\n".join(mismatch_block(template, target, mismatch, result.cases, _PLAIN))
        for mismatch in result.mismatches
        if mismatch.decides
    ]


def _rule_case(template: TemplateReport, name: str, findings: list[Finding]) -> _Case:
    if all(finding.severity is Severity.NOTE for finding in findings):
        return _Case(name)
    blocks = ["\n".join(finding_block(template.template, finding, _PLAIN)) for finding in findings]
    message = one_line(findings[0].message)
    if len(findings) > 1:
        message += f" (and {plural(len(findings) - 1, 'more finding')})"
    return _Case(name, "failure", message, str(findings[0].severity), "\n\n".join(blocks))


def _counts(cases: list[_Case]) -> str:
    outcomes = [case.outcome for case in cases]
    numbers = {"tests": len(cases), "failures": outcomes.count("failure"), "errors": outcomes.count("error")}
    numbers["skipped"] = outcomes.count("skipped")
    return " ".join(f'{name}="{number}"' for name, number in numbers.items()) + ' time="0"'


def _case_lines(suite: str, case: _Case) -> Iterator[str]:
    start = f'    <testcase classname="{_escaped(suite)}" name="{_escaped(case.name)}" time="0"'
    if not case.outcome:
        yield f"{start}/>"
        return
    kind = f' type="{_escaped(case.type)}"' if case.type else ""
    yield f"{start}>"
    opened = f'      <{case.outcome} message="{_escaped(case.message)}"{kind}'
    yield f"{opened}>{_content(case.details)}</{case.outcome}>" if case.details else f"{opened}/>"
    yield "    </testcase>"


def _escaped(text: str) -> str:
    """Text for an attribute: a parser gives back what went in, but for characters that XML cannot hold."""
    return re.sub(r'[&<>"\n\r\t]', lambda match: _ENTITIES[match[0]], _held(text))


def _content(text: str) -> str:
    return re.sub(r"[&<>\r]", lambda match: _ENTITIES[match[0]], _held(text))


def _held(text: str) -> str:
    return _NOT_XML.sub(lambda match: code_point(match[0]), text)
