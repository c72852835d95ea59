"""What is inside a value, and what its text is."""

from __future__ import annotations

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Shape, Type
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
    bits = (first | second) & (k.TEXT_FACTS & ~k.TRAILING_SPACE) | second & k.TRAILING_SPACE
    if second & k.EMPTY:
        bits |= first & k.TRAILING_SPACE
    if first & k.EMPTY and second & k.EMPTY:
        bits |= k.EMPTY_STR
    if (first | second) & (k.TEXT_STR | k.TEXT_MARKUP):
        bits |= k.TEXT_STR
    if not (first & k.EMPTY and second & k.EMPTY):
        bits &= ~k.EMPTY_STR
    return pool.type(bits)


def as_text(pool: Pool, type_: Type) -> Type:
    """What ``str()`` makes of a value."""
    bits = type_.bits
    if not bits & k.ALL_KINDS & ~k.STR:
        return type_
    result = pool.keep(type_, k.STR)
    if bits & k.UNDEFINED:
        result = pool.join(result, pool.text(""))
    if bits & k.NONE:
        result = pool.join(result, pool.text("None"))
    if bits & k.BOOL:
        result = pool.join(result, pool.of_texts(("True", "False")))
    if bits & k.INT:
        if type_.numbers is not None:
            result = pool.join(result, pool.of_texts(map(str, type_.numbers)))
        else:
            result = pool.join(result, pool.type(k.TEXT_STR))
    if bits & k.FLOAT:
        result = pool.join(result, pool.type(k.TEXT_STR))
    if bits & k.MARKUP:
        result = pool.join(result, pool.type((bits & k.MARKUP) >> 2 | bits & k.TEXT_FACTS))
    if bits & k.ALL_KINDS & ~(k.STR | k.UNDEFINED | k.NONE | k.NUMBER | k.MARKUP):
        # repr() of what is inside: quotes at least; line ends are escaped, other scripts are not.
        result = pool.join(result, pool.type(k.TEXT_STR | k.TEXT_FACTS))
    return result


def may_be_empty(type_: Type) -> bool:
    """Whether a loop over a value may have no turn."""
    if type_.bits & (k.EMPTY | k.UNDEFINED):
        return True
    return bool(type_.bits & k.ITERATOR) and (type_.shape is None or not type_.shape.least)


def elements(pool: Pool, type_: Type) -> Type:
    """What a loop over a value gives; kinds that cannot be iterated give nothing."""
    return pool.by_sureness(type_, lambda part: _elements(pool, part))


def _elements(pool: Pool, type_: Type) -> Type:
    bits = type_.bits
    result = NEVER
    shape = type_.shape
    if bits & (k.LIST | k.TUPLE | k.VIEW | k.ITERATOR | k.LOOP | k.RANGE) and shape is not None:
        result = shape.element
    if bits & k.RANGE and (shape is None or shape.element is NEVER):
        result = pool.join(result, pool.type(k.INT | k.NEGATIVE))
    if bits & k.ANY_TEXT:
        marked = k.TEXT_MARKUP if bits & k.MARKUP else 0
        inner = bits & k.TEXT_FACTS | k.LEADING_SPACE | k.TRAILING_SPACE
        result = pool.join(result, pool.type(k.TEXT_STR | marked | inner) if bits & FULL_TEXT else NEVER)
    if bits & k.DICT:
        result = pool.join(result, keys(pool, type_))
    return result


def keys(pool: Pool, type_: Type) -> Type:
    """The keys of a dict."""
    shape = type_.shape
    if shape is ANY.shape:
        return ANY
    if shape is None or shape.fields is None or shape.rest.bits & k.ALL_KINDS & ~k.UNDEFINED:
        return pool.type(k.STR | k.TEXT_FACTS)
    return pool.of_texts(name for name, value in shape.fields.items() if value.bits & k.ALL_KINDS & ~k.UNDEFINED)


def values(pool: Pool, type_: Type) -> Type:
    """The values of a dict."""
    return pool.by_sureness(pool.keep(type_, k.DICT), lambda part: _values(pool, part))


def _values(pool: Pool, type_: Type) -> Type:
    shape = type_.shape
    if shape is None or shape.fields is None:
        return NEVER
    named = pool.join_all(shape.fields.values())
    every = pool.join(pool.unsure(named) if is_record(shape) else named, shape.rest)
    return pool.keep(every, k.ALL_KINDS & ~k.UNDEFINED)


def is_record(shape: Shape) -> bool:
    """Whether a mapping holds values of one kind under one key and of another under another."""
    inside = [*(shape.fields or {}).values(), shape.rest]
    return len({k.unsure_marks(each.bits & k.ALL_KINDS & ~k.UNDEFINED) for each in inside} - {0}) > 1


FULL_TEXT = k.TEXT_STR | k.TEXT_MARKUP


ITERABLE = k.ANY_TEXT | k.LIST | k.TUPLE | k.DICT | k.VIEW | k.ITERATOR | k.RANGE | k.LOOP | k.UNDEFINED
