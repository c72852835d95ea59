"""What a change does to the findings: it must take some away where it is made, and bring none to stay."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from portable_tpl.fixing.batches import fix_of
from portable_tpl.model.findings import Edit, Finding, Safety, Severity

_FAILS, _DIFFERS, _NOTE, _ERROR = 20, 10, 1, 3
_NO_TARGET = ""


class Moved:
    """Where places of a text are after some edits, and where they were before."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits = sorted(set(edits), key=lambda edit: (edit.start, edit.end))
        self._ends = [edit.end for edit in self.edits]
        grown = (len(edit.text) - (edit.end - edit.start) for edit in self.edits)
        self._shifts = list(accumulate(grown, initial=0))

    def forward(self, position: int) -> int | None:
        """Where a place has gone; ``None`` for one inside of what was replaced."""
        passed = bisect_right(self._ends, position)
        if passed < len(self.edits) and self.edits[passed].start < position:
            return None
        return position + self._shifts[passed]

    def back(self, position: int) -> int:
        """Where a place of the new text was; for one inside of what was put in, where that begins."""
        shift = 0
        for edit in self.edits:
            start = edit.start + shift
            if position < start:
                break
            if position < start + len(edit.text):
                return edit.start
            shift += len(edit.text) - (edit.end - edit.start)
        return position - shift

    def regions(self) -> list[tuple[int, int]]:
        """The new text of each edit, as a range of places."""
        out, shift = [], 0
        for edit in self.edits:
            start = edit.start + shift
            out.append((start, start + len(edit.text)))
            shift += len(edit.text) - (edit.end - edit.start)
        return out


def objection(
    before: Sequence[Finding], after: Sequence[Finding], edits: Iterable[Edit], cured: Sequence[Finding]
) -> str | None:
    """Why the edits do not help; ``None`` if they do.

    A new finding elsewhere is let pass if it can be fixed itself: where the old text failed for a value, the new one
    may take that value further. So is a note, which breaks nothing.

    ``before`` and ``after`` are all findings of the two texts that are not suppressed, ``cured`` those whose fixes
    the edits are.
    """
    moved = Moved(edits)
    regions = moved.regions()
    outside, new = _split(after, regions)
    old_outside, old = _split(before, [(edit.start, edit.end) for edit in moved.edits])
    known = Counter(_identity(finding, moved) for finding in old_outside)
    for finding in outside:
        identity = _identity(finding, None)
        if known[identity] > 0:
            known[identity] -= 1
        elif finding.targets and not _was_there(finding, old_outside, moved) and not _can_be_fixed(finding):
            return (
                f"it would bring a finding elsewhere: line {finding.location.line}: {finding.code} {finding.message}"
            )
    for number, here in sorted(new.items()):
        # Each edit is weighed alone where it is made, so that no good one covers a bad one.
        worse = _worse(_weights(old.get(number, ())), _weights(here))
        if worse:
            return f"it is no better for {', '.join(sorted(worse))}: {_first(here)}"
    for finding in cured:
        # Each fix has to help by itself, so that no good one covers one that changes nothing.
        numbers = [number for number, edit in enumerate(moved.edits) if edit in fix_of(finding).edits]
        was = _joined({number: old[number] for number in numbers if number in old})
        now = _joined({number: new[number] for number in numbers if number in new})
        if not any(each is finding for each in was) and known[_identity(finding, moved)] > 0:
            was.append(finding)  # a finding wider than its edits that has gone
        weight_before, weight_after = _weights(was), _weights(now)
        worse = _worse(weight_before, weight_after)
        if worse:
            return f"it is no better for {', '.join(sorted(worse))}: {_first(now)}"
        # What is no milder may be about fewer kinds of values: booleans are cured, and lists are left.
        narrower = sum(each.breadth for each in now) < sum(each.breadth for each in was)
        if not narrower and sum(weight_after.values()) >= sum(weight_before.values()):
            return f"it would not take the finding away: {_first(now)}"
    return None


def _first(findings: Sequence[Finding]) -> str:
    return f"{findings[0].code} {findings[0].message}" if findings else "nothing changes"


def _split(
    findings: Iterable[Finding], regions: Sequence[tuple[int, int]]
) -> tuple[list[Finding], dict[int, list[Finding]]]:
    """The findings outside of all regions, and those that lie in one of them, by its number; regions are in order."""
    numbers = [number for number, (start, end) in enumerate(regions) if start < end]
    starts = [regions[number][0] for number in numbers]
    outside: list[Finding] = []
    inside: dict[int, list[Finding]] = {}
    for finding in findings:
        place = bisect_right(starts, finding.location.start) - 1
        if place >= 0 and finding.location.end <= regions[numbers[place]][1]:
            inside.setdefault(numbers[place], []).append(finding)
        else:
            outside.append(finding)
    return outside, inside


def _joined(groups: Mapping[int, list[Finding]]) -> list[Finding]:
    return [finding for _, group in sorted(groups.items()) for finding in group]


def _identity(finding: Finding, moved: Moved | None) -> tuple[object, ...]:
    start: int | None = finding.location.start
    if moved is not None and start is not None:
        start = moved.forward(start)
    return finding.code, start, finding.targets, finding.fails, finding.tier


def _was_there(finding: Finding, before: Iterable[Finding], moved: Moved) -> bool:
    """Whether a finding says no more than one before did at the same place."""
    for other in before:
        if other.code == finding.code and moved.forward(other.location.start) == finding.location.start:
            milder = other.tier.rank <= finding.tier.rank
            if milder and set(finding.targets) <= set(other.targets) and set(finding.fails) <= set(other.fails):
                return True
    return False


def _can_be_fixed(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safety is Safety.SAFE


def _worse(before: Counter[str], after: Counter[str]) -> list[str]:
    """The targets for which more is broken than before."""
    return [target for target in after if target != _NO_TARGET and after[target] > before[target]]


def _weights(findings: Iterable[Finding]) -> Counter[str]:
    """How much is broken on each target; notes, which are about none, weigh least."""
    weights: Counter[str] = Counter()
    for finding in findings:
        mild = {effect.target for effect in finding.effects if effect.severity is not Severity.ERROR}
        for target in finding.targets:
            weight = _FAILS if target in finding.fails else _DIFFERS
            weights[target] += weight if target in mild else _ERROR * weight
        if not finding.targets:
            weights[_NO_TARGET] += _NOTE
    return weights
