"""Conversations of a comparison, drawn by hypothesis from the strategy that `portable_tpl.strategies` offers.

What is hypothesis's: the drawing, and the file format of the database of what once showed a mismatch. What is ours,
and why: the edits towards a branch, since the reference traces a hundred conversations in one message to its worker
and hypothesis would have them judged one by one (so ``hypothesis.target`` has nothing to aim with either); and the
shrinking, since moves such as "this call with its result" keep a conversation in its tier and its mismatch the same
one, on engines in other processes, in a tenth of the renders.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import HypothesisWarning

from portable_tpl.generation.api import batches
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.template.usage.shape import TemplateShape

_AT_ONCE = 6  # conversations of one example of hypothesis's: what it does for each costs as much as a conversation

_swapping = Lock()

# Hypothesis registers a generator of its own in each thread and looks whether anything refers to it; while another
# thread collects garbage nothing seems to, and a warning that nobody can act on would stand between our own lines.
warnings.filterwarnings(
    "ignore", "It looks like `register_random`", HypothesisWarning, module=r"hypothesis\.internal\.entropy"
)


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

    with _no_constants_of_other_modules():
        keep()
    return list(drawn.values())[:count]


@contextmanager
def _no_constants_of_other_modules() -> Iterator[None]:
    """Draw without the numbers and words that stand in modules which happen to be loaded.

    Hypothesis tries what it reads in the source of every module outside of site-packages, and keeps that in the
    current folder: what is drawn would depend on how this package was installed and on who has imported what.
    Earlier releases have nothing of that.
    """
    from hypothesis.internal.conjecture import providers

    if not hasattr(providers, "_get_local_constants") or not hasattr(providers, "CONSTANTS_CACHE"):
        yield
        return
    from hypothesis.internal.constants_ast import Constants

    empty = Constants()
    with _swapping:
        usual = providers._get_local_constants, providers.CONSTANTS_CACHE
        providers._get_local_constants = lambda: empty
        providers.CONSTANTS_CACHE = type(usual[1])(usual[1].max_size)
        try:
            yield
        finally:
            providers._get_local_constants, providers.CONSTANTS_CACHE = usual
