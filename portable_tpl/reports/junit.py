"""JUnit XML, which every CI server shows: a suite for a template, a case for each target and each cause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from portable_tpl.model.findings import Severity
from portable_tpl.model.report import Report, TemplateReport
from portable_tpl.reports.parts.blocks import Paint, Writer
from portable_tpl.reports.parts.items import Block, blocks_of
from portable_tpl.reports.parts.visible import code_point, one_line
from portable_tpl.reports.parts.words import error_phrase, item_title, plural, skipped_phrase

_WRITER = Writer(Paint(False), columns=120, verbose=True)
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
    suites = [(template.template.label, _cases(report, template)) for template in report.entries]
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
    blocks = [block for block in blocks_of(template) if not block.first.beside]
    failing = {target for block in blocks for target in block.first.targets if _fails(block)}
    cases = [_target_case(report, template, target) for target in template.verdicts if target not in failing]
    names: Counter[str] = Counter()
    for block in blocks:
        names[item_title(block.first)] += 1
        cases.append(_block_case(template, block, names[item_title(block.first)]))
    return cases or [_Case("template")]


def _target_case(report: Report, template: TemplateReport, target: str) -> _Case:
    """The case of a target of which no failure speaks."""
    verdict = template.verdicts[target]
    if verdict == "portable":
        return _Case(target)
    if verdict == "unknown":
        reasons = [skipped_phrase(status) for status in report.targets if status.id == target and status.reason]
        return _Case(target, "skipped", reasons[0] if reasons else f"{target} has no verdict")
    word = "the template fails on" if verdict == "fails" else "the template gives other text on"
    return _Case(target, "failure", f"{word} {target}", verdict)


def _block_case(template: TemplateReport, block: Block, number: int) -> _Case:
    """The case of one cause: a failure, unless it is a note."""
    name = item_title(block.first) + ("" if number == 1 else f" ({number})")
    if not _fails(block):
        return _Case(name)
    lines = list(_WRITER.block(template.template, block))
    targets = ", ".join(block.first.targets)
    message = _WRITER.message(block.first) + (f" [{targets}]" if targets else "")
    if len(block.items) > 1:
        message += f" (and {plural(len(block.items) - 1, 'more place')})"
    return _Case(name, "failure", message, str(block.first.severity), "\n".join(lines))


def _fails(block: Block) -> bool:
    return block.first.severity is not Severity.NOTE


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
