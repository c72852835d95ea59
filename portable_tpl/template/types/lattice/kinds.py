"""Kinds of values, as bits of one ``int``.

Where a value can be false in a condition, its kind has two bits: one for the value that is false (``0``, ``""``,
``[]``) and one for all others; so truth, emptiness and kind are one bit operation each. The bits above the kinds say
what the text or the number *may* hold. Everything is a *may*: a bit that is not set is a proof of absence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNDEFINED = 1 << 0
NONE = 1 << 1
FALSE = 1 << 2
TRUE = 1 << 3
ZERO = 1 << 4
NONZERO = 1 << 5
FLOAT_ZERO = 1 << 6
FLOAT_NONZERO = 1 << 7
EMPTY_STR = 1 << 8
TEXT_STR = 1 << 9
EMPTY_MARKUP = 1 << 10
TEXT_MARKUP = 1 << 11
EMPTY_LIST = 1 << 12
FULL_LIST = 1 << 13
EMPTY_TUPLE = 1 << 14
FULL_TUPLE = 1 << 15
EMPTY_DICT = 1 << 16
FULL_DICT = 1 << 17
EMPTY_VIEW = 1 << 18
FULL_VIEW = 1 << 19
EMPTY_RANGE = 1 << 20
FULL_RANGE = 1 << 21
ITERATOR = 1 << 22
NAMESPACE = 1 << 23
MACRO = 1 << 24
FUNCTION = 1 << 25
METHOD = 1 << 26
LOOP = 1 << 27
OTHER = 1 << 28

BOOL = FALSE | TRUE
INT = ZERO | NONZERO
FLOAT = FLOAT_ZERO | FLOAT_NONZERO
STR = EMPTY_STR | TEXT_STR
MARKUP = EMPTY_MARKUP | TEXT_MARKUP
LIST = EMPTY_LIST | FULL_LIST
TUPLE = EMPTY_TUPLE | FULL_TUPLE
DICT = EMPTY_DICT | FULL_DICT
VIEW = EMPTY_VIEW | FULL_VIEW
RANGE = EMPTY_RANGE | FULL_RANGE

ANY_TEXT = STR | MARKUP
NUMBER = BOOL | INT | FLOAT
CALLABLE = MACRO | FUNCTION | METHOD
ALL_KINDS = (1 << 29) - 1

EMPTY = (
    ZERO | FLOAT_ZERO | EMPTY_STR | EMPTY_MARKUP | EMPTY_LIST | EMPTY_TUPLE | EMPTY_DICT | EMPTY_VIEW | EMPTY_RANGE
)
FALSY = UNDEFINED | NONE | FALSE | EMPTY
TRUTHY = ALL_KINDS & ~FALSY

NON_ASCII = 1 << 32
HTML_CHARS = 1 << 33
LEADING_SPACE = 1 << 34
TRAILING_SPACE = 1 << 35
NEWLINE = 1 << 36
NEGATIVE = 1 << 37
BIG = 1 << 38

TEXT_FACTS = NON_ASCII | HTML_CHARS | LEADING_SPACE | TRAILING_SPACE | NEWLINE
NUMBER_FACTS = NEGATIVE | BIG
ALL_FACTS = TEXT_FACTS | NUMBER_FACTS
# Kinds that no ordinary request need bring to a place: those of a value that was taken from a record (a mapping with
# text here and a list there) by a key that was not followed, and those that are rare where they come from. One bit
# for each group of kinds.
_SEQUENCES, _OTHERS = LIST | TUPLE | VIEW | RANGE | ITERATOR | LOOP, DICT | NAMESPACE | CALLABLE | OTHER
GROUPS = (ANY_TEXT, NUMBER, NONE, _SEQUENCES, _OTHERS, UNDEFINED)
_UNSURE = tuple((group, 1 << (39 + place)) for place, group in enumerate(GROUPS))
UNSURE = sum(mark for _, mark in _UNSURE)
# Of text that is empty in rare requests alone: what somebody says, unless it is an answer beside calls or a result.
RARELY_EMPTY = 1 << 46
# Of text that is in another script only where no ordinary request need bring it.
RARELY_NON_ASCII = 1 << 47


def unsure_marks(bits: int) -> int:
    """The marks of all groups of kinds in a set of bits, whether they are set in it or not."""
    return sum(mark for group, mark in _UNSURE if bits & group)


def surely_non_ascii(bits: int) -> bool:
    """Whether ordinary requests bring text in any script, as far as a set of bits tells."""
    return bool(bits & NON_ASCII) and not bits & (unsure_marks(ANY_TEXT) | RARELY_NON_ASCII)


def unsure_kinds(bits: int) -> int:
    """The kinds of all groups that are marked in a set of bits."""
    return sum(group for group, mark in _UNSURE if bits & mark)


KINDS: Mapping[str, int] = MappingProxyType(
    {
        "undefined": UNDEFINED,
        "none": NONE,
        "bool": BOOL,
        "int": INT,
        "float": FLOAT,
        "str": STR,
        "markup": MARKUP,
        "list": LIST,
        "tuple": TUPLE,
        "dict": DICT,
        "view": VIEW,
        "range": RANGE,
        "iterator": ITERATOR,
        "namespace": NAMESPACE,
        "macro": MACRO,
        "function": FUNCTION,
        "method": METHOD,
        "loop": LOOP,
        "other": OTHER,
    }
)


def kind_names(bits: int) -> tuple[str, ...]:
    """The names of the kinds in a set of bits, in a fixed order."""
    return tuple(name for name, mask in KINDS.items() if bits & mask)


def text_facts(text: str) -> int:
    """The kind and fact bits of one text."""
    if not text:
        return EMPTY_STR
    bits = TEXT_STR
    if not text.isascii():
        bits |= NON_ASCII
    if "<" in text or ">" in text or "&" in text or "'" in text:
        bits |= HTML_CHARS
    if "\n" in text or "\r" in text:
        bits |= NEWLINE
    if text[0].isspace():
        bits |= LEADING_SPACE
    if text[-1].isspace():
        bits |= TRAILING_SPACE
    return bits


def number_facts(value: int) -> int:
    """The kind and fact bits of one integer; ``BIG`` where JavaScript's numbers stop being exact."""
    bits = NONZERO if value else ZERO
    if value < 0:
        bits |= NEGATIVE
    return bits | BIG if abs(value) > 1 << 53 else bits
