"""Fixes that may be made at once, since their edits do not touch one another."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence

from portable_tpl.model.findings import Edit, Finding, Fix, Severity


def together(findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose fixes may be applied together; the shortest first, since the inner one of two goes first.

    One change may be the fix of two findings, which it takes away both.
    """
    ordered = sorted(findings, key=lambda each: (each.location.end - each.location.start, each.location.start))
    chosen: list[Finding] = []
    changes: set[tuple[Edit, ...]] = set()
    taken: list[Edit] = []  # in order, and none touches another but for equal insertions
    for finding in ordered:
        edits = fix_of(finding).edits
        if edits in changes:
            chosen.append(finding)
        elif not any(_collide(edit, other) for edit in edits for other in _near(edit, taken)):
            chosen.append(finding)
            changes.add(edits)
            for edit in edits:
                insort(taken, edit, key=_start)
    return sorted(chosen, key=lambda finding: finding.location.start)


def edits_of(findings: Sequence[Finding]) -> list[Edit]:
    """The edits of all fixes."""
    return [edit for finding in findings for edit in fix_of(finding).edits]


def is_too_much(finding: Finding) -> bool:
    """Whether a fix puts a macro into the template for less than an error, which nobody would want there."""
    fix = finding.fix
    if fix is None or finding.severity is Severity.ERROR:
        return False
    return any(edit.text.startswith("{%- macro ") for edit in fix.edits)


def fix_of(finding: Finding) -> Fix:
    """The fix of a finding that has one."""
    assert finding.fix is not None
    return finding.fix


def _start(edit: Edit) -> int:
    return edit.start


def _near(edit: Edit, taken: Sequence[Edit]) -> Iterator[Edit]:
    """The edits that begin where this one lies, and the last ones before it."""
    place = bisect_left(taken, edit.start, key=_start)
    before = place - 1
    while before >= 0:
        yield taken[before]
        if taken[before].start != taken[place - 1].start:
            break
        before -= 1
    while place < len(taken) and taken[place].start <= edit.end:
        yield taken[place]
        place += 1


def _collide(edit: Edit, other: Edit) -> bool:
    """Whether two edits cannot both be made; equal insertions are one."""
    if edit == other:
        return edit.start != edit.end
    if edit.start == edit.end or other.start == other.end:
        return edit.start <= other.end and other.start <= edit.end
    return edit.start < other.end and other.start < edit.end
