"""Rewrite what is not portable, each change proved on the reference.

:func:`fix` goes over a template round after round: it takes the fixes of the findings that do not touch one another,
looks whether they help (:mod:`.effect`), and lets the reference print the new text and the first one, side by side
(:mod:`.proof`). What fails is narrowed down by halves to the changes at fault, which are refused with the reason; the
rest is kept. It ends when there is nothing left to apply, or when a text comes back.
"""

from __future__ import annotations

from portable_tpl.fixing.proof import Prover
from portable_tpl.fixing.rounds import FixResult, fix

__all__ = ["FixResult", "Prover", "fix"]
