"""Conversations of a comparison, drawn by hypothesis from the strategy that `portable_tpl.strategies` offers.

What is hypothesis's: the drawing, and the file format of the database of what once showed a mismatch. What is ours,
and why: the edits towards a branch, since the reference traces a hundred conversations in one message to its worker
and hypothesis would have them judged one by one (so ``hypothesis.target`` has nothing to aim with either); and the
shrinking, since moves such as "this call with its result" keep a conversation in its tier and its mismatch the same
one, on engines in other processes, in a tenth of the renders.
"""

from __future__ import annotations

import hashlib

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from portable_tpl.generation.api import batches
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.template.usage.shape import TemplateShape

_AT_ONCE = 6  # conversations of one example of hypothesis's: what it does for each costs as much as a conversation


def draw(shape: TemplateShape, tier: Tier, count: int, key: str) -> list[Conversation]:
    """So many different conversations of a tier, or a few less.

    Equal keys and versions give equal ones, in every process. Nothing of the caller's or the user's settings of
    hypothesis counts, and nothing is written.
    """
    drawn: dict[str, Conversation] = {}

    @seed(int.from_bytes(hashlib.sha256(f"{key}:{tier}".encode()).digest()[:8], "big"))
    @settings(
        # Two more, since the first is made of the simplest conversation alone, and some come twice.
        max_examples=2 + -(-count // _AT_ONCE),
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    @given(batches(shape, tier, _AT_ONCE))
    def keep(some: list[Conversation]) -> None:
        drawn.update((each.key, each) for each in some)

    keep()
    return list(drawn.values())[:count]
