"""What a break does to people: computed from the tier in which it shows and from what the engine's hosts do."""

from __future__ import annotations

from functools import cache

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Severity
from portable_tpl.support.table import measured_on, supports

_MILDEST = next(iter(Tier))
# The one target that stands for an engine as it ships, by the engine's own name; hosts set it up in their own way.
_REPAIRED = "minijinja"


def severity_of(tier: Tier, target: str, feature: str | None) -> Severity:
    """How bad it is that a feature, if its name is known, breaks on a target in conversations of a tier.

    An error where ordinary conversations show it; a warning where only stranger ones do, or where most deployments
    of the engine were measured to repair it.
    """
    if tier is not _MILDEST or (feature is not None and most_hosts_repair(target, feature)):
        return Severity.WARNING
    return Severity.ERROR


def most_hosts_repair(target: str, feature: str) -> bool:
    """Whether a feature that breaks on an engine as it ships works on most deployments of that engine."""
    if target.partition("@")[0] != _REPAIRED:
        return False  # deployments, and engines that were asked for by their flags, are taken at their word
    answers = [supports(host, feature) for host in _hosts()]
    return 2 * sum(answers) > len(answers)


def worst(severities: set[Severity]) -> Severity:
    """The worst of some severities; a note where there is none."""
    return next((each for each in Severity if each in severities), Severity.NOTE)


@cache
def _hosts() -> tuple[str, ...]:
    """The deployments of the engine that were measured."""
    return tuple(target for target in measured_on(_REPAIRED) if not target.startswith(_REPAIRED))
