"""Workflow commands of GitHub Actions, which become annotations on the changed lines.

Facts of the format, escaping included: GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.findings import Severity
from portable_tpl.model.report import Report
from portable_tpl.model.source import Location, Template
from portable_tpl.reports.parts.items import Item, items_of
from portable_tpl.reports.parts.places import has_own_file, in_template
from portable_tpl.reports.parts.visible import encodable, printable, unbroken
from portable_tpl.reports.parts.words import error_phrase, item_message, item_title, skipped_phrase

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> str:
    """The report as one workflow command a line; empty where there is nothing to say."""
    return encodable("".join(f"{line}\n" for line in _lines(report)))


def _lines(report: Report) -> Iterator[str]:
    for template in report.entries:
        if template.error is not None:
            properties = {"file": _file(template.template), "title": "portable-tpl"}
            yield _command("error", properties, error_phrase(template))
        yield from (_annotation(template.template, item) for item in items_of(template))
    for error in report.errors:
        yield _command("error", {"title": "portable-tpl"}, printable(error))
    for target in report.targets:
        if target.status == "skipped":
            yield _command("notice", {"title": "portable-tpl"}, skipped_phrase(target))


def _annotation(template: Template, item: Item) -> str:
    line = item.location.line if item.location is not None else None
    message = in_template(template, line) + item_message(item)
    return _command(_COMMANDS[item.severity], _properties(template, item.location, item_title(item)), message)


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
