"""Where generated conversations take their decisions from.

The generators ask only for "a number below n", so that one definition serves hypothesis, which shrinks towards 0, and
the differential run, which wants the same bytes for the same seed on every Python version and no start-up cost.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import copy
from typing import Protocol, TypeVar

from portable_tpl.model.conversation import Tier

_Item = TypeVar("_Item")


class Choices(Protocol):
    """A source of decisions; ``tier`` is the strangest tier that they may lead to."""

    @property
    def tier(self) -> Tier:
        """The strangest tier of what is made."""
        ...

    def within(self, tier: Tier) -> Choices:
        """The same source, for another tier."""
        ...

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, and not including, ``bound``; 0 is the simplest choice."""
        ...


class SeededChoices:
    """Decisions from a seed: equal seeds, equal decisions, on every Python version."""

    def __init__(self, seed: str, tier: Tier = Tier.EVERYDAY) -> None:
        # Only random() is used: CPython promises that it gives the same sequence in later versions.
        self._random = random.Random(seed).random
        self.tier = tier

    def within(self, tier: Tier) -> SeededChoices:
        """The same source, for another tier."""
        other = copy(self)
        other.tier = tier
        return other

    def below(self, bound: int) -> int:
        """A whole number below ``bound``."""
        return int(self._random() * bound)


def pick(choices: Choices, items: Sequence[_Item]) -> _Item:
    """One of the items; the first is the simplest."""
    return items[choices.below(len(items))]


def happens(choices: Choices, percent: int) -> bool:
    """True in so many of a hundred cases; False is the simpler answer."""
    return choices.below(100) >= 100 - percent


def several(choices: Choices, items: Sequence[_Item], most: int) -> list[_Item]:
    """Up to ``most`` different items, in the order of the choices."""
    left = list(items)
    count = min(choices.below(most + 1), len(left))
    return [left.pop(choices.below(len(left))) for _ in range(count)]
