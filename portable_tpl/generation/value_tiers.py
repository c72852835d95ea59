"""How unusual a text, a number or any JSON value is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from portable_tpl.model.conversation import Tier
from portable_tpl.requests.markers import PROSE, SPECIAL, SYNTAX
from portable_tpl.requests.tiers import (
    DEEPEST_DATA,
    EXACT,
    INT32,
    LARGEST_FLOAT,
    LONGEST_TEXT,
    RARE_TEXT,
    SMALLEST_FLOAT,
)

_ORDINARY_CONTROLS = frozenset("\t\n\r")


def strangest(tiers: Iterable[Tier]) -> Tier:
    """The strangest of some tiers; ordinary where there are none."""
    out = Tier.ORDINARY
    for tier in tiers:
        if tier is Tier.HOSTILE:
            return tier
        if tier.rank > out.rank:
            out = tier
    return out


@lru_cache(maxsize=256)
def _suspicious(words: tuple[str, ...]) -> re.Pattern[str]:
    """What a text must hold, or lack, to be worth a closer look: most texts are not."""
    return re.compile("|".join([r"\A(?:\s|\Z)|\s\Z|[<\[{\r]|[^ -~\t\n]", *map(re.escape, words)]))


class ValueJudge:
    """The tiers of values; ``tokens`` are the container's special ones, ``markers`` what the template looks for."""

    def __init__(self, tokens: Sequence[str], markers: frozenset[str]) -> None:
        self._tokens = tokens
        self._markers = markers
        rare = tuple(sorted(marker for marker in markers if not PROSE.fullmatch(marker)))
        self._sought = re.compile("|".join(map(re.escape, rare))) if rare else None
        self._suspicious = _suspicious((*tokens, *rare))
        self._plain: set[str] = set()  # texts of keys and values that are nothing unusual

    def data(self, value: Any, depth: int = 0) -> Tier:
        """The tier of any JSON; most of what there is to judge passes here, so nothing is yielded."""
        if isinstance(value, str):
            return Tier.ORDINARY if value in self._plain or not value else self.text(value, own=True)
        if value is None:
            return Tier.EXTENDED
        if isinstance(value, (bool, int, float)):
            return number_tier(value)
        if depth > DEEPEST_DATA:
            return Tier.HOSTILE
        out = Tier.ORDINARY
        if isinstance(value, dict):
            if not self._plain.issuperset(value):
                out = strangest(self.text(key, own=True) for key in value)
            value = value.values()
        for inner in value:
            tier = self.data(inner, depth + 1)
            if tier.rank > out.rank:
                out = tier
        return out

    def text(self, text: str, own: bool) -> Tier:
        """``own``: the text is not the user's, so that marks of the template's own format are no forgery in it."""
        if self._suspicious.search(text) is None and len(text) <= LONGEST_TEXT:
            self._plain.add(text)
            return Tier.ORDINARY
        if len(text) > LONGEST_TEXT or SYNTAX.search(text) or not (text.isprintable() or _is_assigned(text)):
            return Tier.HOSTILE
        if any(token in text for token in self._tokens if not (own and token in self._markers)):
            return Tier.HOSTILE
        for special in SPECIAL.findall(text):
            if not (own and any(special in marker for marker in self._markers)):
                return Tier.HOSTILE
        if RARE_TEXT.search(text) or (self._sought is not None and self._sought.search(text)):
            return Tier.EVERYDAY
        return Tier.ORDINARY


def number_tier(value: float) -> Tier:
    """The tier of a number, or of a truth value."""
    if isinstance(value, bool):
        return Tier.ORDINARY
    if isinstance(value, int):
        if -INT32 < value < INT32:
            return Tier.ORDINARY
        return Tier.HOSTILE if abs(value) > EXACT else Tier.EXTENDED
    ordinary_zero = value == 0 and str(value) == "0.0"
    return Tier.EXTENDED if ordinary_zero or SMALLEST_FLOAT <= abs(value) < LARGEST_FLOAT else Tier.HOSTILE


def _is_assigned(text: str) -> bool:
    return all(
        character in _ORDINARY_CONTROLS or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
        for character in text
    )
