"""What is left to fix, and why: one line a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from portable_tpl.model.findings import Finding, Safety

_MOST_LINES = 8


def left_over(
    left: Sequence[Finding],
    refused: Sequence[tuple[str, int, str]],
    targets: Sequence[str],
    findings_for: Callable[[str], Sequence[Finding]],
) -> dict[str, list[Finding]]:
    """The findings that are left, by the reason why they are.

    ``refused`` holds code, start and reason of fixes that were not applied, ``findings_for`` gives the findings of
    the same text for one target alone, for which more may be fixed.
    """
    known = {(code, start): reason for code, start, reason in refused}
    alone = {target: _safe(findings_for(target)) for target in targets} if len(targets) > 1 and left else {}
    reasons: dict[str, list[Finding]] = {}
    for finding in left:
        place = finding.code, finding.location.start
        reason = known.get(place) or _reason(place, finding, alone)
        reasons.setdefault(reason, []).append(finding)
    return reasons


def lines_of(reasons: Mapping[str, Sequence[Finding]]) -> Iterator[str]:
    """Each reason with the codes and the lines of its findings."""
    for reason, findings in reasons.items():
        places: dict[str, list[int]] = {}
        for finding in findings:
            places.setdefault(finding.code, []).append(finding.location.line)
        where = "; ".join(f"{code} {_listed(lines)}" for code, lines in sorted(places.items()))
        yield f"{where}: {reason}"


def _reason(place: tuple[str, int], finding: Finding, alone: Mapping[str, frozenset[tuple[str, int]]]) -> str:
    targets = [target for target in finding.targets if place in alone.get(target, ())]
    if targets:
        return f"no fix is good for all targets (`-t {targets[0]}` has one)"
    return "no fix is known" if finding.fix is None else "it is only a suggestion"


def _safe(findings: Sequence[Finding]) -> frozenset[tuple[str, int]]:
    return frozenset(
        (finding.code, finding.location.start)
        for finding in findings
        if finding.fix is not None and finding.fix.safety is Safety.SAFE
    )


def _listed(lines: Sequence[int]) -> str:
    shown = sorted(set(lines))
    more = f" and {len(shown) - _MOST_LINES} more" if len(shown) > _MOST_LINES else ""
    return f"line{'s' if len(shown) > 1 else ''} {', '.join(map(str, shown[:_MOST_LINES]))}{more}"
