"""Counts over a report, and the order in which formats say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.report import Report, TemplateReport, Verdict

VERDICTS: tuple[Verdict, ...] = ("portable", "differs", "fails", "unknown")


class Summary(NamedTuple):
    """What a run found, in numbers; suppressed findings are counted apart and nowhere else.

    ``verdicts`` holds, by target in the order of the run, the number of templates with each verdict. ``mismatches``
    counts those that decide a verdict; ``beside`` the others. ``failed`` counts templates of which nothing
    could be said.
    """

    templates: int
    findings: Mapping[Severity, int]
    verdicts: Mapping[str, Mapping[Verdict, int]]
    suppressed: int
    mismatches: int
    beside: int
    failed: int


class RuleCount(NamedTuple):
    """How often a rule fired: findings, those of them with a fix that ``fix`` may apply, and templates."""

    code: str
    rule: str
    findings: int
    fixable: int
    templates: int


def summarise(report: Report) -> Summary:
    """Count a report."""
    by_severity = dict.fromkeys(Severity, 0)
    suppressed = deciding = beside = 0
    verdicts: dict[str, dict[Verdict, int]] = {target: dict.fromkeys(VERDICTS, 0) for target in target_ids(report)}
    for template in report.entries:
        for finding in template.findings:
            if finding.suppressed:
                suppressed += 1
            else:
                by_severity[finding.severity] += 1
        for target, verdict in template.verdicts.items():
            verdicts[target][verdict] += 1
        for _, mismatch in mismatches_of(template):
            deciding += mismatch.decides
            beside += not mismatch.decides
    failed = sum(template.error is not None for template in report.templates)
    return Summary(len(report.templates), by_severity, verdicts, suppressed, deciding, beside, failed)


def target_ids(report: Report) -> list[str]:
    """The targets that have a verdict somewhere: those of the run first, in its order."""
    named = {target: None for template in report.templates for target in template.verdicts}
    ordered = [target.id for target in report.targets if target.id in named]
    return list(dict.fromkeys([*ordered, *sorted(named)]))


def open_findings(template: TemplateReport) -> list[Finding]:
    """The findings that are not suppressed, in the order of the text."""
    findings = (finding for finding in template.findings if not finding.suppressed)
    return sorted(findings, key=lambda finding: (finding.location.start, finding.location.end, finding.code))


def mismatches_of(template: TemplateReport) -> Iterator[tuple[str, Mismatch]]:
    """Every mismatch of a template with its target's id."""
    if template.comparison is not None:
        for target, comparison in template.comparison.targets.items():
            for mismatch in comparison.mismatches:
                yield target, mismatch


def finding_behind(report: TemplateReport, target: str, mismatch: Mismatch) -> Finding | None:
    """The finding that speaks of the mismatch: same code or cause, same line, and the target among its own."""
    for finding in open_findings(report):
        speaks = finding.code == mismatch.code or finding.feature == mismatch.cause
        on_line = finding.location.line <= (mismatch.line or 0) <= finding.location.end_line
        if speaks and on_line and target in finding.targets:
            return finding
    return None


def rule_counts(report: Report) -> list[RuleCount]:
    """How often each rule fired, the most frequent first."""
    groups: dict[tuple[str, str], list[tuple[int, Finding]]] = {}
    for number, template in enumerate(report.entries):
        for finding in open_findings(template):
            groups.setdefault((finding.code, finding.rule), []).append((number, finding))
    counts = [
        RuleCount(
            code,
            rule,
            len(members),
            sum(finding.fix is not None and finding.fix.safety != "display" for _, finding in members),
            len({number for number, _ in members}),
        )
        for (code, rule), members in groups.items()
    ]
    return sorted(counts, key=lambda count: (-count.findings, count.code, count.rule))
