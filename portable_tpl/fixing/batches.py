"""Fixes that may be made at once, since their edits do not touch one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portable_tpl.model.findings import Edit, Finding, Fix


def together(findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose fixes may be applied together; the shortest first, since the inner one of two goes first."""
    ordered = sorted(findings, key=lambda each: (each.location.end - each.location.start, each.location.start))
    chosen: list[Finding] = []
    taken: list[Edit] = []
    for finding in ordered:
        edits = fix_of(finding).edits
        if not any(_collide(edit, other) for edit in edits for other in taken):
            chosen.append(finding)
            taken += edits
    return sorted(chosen, key=lambda finding: finding.location.start)


def edits_of(findings: Sequence[Finding]) -> list[Edit]:
    """The edits of all fixes."""
    return [edit for finding in findings for edit in fix_of(finding).edits]


def fix_of(finding: Finding) -> Fix:
    """The fix of a finding that has one."""
    assert finding.fix is not None
    return finding.fix


def _collide(edit: Edit, other: Edit) -> bool:
    """Whether two edits cannot both be made; equal insertions are one."""
    if edit == other:
        return edit.start != edit.end
    if edit.start == edit.end or other.start == other.end:
        return edit.start <= other.end and other.start <= edit.end
    return edit.start < other.end and other.start < edit.end
