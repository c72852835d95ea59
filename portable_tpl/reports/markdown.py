"""Markdown for a comment on a pull request: the verdicts as a table, each template's details folded below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from portable_tpl.model.report import Report, TemplateReport, Verdict
from portable_tpl.reports.parts.blocks import Paint, Writer
from portable_tpl.reports.parts.commonmark import code, prose
from portable_tpl.reports.parts.items import blocks_of
from portable_tpl.reports.parts.matrix import state_of
from portable_tpl.reports.parts.summary import VERDICTS, summarise, target_ids
from portable_tpl.reports.parts.visible import encodable, one_line, unbroken
from portable_tpl.reports.parts.words import VERDICT_PHRASES as PHRASES
from portable_tpl.reports.parts.words import error_phrase, plural, skipped_phrase, summary_phrase, verdict_groups

LONGEST = 60_000  # characters; GitHub takes comments up to 65,536
_MOST_ROWS = 50
_FOLD = 60  # characters of the markup around a fold
_WRITER = Writer(Paint(False), columns=110, verbose=True)
_SIGNS: dict[Verdict, str] = {"portable": "✅", "differs": "⚠️", "fails": "❌", "unknown": "❔"}
_RARE = "🟡"  # differs or fails, but on rare content only


def render(report: Report, *, longest: int = LONGEST) -> str:
    """The report as GitHub's Markdown.

    Details that would make it longer than ``longest`` characters are left out, whole, and their number is said.
    """
    lines = ["## portable-tpl", "", prose(summary_phrase(report)), ""]
    lines.extend(_verdict_table(report))
    lines.extend(f"- {prose(skipped_phrase(target))}" for target in report.targets if target.status == "skipped")
    lines.extend(f"- **error**: {prose(one_line(error))}" for error in report.errors)
    lines.append("")
    room = longest - sum(len(line) + 1 for line in lines)
    left_out = 0
    for template in report.entries:
        shown = _fitting(_sections(template), room - len(_heading(template)) - _FOLD)
        left_out += _section_count(template) - len(shown)
        if shown:
            fold = f"<details><summary>{_heading(template)}</summary>\n\n{''.join(shown)}</details>\n"
            room -= len(fold)
            lines.append(fold)
    if left_out:
        lines.extend(["", f"_{plural(left_out, 'section')} of details did not fit here._"])
    return encodable("\n".join(lines).rstrip("\n") + "\n")


def _verdict_table(report: Report) -> Iterator[str]:
    targets = target_ids(report)
    if not targets:
        return
    if len(report.templates) > _MOST_ROWS:
        yield from _table(("target", *VERDICTS), _count_rows(report))
    else:
        yield from _table(("template", *targets), _template_rows(report, targets))
    yield ""


def _count_rows(report: Report) -> Iterator[Sequence[str]]:
    for target, counts in summarise(report).verdicts.items():
        yield (code(target), *(str(counts[verdict]) for verdict in VERDICTS))


def _template_rows(report: Report, targets: Sequence[str]) -> Iterator[Sequence[str]]:
    for template in report.templates:
        cells = [_cell(template, target) if target in template.verdicts else "" for target in targets]
        yield (code(unbroken(template.template.label)), *cells)


def _cell(template: TemplateReport, target: str) -> str:
    sign = _RARE if state_of(template, target) == "rare" else _SIGNS[template.verdicts[target]]
    return f"{sign} {template.verdicts[target]}"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _fitting(sections: Iterator[str], room: int) -> list[str]:
    """As many of the sections, from the first, as there is room for; no more of them are made."""
    shown: list[str] = []
    while room > 0 and (section := next(sections, None)) is not None:
        room -= len(section)
        if room >= 0:
            shown.append(section)
    return shown


def _heading(template: TemplateReport) -> str:
    label = _html(unbroken(template.template.label))
    groups = [f"{PHRASES[verdict]} {', '.join(targets)}" for verdict, targets in verdict_groups(template)]
    return f"<code>{label}</code>: {_html('; '.join(groups) or 'no verdict')}"


def _sections(template: TemplateReport) -> Iterator[str]:
    if template.error is not None:
        yield f"#### Not usable\n\n**error**: {prose(error_phrase(template))}\n\n"
    for block in blocks_of(template):
        first = block.first
        place = f"line {first.location.line}: " if first.location is not None else ""
        targets = f" [{', '.join(first.targets)}]" if first.targets else ""
        beside = " (decides no verdict)" if first.beside else ""
        head = f"{place}{first.severity} {first.code}{targets} {_WRITER.message(first)}{beside}"
        yield f"#### {prose(head)}\n\n{_fenced(list(_WRITER.body(template.template, block)))}"
    if template.comparison is not None and template.comparison.coverage.missed:
        yield f"#### Coverage\n\n{_fenced(list(_WRITER.coverage(template.comparison)))}"


def _section_count(template: TemplateReport) -> int:
    missed = template.comparison is not None and bool(template.comparison.coverage.missed)
    return (template.error is not None) + len(blocks_of(template)) + missed


def _fenced(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}\n\n"


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
