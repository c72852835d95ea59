"""Where the reference itself fails, by accident and not by ``raise_exception``."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.differential.shrink import size_of
from portable_tpl.model.rendering import Failed, Sample
from portable_tpl.model.report import ReferenceFailure


def failures_of(sample: Sequence[Sample]) -> tuple[ReferenceFailure, ...]:
    """The ways in which the reference fails, the most frequent first; failures at one line are one way."""
    groups: dict[tuple[str, int | None], list[Sample]] = {}
    for each in sample:
        if isinstance(each.rendering, Failed):
            groups.setdefault((each.rendering.kind, each.rendering.line), []).append(each)
    failures = []
    for members in groups.values():
        mildest = min(members, key=lambda each: (each.tier.rank, size_of(each.conversation)))
        assert isinstance(mildest.rendering, Failed)
        failures.append(ReferenceFailure(len(members), mildest.tier, mildest.conversation, mildest.rendering))
    return tuple(sorted(failures, key=lambda each: (-each.cases, each.rendering.line or 0)))
