"""Rewrite what is not portable, each change proved on the reference.

:func:`fix` goes over a template round after round: it takes the fixes of the findings that do not touch one another,
looks whether they help (:mod:`.effect`), and lets the reference print the new text and the first one, side by side
(:mod:`.proof`). What fails is narrowed down by halves to the changes at fault, which are refused with the reason; the
rest is kept. It ends when there is nothing left to apply, or when a text comes back.

What is shown as a fix elsewhere has been through the same look (:mod:`.offers`), so that ``fix`` does what was said.

In: a template and targets. Out: a :class:`FixResult`, the new text with what was applied and what was refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portable_tpl.fixing.proof import Prover
    from portable_tpl.fixing.rounds import FixResult, fix

__all__ = ["FixResult", "Prover", "fix"]


def __getattr__(name: str) -> object:
    """Load what renders when it is first asked for: a look without a proof needs none of it."""
    if name in ("FixResult", "fix"):
        from portable_tpl.fixing import rounds

        return getattr(rounds, name)
    if name == "Prover":
        from portable_tpl.fixing.proof import Prover

        return Prover
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
