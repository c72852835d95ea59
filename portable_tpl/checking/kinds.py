"""From types to the kinds of values that the support table is about."""

from __future__ import annotations

from functools import cache

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, Type

Kinds = tuple[str, ...]

_SPACE = k.LEADING_SPACE | k.TRAILING_SPACE
_PLAIN_BITS: tuple[tuple[int, str], ...] = (
    (k.UNDEFINED, "undefined"),
    (k.NONE, "none"),
    (k.FALSE, "false"),
    (k.TRUE, "true"),
    (k.ZERO, "zero"),
    (k.NONZERO, "int"),
    (k.FLOAT, "float"),
    (k.EMPTY_STR, "empty"),
    (k.MARKUP, "markup"),
    (k.EMPTY_LIST, "empty-list"),
    (k.FULL_LIST, "list"),
    (k.TUPLE, "tuple"),
    (k.EMPTY_DICT, "empty-dict"),
    (k.FULL_DICT, "dict"),
    (k.VIEW, "view"),
    (k.RANGE, "range"),
    (k.ITERATOR, "iterator"),
    (k.ITERATOR, "empty-iterator"),
    (k.NAMESPACE, "namespace"),
    (k.MACRO, "macro"),
    (k.FUNCTION | k.METHOD, "function"),
)
_TEXT_BITS: tuple[tuple[int, str], ...] = (
    (k.HTML_CHARS, "html"),
    (_SPACE, "spaced"),
    (k.NEWLINE, "lines"),
    (k.NON_ASCII, "unicode"),
)
TEXT_KINDS = frozenset({"word", "plain", "empty", "html", "spaced", "lines", "unicode", "unicode-spaced"})
_OTHER_SCRIPTS = frozenset({"unicode", "unicode-spaced"})
_BRIEF = dict.fromkeys(TEXT_KINDS - {"empty"}, "plain") | {"markup": "plain"}


def kinds_of(type_: Type, among: int = k.ALL_KINDS) -> Kinds:
    """The kinds of values that a type may have, as ``data/kinds.json`` names them; of those ``among`` these bits."""
    if type_ is ANY:
        return ()  # nothing is known, and to warn of everything would be no warning
    texts = type_.texts
    wordy = texts is not None and all(
        not text or (text.isascii() and text.isalpha() and text.islower()) for text in texts
    )
    kinds = _kinds(type_.bits & (among | k.ALL_FACTS), wordy)
    if type_.bits & k.ITERATOR and type_.shape is not None and type_.shape.least:
        kinds = tuple(kind for kind in kinds if kind != "empty-iterator")
    return kinds


@cache
def _kinds(bits: int, wordy: bool) -> Kinds:
    out = [name for mask, name in _PLAIN_BITS if bits & mask]
    if bits & k.NONZERO and bits & k.NEGATIVE:
        out.append("negative")
    if bits & k.TEXT_STR:
        out.append("word" if wordy else "plain")
        out += [name for mask, name in _TEXT_BITS if bits & mask]
        if bits & k.NON_ASCII and bits & _SPACE:
            out.append("unicode-spaced")
    return tuple(out)


@cache
def unsure_marks(kinds: Kinds) -> int:
    """The marks of types that cannot be sure to be of some kinds in ordinary requests."""
    bits = sum({mask for mask, name in _PLAIN_BITS if name in kinds})
    if not TEXT_KINDS.isdisjoint(kinds):
        bits |= k.STR
    if "negative" in kinds:
        bits |= k.INT
    marks = k.unsure_marks(bits)
    if not _OTHER_SCRIPTS.isdisjoint(kinds):
        marks |= k.RARELY_NON_ASCII
    return marks | k.RARELY_EMPTY if "empty" in kinds else marks


@cache
def brief(kinds: Kinds) -> Kinds:
    """The kinds with all text that is not empty as one: ``plain``."""
    return tuple(dict.fromkeys(_BRIEF.get(kind, kind) for kind in kinds))
