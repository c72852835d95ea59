"""A baseline: findings and mismatches that are known, and no longer count.

A baseline is a JSON file of version 1: for each template, by its path relative to the baseline's folder and its name,
the fingerprints of what was found, each with how often it was there and for which targets; messages and lines are for
people, and may be those of an older text::

    {"version": 1, "templates": {"chat/model.jinja": {
        "findings": {"<fingerprint>": {
            "code": "PTL101", "rule": "…", "message": "…", "lines": [3, 9], "targets": {"minijinja-strict": 2}}},
        "mismatches": {"<fingerprint>": {
            "target": "minijinja", "signature": "…", "code": "PTL305", "lines": [7], "count": 1}}}}}
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portable_tpl.checking.effects import about
from portable_tpl.model.errors import ConfigError
from portable_tpl.model.findings import Finding
from portable_tpl.model.fingerprints import finding_fingerprint, mismatch_fingerprint, name_in_file
from portable_tpl.model.report import Report, TargetComparison, TemplateReport, counts
from portable_tpl.model.source import Template

VERSION = 1
_REMEDY = "write it again with --write-baseline"


@dataclass(frozen=True)
class Baseline:
    """What is known: for each template, how often each finding (by target) and each mismatch may be there.

    ``folder`` is what relative paths in it start from.
    """

    folder: str
    findings: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    mismatches: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def write(report: Report, path: str | None = None) -> str:
    """A baseline that knows all that a report holds, as JSON text; equal reports give equal texts.

    ``path`` is where it will be kept: the paths in it are relative to that folder (without it, to the current one).
    """
    folder = _folder(path)
    templates: dict[str, dict[str, Any]] = {}
    for each in report.entries:
        findings, mismatches = _known_findings(each), _known_mismatches(each, report)
        if findings or mismatches:
            entry = templates.setdefault(_key(each.template, folder), {"findings": {}, "mismatches": {}})
            entry["findings"].update(findings)
            entry["mismatches"].update(mismatches)
    data = {"version": VERSION, "templates": templates}
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def read(text: str, path: str) -> Baseline:
    """The baseline in a text; raises :class:`ConfigError` that names ``path`` where it is none."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{path}: not a baseline: not valid JSON: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not a baseline: nested too deeply") from None
    if not isinstance(data, dict) or "version" not in data or "templates" not in data:
        raise ConfigError(f"{path}: not a baseline; `--write-baseline {path}` makes one")
    if data["version"] != VERSION:
        raise ConfigError(f"{path}: a baseline of version {data['version']!r}, known is {VERSION}; {_REMEDY}")
    try:
        return _read(data["templates"], _folder(path))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ConfigError(f"{path}: not a baseline in the shape of version {VERSION}; {_REMEDY}") from None


def apply(report: Report, baseline: Baseline) -> Report:
    """The report with what the baseline knows set aside.

    A known finding is suppressed, one that is known for some of its targets is left for the others. A known mismatch
    no longer decides.
    """
    templates = tuple(_applied(each, report, baseline) for each in report.templates)
    containers = tuple(
        replace(each, findings=_applied(each.entry, report, baseline).findings) for each in report.containers
    )
    return replace(report, templates=templates, containers=containers)


def _known_findings(report: TemplateReport) -> dict[str, dict[str, Any]]:
    findings: dict[str, dict[str, Any]] = {}
    for finding in report.findings:
        if not finding.suppressed:
            entry = findings.setdefault(
                finding_fingerprint(report.template, finding),
                {"code": finding.code, "rule": finding.rule, "message": finding.message, "lines": [], "targets": {}},
            )
            entry["lines"].append(finding.location.line)
            for target in finding.targets or ("",):
                entry["targets"][target] = entry["targets"].get(target, 0) + 1
    return findings


def _known_mismatches(report: TemplateReport, run: Report) -> dict[str, dict[str, Any]]:
    mismatches: dict[str, dict[str, Any]] = {}
    for target, comparison in report.comparison.targets.items() if report.comparison is not None else ():
        for mismatch in comparison.mismatches:
            if counts(mismatch, run.tier):
                fresh: dict[str, Any] = {
                    "target": target,
                    "signature": mismatch.signature,
                    "code": mismatch.code,
                    "lines": [],
                    "count": 0,
                }
                entry = mismatches.setdefault(mismatch_fingerprint(report.template, target, mismatch), fresh)
                entry["lines"] += [] if mismatch.line is None else [mismatch.line]
                entry["count"] += 1
    return mismatches


def _read(templates: Mapping[str, Any], folder: str) -> Baseline:
    findings: dict[str, dict[tuple[str, str], int]] = {}
    mismatches: dict[str, dict[str, int]] = {}
    for key, entry in templates.items():
        known = findings.setdefault(key, {})
        for fingerprint, each in entry["findings"].items():
            for target, count in each["targets"].items():
                known[fingerprint, target] = int(count)
        mismatches[key] = {
            fingerprint: int(entry_of["count"]) for fingerprint, entry_of in entry["mismatches"].items()
        }
    return Baseline(folder, findings, mismatches)


def _applied(report: TemplateReport, run: Report, baseline: Baseline) -> TemplateReport:
    key = _key(report.template, baseline.folder)
    left = Counter(dict(baseline.findings.get(key, {})))
    findings = tuple(_finding(report.template, finding, left) for finding in report.findings)
    known = Counter(dict(baseline.mismatches.get(key, {})))
    return replace(report, findings=findings, comparison=_comparison(report, run, known))


def _finding(template: Template, finding: Finding, left: Counter[tuple[str, str]]) -> Finding:
    if finding.suppressed:
        return finding
    fingerprint = finding_fingerprint(template, finding)
    fresh = []
    for target in finding.targets or ("",):
        if left[fingerprint, target] > 0:
            left[fingerprint, target] -= 1
        else:
            fresh.append(target)
    if not fresh:
        return replace(finding, suppressed=True)
    if len(fresh) == len(finding.targets):
        return finding
    return about(finding, fresh)


def _comparison(report: TemplateReport, run: Report, known: Counter[str]) -> Any:
    if report.comparison is None:
        return None
    targets: dict[str, TargetComparison] = {}
    for target, comparison in report.comparison.targets.items():
        mismatches = []
        for mismatch in comparison.mismatches:
            fingerprint = mismatch_fingerprint(report.template, target, mismatch)
            if known[fingerprint] > 0 and counts(mismatch, run.tier):
                known[fingerprint] -= 1
                mismatch = replace(mismatch, decides=False, known=True)
            mismatches.append(mismatch)
        targets[target] = replace(comparison, mismatches=tuple(mismatches))
    return replace(report.comparison, targets=targets)


def _folder(path: str | None) -> str:
    return os.path.dirname(os.path.abspath(path)) if path is not None else os.getcwd()


def _key(template: Template, folder: str) -> str:
    """The template's path from the baseline's folder, if it is a file, else as it was named; with its name."""
    path = template.path or "<string>"
    if os.path.exists(path):
        try:
            path = os.path.relpath(os.path.abspath(path), folder).replace(os.sep, "/")
        except ValueError:
            path = os.path.abspath(path).replace(os.sep, "/")  # on another drive
    name = name_in_file(template)
    return path if name == "default" else f"{path}#{name}"
