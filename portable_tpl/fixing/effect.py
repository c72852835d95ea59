"""What a change does to the findings: it must take some away where it is made, and bring none to stay."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from portable_tpl.fixing.batches import fix_of
from portable_tpl.fixing.moves import Moved
from portable_tpl.model.findings import Edit, Finding, Safety, Severity

_FAILS, _DIFFERS, _NOTE, _ERROR = 20, 10, 1, 3
_NO_TARGET = ""
_ByEdit = dict[int, list[Finding]]
_Identity = tuple[object, ...]


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
    outside, new = _split(after, moved.regions())
    old_outside, old = _split(before, [(edit.start, edit.end) for edit in moved.edits])
    known = Counter(_identity(finding, moved) for finding in old_outside)
    gone = known - Counter(_identity(finding, None) for finding in outside)
    places = {edit: number for number, edit in enumerate(moved.edits)}

    def useless(finding: Finding) -> str | None:
        numbers = sorted({places[edit] for edit in fix_of(finding).edits if edit in places})
        return _useless(finding, numbers, old, new, gone[_identity(finding, moved)] > 0)

    return (
        _new_elsewhere(outside, old_outside, known, moved)
        or _worse_edit(old, new)
        or next(filter(None, map(useless, cured)), None)
    )


def _new_elsewhere(
    outside: Sequence[Finding], old_outside: Sequence[Finding], known: Counter[_Identity], moved: Moved
) -> str | None:
    """What speaks against the edits outside of their places."""
    known = Counter(known)
    for finding in outside:
        identity = _identity(finding, None)
        if known[identity] > 0:
            known[identity] -= 1
        elif finding.targets and not _was_there(finding, old_outside, moved) and not _can_be_fixed(finding):
            return (
                f"it would bring a finding elsewhere: line {finding.location.line}: {finding.code} {finding.message}"
            )
    return None


def _worse_edit(old: _ByEdit, new: _ByEdit) -> str | None:
    """What speaks against one of the edits: each is weighed alone, so that no good one covers a bad one."""
    for number, here in sorted(new.items()):
        worse = _worse(_weights(old.get(number, ())), _weights(here))
        if worse:
            return f"it is no better for {', '.join(sorted(worse))}: {_first(here)}"
    return None


def _useless(finding: Finding, numbers: Sequence[int], old: _ByEdit, new: _ByEdit, is_gone: bool) -> str | None:
    """What speaks against one fix, whose edits have these numbers; ``is_gone``: the finding is, where it is wider.

    Each has to help by itself, so that none covers one that changes nothing.
    """
    before = _joined({number: old[number] for number in numbers if number in old})
    after = _joined({number: new[number] for number in numbers if number in new})
    if is_gone and not any(each is finding for each in before):
        before.append(finding)  # a finding wider than its edits that has gone
    if finding.targets:  # that a note goes as well makes nothing better for a target
        before, after = ([each for each in side if each.targets] for side in (before, after))
    weight_before, weight_after = _weights(before), _weights(after)
    worse = _worse(weight_before, weight_after)
    if worse:
        return f"it is no better for {', '.join(sorted(worse))}: {_first(after)}"
    # What is no milder may be about fewer kinds of values: booleans are cured, and lists are left.
    narrower = sum(each.breadth for each in after) < sum(each.breadth for each in before)
    if not narrower and sum(weight_after.values()) >= sum(weight_before.values()):
        return f"it would not take the finding away: {_first(after)}"
    return None


def _first(findings: Sequence[Finding]) -> str:
    return f"{findings[0].code} {findings[0].message}" if findings else "nothing changes"


def _split(findings: Iterable[Finding], regions: Sequence[tuple[int, int]]) -> tuple[list[Finding], _ByEdit]:
    """The findings outside of all regions, and those that lie in one of them, by its number; regions are in order."""
    numbers = [number for number, (start, end) in enumerate(regions) if start < end]
    starts = [regions[number][0] for number in numbers]
    outside: list[Finding] = []
    inside: _ByEdit = {}
    for finding in findings:
        place = bisect_right(starts, finding.location.start) - 1
        if place >= 0 and finding.location.end <= regions[numbers[place]][1]:
            inside.setdefault(numbers[place], []).append(finding)
        else:
            outside.append(finding)
    return outside, inside


def _joined(groups: Mapping[int, list[Finding]]) -> list[Finding]:
    return [finding for _, group in sorted(groups.items()) for finding in group]


def _identity(finding: Finding, moved: Moved | None) -> _Identity:
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
    """How much is broken on each target; notes, which are about none, weigh least.

    Of what is wrong with one expression the worst counts: to fail is worse than to print several kinds otherwise.
    """
    weights: Counter[str] = Counter()
    worst: dict[tuple[str, int, int], int] = {}
    for finding in findings:
        place = finding.location.start, finding.location.end
        mild = {effect.target for effect in finding.effects if effect.severity is not Severity.ERROR}
        for target in finding.targets:
            weight = _FAILS if target in finding.fails else _DIFFERS
            key = (target, *place)
            worst[key] = max(worst.get(key, 0), weight if target in mild else _ERROR * weight)
        if not finding.targets:
            weights[_NO_TARGET] += _NOTE
    for (target, *_), weight in worst.items():
        weights[target] += weight
    return weights
