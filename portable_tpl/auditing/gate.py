"""Whether a report lets a template through."""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.findings import Severity
from portable_tpl.model.report import Comparison, Report, counts


def is_held(report: Report, fail_on: Severity = Severity.ERROR) -> bool:
    """Whether something that counts is at least as bad as ``fail_on``."""
    return any(severity.reaches(fail_on) for severity in _severities(report))


def _severities(report: Report) -> Iterator[Severity]:
    findings = [finding for template in report.templates for finding in template.findings]
    findings += [finding for container in report.containers for finding in container.findings]
    yield from (finding.severity for finding in findings if not finding.suppressed)
    for template in report.templates:
        if template.comparison is not None:
            yield from _of_comparison(template.comparison, report)


def _of_comparison(comparison: Comparison, report: Report) -> Iterator[Severity]:
    for target in comparison.targets.values():
        yield from (each.severity for each in target.mismatches if counts(each, report.tier))
    if report.command == "compare":  # an audit has a finding for it, which can be left out or known
        yield from (Severity.ERROR for each in comparison.failures if each.tier.rank <= report.tier.rank)
