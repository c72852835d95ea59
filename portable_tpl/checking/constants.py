"""What is known of a value that the template itself names: which of the answers about its kind are about it.

The answers of a table about a kind of values go by the tier of the samples that break: what only rare samples show
(text with ``\\r``, numbers that JavaScript does not hold) does not show with an ordinary value that is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from portable_tpl.model.conversation import Tier
from portable_tpl.requests.tiers import INT32, RARE_TEXT
from portable_tpl.support.table import Support
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import Type

Spare = Callable[[str, Support], bool]
"""Whether an answer of a target is not about the value at hand."""

_NUMERAL = re.compile(r"-?\d{1,9}(\.\d{1,9})?\Z", re.ASCII)
_TITLE = re.compile(r"([A-Za-z][a-z]*)( [A-Za-z][a-z]*)*\Z")
_SENTENCE = re.compile(r"[A-Za-z][a-z ]*\Z")
_FEW_DIGITS = 8
# What text has to look like for all engines to make the same of it.
_HARMLESS = {"int": _NUMERAL, "float": _NUMERAL, "title": _TITLE, "capitalize": _SENTENCE}


def spare_rare(type_: Type) -> Spare | None:
    """Of a value that is one of a few ordinary ones: the answers that only rarer values of its kinds have brought."""
    return _is_rare if is_ordinary(type_) else None


def _is_rare(target: str, support: Support) -> bool:
    return support.tier != Tier.ORDINARY.value


def is_ordinary(type_: Type) -> bool:
    """Whether a value is one of a few texts and whole numbers, and all of them are what people write."""
    kinds = type_.bits & k.ALL_KINDS
    if not kinds or kinds & ~(k.STR | k.INT | k.BOOL | k.NONE | k.UNDEFINED):
        return False
    if (kinds & k.STR and type_.texts is None) or (kinds & k.INT and type_.numbers is None):
        return False
    return all(abs(number) < INT32 for number in type_.numbers or ()) and all(map(_is_common, type_.texts or ()))


def _is_common(text: str) -> bool:
    return not text or (RARE_TEXT.search(text) is None and re.sub("[\n\t]", "", text).isprintable())


def is_harmless(name: str, type_: Type) -> bool:
    """Whether a filter is given texts that are known, and of which all engines make the same."""
    shape = _HARMLESS.get(name)
    return shape is not None and bool(type_.texts) and all(map(shape.match, type_.texts or ()))


def is_plain_float(number: float) -> bool:
    """Whether Python writes a float in full and in few digits, as every engine does."""
    text = repr(number)
    return "e" not in text and "n" not in text and len(text) <= _FEW_DIGITS
