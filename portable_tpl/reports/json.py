"""The JSON format, version 1: fields may be added, never changed.

The shape is spelled out here, key by key, so that no change of the internal types can leak into it.
"""

from __future__ import annotations

from typing import Any

import portable_tpl
from portable_tpl.model.difference import PromptDifference, TemplateDifference
from portable_tpl.model.findings import Affected, Finding, Fix, Witness
from portable_tpl.model.rendering import Mismatch, Refused, Rendered, Rendering
from portable_tpl.model.report import (
    Comparison,
    ContainerReport,
    Coverage,
    ReferenceFailure,
    Report,
    TargetStatus,
    TemplateReport,
)
from portable_tpl.model.source import Location, Template
from portable_tpl.reports.parts.jsontext import dumps
from portable_tpl.reports.parts.summary import summarise

VERSION = 1


def render(report: Report) -> str:
    """The report as JSON text that is valid in UTF-8, with a newline at the end."""
    return dumps(to_data(report)) + "\n"


def to_data(report: Report) -> dict[str, Any]:
    """The report as JSON data."""
    data: dict[str, Any] = {
        "version": VERSION,
        "command": report.command,
        "tier": str(report.tier),
        "tool": {"name": "portable-tpl", "version": portable_tpl.__version__},
        "seed": report.seed,
        "targets": [_target(target) for target in report.targets],
        "templates": [_template(template) for template in report.templates],
        "containers": [_container(container) for container in report.containers],
        "summary": _summary(report),
        "errors": list(report.errors),
    }
    if report.command == "diff":
        data["differences"] = [_template_difference(each) for each in report.differences]
    return data


def _template_difference(difference: TemplateDifference) -> dict[str, Any]:
    return {
        "name": difference.name,
        "old": _side(difference.old, difference.generation[0]),
        "new": _side(difference.new, difference.generation[1]),
        "likeness": difference.likeness,
        "cases": difference.cases,
        "differing": difference.differing,
        "several": difference.several,
        "repaired": difference.repaired,
        "cut": difference.cut,
        "differences": [_prompt_difference(each) for each in difference.differences],
    }


def _side(template: Template | None, generation: bool) -> dict[str, Any] | None:
    if template is None:
        return None
    path = template.path or "<string>"
    return {"path": path, "name": template.name, "sha256": template.sha256, "generation_blocks": generation}


def _prompt_difference(difference: PromptDifference) -> dict[str, Any]:
    change, _tokens = difference.change, difference.tokens
    return {
        "tier": str(difference.tier),
        "cases": difference.cases,
        "conversation": difference.conversation.to_json(),
        "old": rendering_data(difference.old),
        "new": rendering_data(difference.new),
        "without": None if difference.without is None else rendering_data(difference.without),
        "offset": difference.offset,
        "change": None
        if change is None
        else {
            "old": {"line": change.old_line, "text": change.old_text},
            "new": {"line": change.new_line, "text": change.new_text},
        },
        "tokens": None
        if difference.tokens is None
        else {name: list(pair) for name, pair in difference.tokens.items()},
        "places": [
            None if place is None else {"line": place.line, "condition": place.condition}
            for place in difference.places
        ],
        "reproduce": list(difference.reproduce),
    }


def _target(target: TargetStatus) -> dict[str, Any]:
    return {
        "id": target.id,
        "engine": target.engine,
        "version": target.version,
        "status": target.status,
        "reason": target.reason,
    }


def _template(report: TemplateReport) -> dict[str, Any]:
    data: dict[str, Any] = {
        "path": report.template.path or "<string>",
        "name": report.template.name,
        "sha256": report.template.sha256,
        "verdicts": dict(report.verdicts),
        "findings": [_finding(finding) for finding in report.findings],
        "comparison": None if report.comparison is None else _comparison(report.comparison),
    }
    if report.template.container is not None:
        path, line = report.template.container
        data["container"] = {"path": path, "line": line}
    if report.unasked:
        data["unasked"] = [{"code": each.code, "reason": each.reason} for each in report.unasked]
    if report.error is not None:
        data["error"] = report.error
    return data


def _container(report: ContainerReport) -> dict[str, Any]:
    return {"path": report.path, "findings": [_finding(finding) for finding in report.findings]}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "tier": str(finding.tier),
        "message": finding.message,
        "feature": finding.feature,
        "targets": list(finding.targets),
        "location": _location(finding.location),
        "fix": None if finding.fix is None else _fix(finding.fix),
        "suppressed": finding.suppressed,
        "evidence": finding.evidence,
        "affected": None if finding.affected is None else _affected(finding.affected),
        "witness": None if finding.witness is None else _witness(finding.witness),
        "related": list(finding.related),
    }


def _affected(affected: Affected) -> dict[str, int]:
    return {"cases": affected.cases, "affected": affected.affected}


def _witness(witness: Witness) -> dict[str, Any]:
    exhibits = [
        {
            "label": exhibit.label,
            "target": exhibit.target,
            "conversation": exhibit.conversation.to_json(),
            "rendering": rendering_data(exhibit.rendering),
        }
        for exhibit in witness.exhibits
    ]
    return {
        "exhibits": exhibits,
        "difference": witness.difference,
        "line": witness.line,
        "condition": witness.condition,
        "reproduce": list(witness.reproduce),
    }


def _location(location: Location) -> dict[str, int]:
    return {
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
        "start": location.start,
        "end": location.end,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "safety": str(fix.safety),
        "edits": [{"start": edit.start, "end": edit.end, "text": edit.text} for edit in fix.edits],
        "price": None
        if fix.price is None
        else {
            "cases": fix.price.cases,
            "changed": fix.price.changed,
            "before": fix.price.before,
            "after": fix.price.after,
        },
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "cases": comparison.cases,
        "cut": comparison.cut,
        "coverage": _coverage(comparison.coverage),
        "reference_failures": [_failure(failure) for failure in comparison.failures],
        "targets": {
            target: {
                "cases": result.cases,
                "identical": result.identical,
                "mismatches": [_mismatch(mismatch) for mismatch in result.mismatches],
            }
            for target, result in comparison.targets.items()
        },
    }


def _failure(failure: ReferenceFailure) -> dict[str, Any]:
    return {
        "cases": failure.cases,
        "tier": str(failure.tier),
        "conversation": failure.conversation.to_json(),
        "reference": rendering_data(failure.rendering),
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    missed = [
        {
            "line": branch.line,
            "condition": branch.condition,
            "reachable": branch.reachable,
            "stopped_at": branch.stopped_at,
        }
        for branch in coverage.missed
    ]
    missed_pairs = [
        {"name": pair.name, "definition": pair.definition, "use": pair.use} for pair in coverage.missed_pairs
    ]
    return {
        "branches": coverage.branches,
        "reached": coverage.reached,
        "missed": missed,
        "pairs": coverage.pairs,
        "covered_pairs": coverage.covered_pairs,
        "missed_pairs": missed_pairs,
    }


def _mismatch(mismatch: Mismatch) -> dict[str, Any]:
    return {
        "signature": mismatch.signature,
        "kind": mismatch.kind,
        "origin": mismatch.origin,
        "tier": str(mismatch.tier),
        "cause": mismatch.cause,
        "code": mismatch.code,
        "line": mismatch.line,
        "start": None if mismatch.span is None else mismatch.span.start,
        "end": None if mismatch.span is None else mismatch.span.end,
        "cases": mismatch.cases,
        "conversation": mismatch.conversation.to_json(),
        "reference": rendering_data(mismatch.reference),
        "target": rendering_data(mismatch.target),
        "reproduce": mismatch.reproduce,
        "decides": mismatch.decides,
        "severity": str(mismatch.severity),
    }


def rendering_data(rendering: Rendering) -> dict[str, Any]:
    """A rendering as JSON data: an object with ``text``, or one with ``error`` that says what happened instead."""
    if isinstance(rendering, Rendered):
        return {"text": rendering.text}
    if isinstance(rendering, Refused):
        return {"error": rendering.message, "refused": True}
    return {"error": rendering.message, "kind": rendering.kind, "line": rendering.line}


def _summary(report: Report) -> dict[str, Any]:
    summary = summarise(report)
    return {
        "templates": summary.templates,
        "findings": {str(severity): count for severity, count in summary.findings.items()},
        "verdicts": {target: dict(counts) for target, counts in summary.verdicts.items()},
        "suppressed": summary.suppressed,
        "mismatches": summary.mismatches,
        "beside": summary.beside,
        "failed": summary.failed,
    }
