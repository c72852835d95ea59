"""What a differential run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from portable_tpl.model.conversation import Conversation, Tier

DEFAULT_EXAMPLES = 80
DEFAULT_SECONDS = 120.0


@dataclass(frozen=True)
class CompareSettings:
    """Settings of one run.

    ``examples``: how many conversations go to the targets (those that reach new branches go in any case, as do the
    handwritten ones of tiers beyond everyday, with half as many generated ones); ``seed``:
    equal seeds, equal runs; ``tier``: the strangest tier to generate; ``max_seconds``: wall time after which a
    template's run is cut short (``None``: never); ``conversations``: the caller's own, which come first, whatever
    their tier; ``database``: what once showed a mismatch is kept in the user's cache and tried first, so that
    reports depend on earlier runs.
    """

    examples: int = DEFAULT_EXAMPLES
    seed: int = 0
    tier: Tier = Tier.EVERYDAY
    max_seconds: float | None = DEFAULT_SECONDS
    conversations: tuple[Conversation, ...] = ()
    database: bool = False
