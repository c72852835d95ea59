"""Compare one template, and give one verdict for each target."""

from __future__ import annotations

from collections.abc import Sequence

from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import DEFAULT_EXAMPLES, CompareSettings
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.report import Comparison, TargetStatus, Verdict, verdict
from portable_tpl.model.source import Template
from portable_tpl.targets.catalogue import running_targets


def compare_one(
    template: Template,
    targets: Sequence[str],
    examples: int | None,
    seed: int,
    tier: Tier,
    conversations: tuple[Conversation, ...],
) -> Comparison:
    """Compare one template, with engines that are started for it and stopped afterwards."""
    settings = CompareSettings(
        examples=DEFAULT_EXAMPLES if examples is None else examples,
        seed=seed,
        tier=tier,
        conversations=conversations,
    )
    running = [status.id for status in running_targets(targets) if status.status == "run"]
    with Session(running) as session:
        return session.compare(template, settings)


def verdicts_of(comparison: Comparison | None, statuses: Sequence[TargetStatus], tier: Tier) -> dict[str, Verdict]:
    """One verdict a target, by what its engine did; ``unknown`` for one that did not run."""
    if comparison is None:
        return {status.id: "unknown" for status in statuses}
    found = comparison.targets
    return {status.id: verdict(found[status.id], tier) if status.id in found else "unknown" for status in statuses}
