"""What is known of one part of a template's input, and the steps by which such parts are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ITEM, VALUE, KEY, TEXT = "[]", "{}", "{key}", "~"
"""Steps: to an item of a list, to a value of a mapping under a key that the template does not name, to such a key,
and to a text that is made from the part before it."""


@dataclass
class Facts:
    """What a template does with one part of its input.

    ``equals``: constants that it is compared with; ``markers``: texts searched for in it; ``uses``: ``printed``,
    ``iterated``, ``truth``, ``pairs``, ``dumped``, ``length``, ``order``, ``joined``, and ``is-<test>`` for each
    test. ``least``: how many items a list must have for the indexes that the template takes from it.
    """

    equals: dict[Any, None] = field(default_factory=dict)
    markers: dict[str, None] = field(default_factory=dict)
    uses: set[str] = field(default_factory=set)
    least: int = 1

    def used_as(self, *uses: str) -> bool:
        """Whether it is used in one of some ways."""
        return not self.uses.isdisjoint(uses)
