"""One verdict for each target, by what its engine did."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.model.conversation import Tier
from portable_tpl.model.report import Comparison, TargetStatus, Verdict, verdict


def verdicts_of(comparison: Comparison, statuses: Sequence[TargetStatus], tier: Tier) -> dict[str, Verdict]:
    """One verdict a target; ``unknown`` for one that did not run."""
    results = comparison.targets
    return {
        status.id: verdict(results[status.id], tier) if status.id in results else "unknown" for status in statuses
    }
