"""What is inside a value, and what its text is."""

from __future__ import annotations

from portable_tpl.template.types.lattice.kinds import (
    ALL_FACTS,
    ALL_KINDS,
    ANY_TEXT,
    BOOL,
    DICT,
    EMPTY,
    EMPTY_STR,
    FLOAT,
    INT,
    ITERATOR,
    LEADING_SPACE,
    LIST,
    LOOP,
    MARKUP,
    NEGATIVE,
    NONE,
    NUMBER,
    RANGE,
    STR,
    TEXT_FACTS,
    TEXT_MARKUP,
    TEXT_STR,
    TRAILING_SPACE,
    TUPLE,
    UNDEFINED,
    VIEW,
)
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool

_MOST_PRODUCTS = 8  # pairs of known texts that are joined; their number multiplies with each further `~`


_LONGEST_CONSTANT = 400  # characters; a loop that appends to a text would else grow it without end


def joined_text(pool: Pool, left: Type, right: Type) -> Type:
    """The text of ``left`` followed by that of ``right``, both texts only."""
    if left.texts is not None and right.texts is not None and len(left.texts) * len(right.texts) <= _MOST_PRODUCTS:
        texts = [one + other for one in left.texts for other in right.texts]
        if max(map(len, texts), default=0) <= _LONGEST_CONSTANT:
            return pool.of_texts(texts)
    first, second = left.bits, right.bits
    bits = (first | second) & (TEXT_FACTS & ~TRAILING_SPACE) | second & TRAILING_SPACE
    if second & EMPTY:
        bits |= first & TRAILING_SPACE
    if first & EMPTY and second & EMPTY:
        bits |= EMPTY_STR
    if (first | second) & (TEXT_STR | TEXT_MARKUP):
        bits |= TEXT_STR
    if not (first & EMPTY and second & EMPTY):
        bits &= ~EMPTY_STR
    return pool.type(bits)


def as_text(pool: Pool, type_: Type) -> Type:
    """What ``str()`` makes of a value."""
    bits = type_.bits
    if not bits & ALL_KINDS & ~STR:
        return type_
    result = pool.keep(type_, STR)
    if bits & UNDEFINED:
        result = pool.join(result, pool.text(""))
    if bits & NONE:
        result = pool.join(result, pool.text("None"))
    if bits & BOOL:
        result = pool.join(result, pool.of_texts(("True", "False")))
    if bits & INT:
        if type_.numbers is not None:
            result = pool.join(result, pool.of_texts(map(str, type_.numbers)))
        else:
            result = pool.join(result, pool.type(TEXT_STR))
    if bits & FLOAT:
        result = pool.join(result, pool.type(TEXT_STR))
    if bits & MARKUP:
        result = pool.join(result, pool.type((bits & MARKUP) >> 2 | bits & TEXT_FACTS))
    if bits & ALL_KINDS & ~(STR | UNDEFINED | NONE | NUMBER | MARKUP):
        # repr() of what is inside: quotes at least; line ends are escaped, other scripts are not.
        result = pool.join(result, pool.type(TEXT_STR | TEXT_FACTS))
    return result


def elements(pool: Pool, type_: Type) -> Type:
    """What a loop over a value gives; kinds that cannot be iterated give nothing."""
    bits = type_.bits
    result = NEVER
    shape = type_.shape
    if bits & (LIST | TUPLE | VIEW | ITERATOR | LOOP | RANGE) and shape is not None:
        result = shape.element
    if bits & RANGE and (shape is None or shape.element is NEVER):
        result = pool.join(result, pool.type(INT | NEGATIVE))
    if bits & ANY_TEXT:
        marked = TEXT_MARKUP if bits & MARKUP else 0
        inner = bits & TEXT_FACTS | LEADING_SPACE | TRAILING_SPACE
        result = pool.join(result, pool.type(TEXT_STR | marked | inner) if bits & FULL_TEXT else NEVER)
    if bits & DICT:
        result = pool.join(result, keys(pool, type_))
    return result


def keys(pool: Pool, type_: Type) -> Type:
    """The keys of a dict."""
    shape = type_.shape
    if shape is ANY.shape:
        return ANY
    if shape is None or shape.fields is None or shape.rest.bits & ALL_KINDS & ~UNDEFINED:
        return pool.type(STR | TEXT_FACTS)
    return pool.of_texts(name for name, value in shape.fields.items() if value.bits & ALL_KINDS & ~UNDEFINED)


def values(pool: Pool, type_: Type) -> Type:
    """The values of a dict."""
    shape = type_.shape
    if shape is None or shape.fields is None:
        return NEVER
    return pool.keep(pool.join(pool.join_all(shape.fields.values()), shape.rest), ALL_KINDS & ~UNDEFINED | ALL_FACTS)


FULL_TEXT = TEXT_STR | TEXT_MARKUP


ITERABLE = ANY_TEXT | LIST | TUPLE | DICT | VIEW | ITERATOR | RANGE | LOOP | UNDEFINED
