"""The matrix of templates and targets with which a report begins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Severity
from portable_tpl.model.report import TemplateReport
from portable_tpl.reports.parts.items import items_of
from portable_tpl.reports.parts.summary import open_findings
from portable_tpl.reports.parts.visible import pad, unbroken, width

# A sign a state, in the order of the legend: what it looks like, what it says, and its colour.
SIGNS: Mapping[str, tuple[str, str, str]] = {
    "portable": ("✓", "portable", "green"),
    "rare": ("~", "rare content only", "yellow"),
    "differs": ("≠", "another prompt", "red"),
    "fails": ("✗", "no prompt", "red"),
    "unknown": ("?", "no verdict", "cyan"),
}
_LEAST_LABEL = 16


def state_of(template: TemplateReport, target: str) -> str:
    """The key of :data:`SIGNS` for a template and a target: its verdict, or ``rare`` without an error behind it."""
    verdict = template.verdicts.get(target, "unknown")
    if verdict not in ("differs", "fails"):
        return verdict
    about = [item for item in items_of(_whole(template)) if target in item.targets and not item.beside]
    tiers = [proof.mismatch.tier for item in about for proof in item.proofs if proof.target == target]
    if template.comparison is None:
        tiers += [item.finding.tier for item in about if item.finding is not None]
    ordinary = any(item.severity is Severity.ERROR for item in about) or next(iter(Tier)) in tiers
    return verdict if ordinary or not about else "rare"


def _whole(template: TemplateReport) -> TemplateReport:
    """The report with all that its verdicts speak of: also what is suppressed, known, or left alone."""
    findings = tuple(replace(finding, suppressed=False) for finding in (*template.findings, *template.milder))
    whole = replace(template, findings=findings)
    if template.comparison is None:
        return whole
    targets = {
        target: replace(
            each, mismatches=tuple(replace(one, decides=one.decides or one.known) for one in each.mismatches)
        )
        for target, each in template.comparison.targets.items()
    }
    return replace(whole, comparison=replace(template.comparison, targets=targets))


def matrix(
    templates: Sequence[TemplateReport], targets: Sequence[str], columns: int
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Lines of the matrix, the head first: a padded label, and for each target its padded cell and colour.

    Where the targets do not fit beside the labels, a template takes several lines.
    """
    longest = max((width(label_of(template)) for template in templates), default=0)
    room = max(_LEAST_LABEL, min(longest, columns - sum(len(target) + 2 for target in targets)))
    per_line = max(1, _fitting(targets, columns - room))
    for start in range(0, len(targets), per_line):
        part = targets[start : start + per_line]
        yield " " * room, [(f"  {target}", "dim") for target in part]
        for template in templates:
            cells = []
            for target in part:
                sign, _, tone = SIGNS[state_of(template, target)]
                cells.append((f"  {sign:^{len(target)}}", tone))
            sign, tone = cells[-1]
            yield pad(_end(label_of(template), room), room), [*cells[:-1], (sign.rstrip(), tone)]


def legend(templates: Sequence[TemplateReport], targets: Sequence[str]) -> str:
    """What the signs of a matrix say."""
    used = {state_of(template, target) for template in templates for target in targets}
    return "  ".join(f"{sign} {words}" for key, (sign, words, _) in SIGNS.items() if key in used)


def label_of(template: TemplateReport) -> str:
    """A template's path on one line, with its name where it has one."""
    return unbroken(template.template.label)


def tells(template: TemplateReport) -> bool:
    """Whether there is more to say of a template than that it is portable."""
    mismatches = template.comparison is not None and any(
        comparison.mismatches for comparison in template.comparison.targets.values()
    )
    return template.error is not None or bool(open_findings(template)) or mismatches


def _fitting(targets: Sequence[str], room: int) -> int:
    taken = 0
    for count, target in enumerate(targets):
        taken += len(target) + 2
        if taken > room:
            return count
    return len(targets)


def _end(label: str, room: int) -> str:
    """The end of a path, which says more than its start."""
    if width(label) <= room:
        return label
    name = os.path.basename(label)
    kept = name if width(name) >= room - 1 else label
    while width(kept) > room - 1:
        kept = kept[1:]
    return "…" + kept
