"""The report for a terminal: what a person wants to read.

The more templates have something to say, the less is said about each: in full, then a line for each finding and
mismatch, then a line for each template. The table and the last line are always there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.report import Report, TemplateReport
from portable_tpl.reports._blocks import (
    Paint,
    coverage_block,
    finding_block,
    finding_line,
    mismatch_block,
    mismatch_line,
)
from portable_tpl.reports._summary import VERDICTS, mismatches_of, open_findings, rule_counts, summarise
from portable_tpl.reports._visible import encodable, one_line, pad, unbroken, width
from portable_tpl.reports._words import VERDICT_PHRASES, error_phrase, skipped_phrase, summary_phrase, verdict_groups

_MOST_IN_FULL = 10
_MOST_IN_LINES = 50
_MOST_BLOCKS = 5
_VERDICT_TONES = {"fails": "red", "differs": "yellow", "unknown": "cyan", "portable": "green"}


def render(report: Report, *, color: bool = False, quiet: bool = False, statistics: bool = False) -> str:
    """The report as text for people, ending in a newline where it is not empty.

    ``color`` adds ANSI colours. ``quiet`` leaves one line for each finding, mismatch and error, and nothing else.
    ``statistics`` counts findings by rule instead of showing them.
    """
    paint = Paint(color)
    if quiet:
        lines = list(_quiet(report, paint))
    else:
        said = [*(_statistics(report) if statistics else _details(report, paint)), *_ending(report, paint)]
        lines = [line for line, before in zip(said, ["", *said], strict=False) if line or before]
    return encodable("\n".join(lines) + "\n") if lines else ""


def _quiet(report: Report, paint: Paint) -> Iterator[str]:
    for template in report.templates:
        if template.error is not None:
            yield f"{paint('error', 'red')}: {error_phrase(template)}"
        yield from _finding_lines(template, paint)
        yield from _mismatch_lines(template, paint)
    for error in report.errors:
        yield f"{paint('error', 'red')}: {one_line(error)}"


def _details(report: Report, paint: Paint) -> Iterator[str]:
    telling = [template for template in report.templates if _tells(template)]
    for template in report.templates if len(report.templates) <= _MOST_IN_LINES else telling:
        if len(telling) > _MOST_IN_LINES:
            yield _grouped(template, paint)
            continue
        yield _header(template, paint)
        if len(telling) > _MOST_IN_FULL:
            yield from _finding_lines(template, paint)
            yield from _mismatch_lines(template, paint)
        elif template.error is None:
            yield from _in_full(template, paint)
    if report.templates:
        yield ""


def _tells(template: TemplateReport) -> bool:
    return template.error is not None or bool(open_findings(template)) or any(mismatches_of(template))


def _header(template: TemplateReport, paint: Paint) -> str:
    label = paint(unbroken(template.template.label), "bold")
    if template.error is not None:
        return f"{paint('error', 'red')}: {error_phrase(template)}"
    groups = [
        f"{paint(VERDICT_PHRASES[verdict], _VERDICT_TONES[verdict])} {', '.join(targets)}"
        for verdict, targets in verdict_groups(template)
    ]
    if template.template.container is not None and _tells(template):
        file, line = template.template.container
        label += f" (lines count in the template, a value on line {line} of {unbroken(os.path.basename(file))})"
    return f"{label}: {'; '.join(groups) or 'no target has a verdict'}"


def _grouped(template: TemplateReport, paint: Paint) -> str:
    counts: dict[str, int] = {}
    for finding in open_findings(template):
        counts[finding.code] = counts.get(finding.code, 0) + 1
    for _, mismatch in mismatches_of(template):
        if mismatch.decides and mismatch.code not in counts:
            name = mismatch.cause or mismatch.kind
            counts[name] = counts.get(name, 0) + 1
    named = ", ".join(name if count == 1 else f"{name} ×{count}" for name, count in counts.items())
    return _header(template, paint) + (f"  ({one_line(named)})" if named else "")


def _in_full(report: TemplateReport, paint: Paint) -> Iterator[str]:
    for finding in open_findings(report):
        yield ""
        yield from finding_block(report.template, finding, paint)
    if report.comparison is None:
        if report.findings:
            yield ""
        return
    for target, comparison in report.comparison.targets.items():
        deciding = [mismatch for mismatch in comparison.mismatches if mismatch.decides]
        for mismatch in deciding[:_MOST_BLOCKS]:
            yield ""
            yield from mismatch_block(report, target, mismatch, comparison.cases, paint)
        if len(deciding) > _MOST_BLOCKS:
            yield ""
            yield f"  … and on {target}, as lines:"
            yield from _short_blocks(report, target, deciding[_MOST_BLOCKS:], paint)
    beside = [(target, mismatch) for target, mismatch in mismatches_of(report) if not mismatch.decides]
    if beside:
        yield ""
        yield "Beside the verdict (a deployment's doing, a stranger tier, or the reference's own accident):"
        for target, mismatch in beside:
            yield from _short_blocks(report, target, [mismatch], paint)
    yield ""
    yield from coverage_block(report.comparison, paint)
    yield ""


def _short_blocks(report: TemplateReport, target: str, mismatches: Sequence[Mismatch], paint: Paint) -> Iterator[str]:
    cases = report.comparison.targets[target].cases if report.comparison else 0
    for mismatch in mismatches:
        yield f"  {mismatch_line(report, target, mismatch, cases, paint)}"
        yield f"    {paint('reproduce', 'dim')}  {unbroken(mismatch.reproduce)}"


def _finding_lines(template: TemplateReport, paint: Paint) -> Iterator[str]:
    for finding in open_findings(template):
        yield finding_line(template.template, finding, paint)


def _mismatch_lines(template: TemplateReport, paint: Paint) -> Iterator[str]:
    for target, mismatch in mismatches_of(template):
        if mismatch.decides and template.comparison is not None:
            cases = template.comparison.targets[target].cases
            yield mismatch_line(template, target, mismatch, cases, paint)


def _statistics(report: Report) -> Iterator[str]:
    rows = [("findings", "code", "rule", "fixable", "templates")]
    for count in rule_counts(report):
        fixable = str(count.fixable) if count.fixable else "-"
        rows.append((str(count.findings), count.code, count.rule, fixable, str(count.templates)))
    if len(rows) > 1:
        yield from _table(rows, right=(0, 3, 4))
        yield ""


def _ending(report: Report, paint: Paint) -> Iterator[str]:
    summary = summarise(report)
    if len(report.templates) > 1 and summary.verdicts:
        rows = [("target", *VERDICTS)]
        for target, counts in summary.verdicts.items():
            rows.append((target, *(str(counts[verdict]) if counts[verdict] else "-" for verdict in VERDICTS)))
        yield from _table(rows, right=(1, 2, 3, 4))
        yield ""
    for target_status in report.targets:
        if target_status.status == "skipped":
            yield f"{paint('note', 'cyan')}: {skipped_phrase(target_status)}"
    for error in report.errors:
        yield f"{paint('error', 'red')}: {one_line(error)}"
    compared = any(template.comparison is not None for template in report.templates)
    yield paint(summary_phrase(summary, compared=compared), "bold")


def _table(rows: Sequence[Sequence[str]], right: Sequence[int]) -> Iterator[str]:
    columns = [max(width(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        cells = [
            " " * (columns[index] - width(cell)) + cell if index in right else pad(cell, columns[index])
            for index, cell in enumerate(row)
        ]
        yield "  ".join(cells).rstrip()
