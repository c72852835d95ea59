"""Workflow commands of GitHub Actions, which become annotations on the changed lines.

Facts of the format, escaping included: GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Finding, Safety, Severity
from portable_tpl.model.report import Report, TemplateReport
from portable_tpl.model.source import Location, Template
from portable_tpl.reports._places import has_own_file, in_template, mismatch_location
from portable_tpl.reports._summary import mismatches_of, open_findings
from portable_tpl.reports._visible import encodable, one_line, printable, unbroken
from portable_tpl.reports._words import error_phrase, mismatch_message, skipped_phrase

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> str:
    """The report as one workflow command a line; empty where there is nothing to say."""
    return encodable("".join(f"{line}\n" for line in _lines(report)))


def _lines(report: Report) -> Iterator[str]:
    for template in report.templates:
        if template.error is not None:
            properties = {"file": _file(template.template), "title": "portable-tpl"}
            yield _command("error", properties, error_phrase(template))
        for finding in open_findings(template):
            yield _finding(template.template, finding)
        yield from _mismatches(template)
    for error in report.errors:
        yield _command("error", {"title": "portable-tpl"}, printable(error))
    for target in report.targets:
        if target.status == "skipped":
            yield _command("notice", {"title": "portable-tpl"}, skipped_phrase(target))


def _finding(template: Template, finding: Finding) -> str:
    targets = f" [{', '.join(finding.targets)}]" if finding.targets else ""
    tier = "" if finding.tier is Tier.EVERYDAY else f" ({finding.tier} conversations)"
    message = f"{in_template(template, finding.location.line)}{printable(finding.message)}{targets}{tier}"
    if finding.fix is not None:
        how = "Suggestion" if finding.fix.safety is Safety.DISPLAY else "Fix"
        message += f"\n{how}: {one_line(finding.fix.title)}"
    title = f"{finding.code} {finding.rule}"
    return _command(_COMMANDS[finding.severity], _properties(template, finding.location, title), message)


def _mismatches(report: TemplateReport) -> Iterator[str]:
    template = report.template
    for target, mismatch in mismatches_of(report):
        cases = report.comparison.targets[target].cases if report.comparison else 0
        location = mismatch_location(report, target, mismatch)
        title = f"{mismatch.code or mismatch.kind} on {target}"
        message = in_template(template, mismatch.line) + printable(mismatch_message(target, mismatch, cases))
        yield _command("error" if mismatch.decides else "notice", _properties(template, location, title), message)


def _properties(template: Template, location: Location | None, title: str) -> dict[str, str]:
    properties = {"file": _file(template)}
    if location is not None and has_own_file(template):
        properties["line"] = str(location.line)
        if location.end_line == location.line:  # GitHub takes columns only where both ends are on one line
            properties["col"] = str(location.column)
            properties["endLine"] = str(location.end_line)
            properties["endColumn"] = str(location.end_column)
        else:
            properties["endLine"] = str(location.end_line)
    elif location is not None and template.container is not None:
        properties["line"] = str(template.container[1])
    properties["title"] = title
    return properties


def _file(template: Template) -> str:
    return unbroken(template.path or "<string>")


def _command(name: str, properties: dict[str, str], message: str) -> str:
    """One command.

    Percent signs, line ends and, in a property, colons and commas are escaped as the
    runner undoes it."""
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
