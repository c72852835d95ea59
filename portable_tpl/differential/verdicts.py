"""From mismatches to one word a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portable_tpl.conversation import Tier
from portable_tpl.rendering import Mismatch, Rendered
from portable_tpl.report import Comparison, Verdict

_FAILURES = ("target-error", "timeout", "crash")


def verdicts(comparison: Comparison, tier: Tier = Tier.EVERYDAY) -> dict[str, Verdict]:
    """The verdict of each target that ran, for a tier."""
    return {target: verdict_of(found.mismatches, tier) for target, found in comparison.targets.items()}


def verdict_of(mismatches: Sequence[Mismatch], tier: Tier) -> Verdict:
    """``fails`` where only the reference gives a prompt, ``differs`` where the target gives another answer."""
    deciding = [each for each in mismatches if counts(each, tier)]
    if any(each.kind in _FAILURES and isinstance(each.reference, Rendered) for each in deciding):
        return "fails"
    return "differs" if deciding else "portable"


def counts(mismatch: Mismatch, tier: Tier) -> bool:
    """Whether a mismatch decides the verdict for a tier."""
    return mismatch.decides and mismatch.origin == "template" and mismatch.tier.rank <= tier.rank


def with_unknown(found: Mapping[str, Verdict], asked: Sequence[str]) -> dict[str, Verdict]:
    """The verdicts with ``unknown`` for the targets asked for that did not run."""
    return {target: found.get(target, "unknown") for target in asked}
