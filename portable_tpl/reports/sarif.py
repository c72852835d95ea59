"""SARIF 2.1.0, for code scanning: a result for each finding with its proof, fix and rule help.

Facts of the format: the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Nothing in
the output depends on the clock or the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import portable_tpl
from portable_tpl.model.findings import Edit, Finding, Fix, Safety, Severity
from portable_tpl.model.fingerprints import digest, finding_fingerprint, mismatch_fingerprint
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.report import Report, RuleDoc
from portable_tpl.model.source import Location, Span, Template
from portable_tpl.reports.json import rendering_data
from portable_tpl.reports.parts.items import Item, Proof, items_of, of_finding
from portable_tpl.reports.parts.jsontext import dumps
from portable_tpl.reports.parts.places import has_own_file, in_template, path_uri, uri
from portable_tpl.reports.parts.source import span_text
from portable_tpl.reports.parts.summary import mismatches_of
from portable_tpl.reports.parts.words import error_phrase, item_message, skipped_phrase

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

HELP = "https://github.com/portable-tpl/portable-tpl/blob/main/portable_tpl/rules/REFERENCE.md"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_LONGEST_SNIPPET = 1000
_NO_RULES: Mapping[str, RuleDoc] = MappingProxyType({})
_MISMATCH_SUMMARIES = {
    "output": "A target prints other text than the reference.",
    "target-error": "A target fails or refuses where the reference renders.",
    "reference-error": "A target renders what the reference does not.",
    "timeout": "A target hits a limit of time or memory.",
    "crash": "A target's engine crashes.",
}


def render(report: Report, *, rules: Mapping[str, RuleDoc] = _NO_RULES) -> str:
    """The report as a SARIF log; ``rules`` maps codes to the pages that go with them."""
    docs = _rules_used(report, rules)
    index = {doc.code: number for number, doc in enumerate(docs)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "portable-tpl",
                "version": portable_tpl.__version__,
                "rules": [_rule(doc) for doc in docs],
            }
        },
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\r", "\n"],
        "results": [{**result, "ruleIndex": index[result["ruleId"]]} for result in _results(report)],
        "properties": {"command": report.command, "tier": str(report.tier), "seed": report.seed},
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _results(report: Report) -> Iterator[dict[str, Any]]:
    for template in report.entries:
        counts: Counter[str] = Counter()
        for item in items_of(template):
            if item.finding is not None:
                yield _finding(template.template, item, item.finding, counts)
            else:
                yield _mismatch(template.template, item, item.proofs[0])
        for finding in template.findings:
            if finding.suppressed:
                yield _finding(template.template, of_finding(template.template, finding), finding, counts)


def _rules_used(report: Report, rules: Mapping[str, RuleDoc]) -> list[RuleDoc]:
    docs: dict[str, RuleDoc] = {}
    for template in report.entries:
        for finding in template.findings:
            summary = f"{finding.rule.replace('-', ' ')}: not portable"
            fallback = RuleDoc(finding.code, finding.rule, summary, summary, finding.severity)
            docs.setdefault(finding.code, rules.get(finding.code, fallback))
        for _, mismatch in mismatches_of(template):
            code = _mismatch_rule(mismatch)
            summary = _MISMATCH_SUMMARIES[mismatch.kind]
            fallback = RuleDoc(code, f"mismatch-{mismatch.kind}", summary, summary, Severity.ERROR)
            docs.setdefault(code, rules.get(code, fallback))
    return [docs[code] for code in sorted(docs)]


def _mismatch_rule(mismatch: Mismatch) -> str:
    return mismatch.code or f"mismatch-{mismatch.kind}"


def _rule(doc: RuleDoc) -> dict[str, Any]:
    return {
        "id": doc.code,
        "name": doc.name,
        "shortDescription": {"text": doc.summary},
        "fullDescription": {"text": doc.summary},
        "help": {"text": doc.help, "markdown": doc.help},
        "helpUri": f"{HELP}#{doc.code.lower()}",
        "defaultConfiguration": {"level": _LEVELS[doc.severity]},
        "properties": {"tags": ["portability", "chat-template"]},
    }


def _finding(template: Template, item: Item, finding: Finding, counts: Counter[str]) -> dict[str, Any]:
    place = in_template(template, finding.location.line)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "rank": _rank(item),
        "message": {"text": place + item_message(item)},
        "locations": [_place(template, finding.location)],
        "partialFingerprints": {"portableTplFinding/v1": _finding_fingerprint(template, finding, counts)},
    }
    if item.proofs:
        result["occurrenceCount"] = max(1, max(proof.mismatch.cases for proof in item.proofs))
    if finding.related:
        result["relatedLocations"] = [
            {"physicalLocation": {"artifactLocation": {"uri": path_uri(path)}}} for path in finding.related
        ]
    if finding.fix is not None and finding.fix.safety is not Safety.DISPLAY and has_own_file(template):
        result["fixes"] = [_fix(template, finding.fix)]
    if finding.suppressed:
        result["suppressions"] = [{"kind": "inSource"}]
    result["properties"] = {
        "targets": list(finding.targets),
        "tier": str(finding.tier),
        "feature": finding.feature,
        "evidence": finding.evidence,
        "template": template.name,
        "proofs": [_proof(proof) for proof in item.proofs],
    }
    return result


def _rank(item: Item) -> float:
    """How much a result matters, 0 to 100: by severity, then by the share of conversations that show it."""
    base = {Severity.ERROR: 70.0, Severity.WARNING: 40.0, Severity.NOTE: 10.0}[item.severity]
    shares = [proof.mismatch.cases / proof.cases for proof in item.proofs if proof.cases]
    return round(base + 30.0 * min(1.0, max(shares, default=0.0)), 1)


def _proof(proof: Proof) -> dict[str, Any]:
    mismatch = proof.mismatch
    return {
        "target": proof.target,
        "kind": mismatch.kind,
        "origin": mismatch.origin,
        "tier": str(mismatch.tier),
        "cause": mismatch.cause,
        "decides": mismatch.decides,
        "conversation": mismatch.conversation.to_json(),
        "referenceRendering": rendering_data(mismatch.reference),
        "targetRendering": rendering_data(mismatch.target),
        "reproduce": mismatch.reproduce,
    }


def _finding_fingerprint(template: Template, finding: Finding, counts: Counter[str]) -> str:
    """The finding's own fingerprint, with a number among its equals: no two results may share one."""
    same = finding_fingerprint(template, finding)
    counts[same] += 1
    return digest(same, str(counts[same]))


def _place(template: Template, location: Location | None) -> dict[str, Any]:
    """A location; a template inside another file has that of the value that it is there, and a logical one."""
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(template)}}
    if not has_own_file(template):
        physical["region"] = {"startLine": 1 if template.container is None else template.container[1]}
    elif location is not None:
        physical["region"] = _region(template, location)
    return {"physicalLocation": physical, "logicalLocations": [{"name": template.name, "kind": "template"}]}


def _region(template: Template, location: Location) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": location.line,
        "startColumn": location.column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
        "charOffset": location.start,
        "charLength": location.end - location.start,
    }
    if location.end - location.start <= _LONGEST_SNIPPET:
        region["snippet"] = {"text": span_text(template, location)}
    return region


def _fix(template: Template, fix: Fix) -> dict[str, Any]:
    return {
        "description": {"text": fix.summary},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": uri(template)},
                "replacements": [_replacement(template, edit) for edit in fix.edits],
            }
        ],
        "properties": {"safety": str(fix.safety)},
    }


def _replacement(template: Template, edit: Edit) -> dict[str, Any]:
    return {
        "deletedRegion": _region(template, template.locate(Span(edit.start, edit.end))),
        "insertedContent": {"text": edit.text},
    }


def _mismatch(template: Template, item: Item, proof: Proof) -> dict[str, Any]:
    mismatch = proof.mismatch
    return {
        "ruleId": _mismatch_rule(mismatch),
        "level": _LEVELS[item.severity],
        "rank": _rank(item),
        "message": {"text": in_template(template, mismatch.line) + item_message(item)},
        "locations": [_place(template, item.location)],
        "occurrenceCount": max(mismatch.cases, 1),
        "partialFingerprints": {"portableTplMismatch/v1": mismatch_fingerprint(template, proof.target, mismatch)},
        "properties": {**_proof(proof), "template": template.name},
    }


def _invocation(report: Report) -> dict[str, Any]:
    failures = [
        {
            "level": "error",
            "message": {"text": error_phrase(template)},
            "locations": [_place(template.template, None)],
        }
        for template in report.templates
        if template.error is not None
    ]
    failures.extend({"level": "error", "message": {"text": error}} for error in report.errors)
    skipped = [
        {"level": "note", "message": {"text": skipped_phrase(target)}}
        for target in report.targets
        if target.status == "skipped"
    ]
    return {
        "executionSuccessful": not failures,
        "toolExecutionNotifications": failures,
        "toolConfigurationNotifications": skipped,
    }
