"""Which values can be equal, and which can differ."""

from __future__ import annotations

from portable_tpl.template.types.lattice.kinds import (
    ALL_KINDS,
    ANY_TEXT,
    BOOL,
    DICT,
    EMPTY,
    FALSE,
    FALSY,
    FLOAT,
    INT,
    LIST,
    NONE,
    NUMBER,
    RANGE,
    STR,
    TRUE,
    TRUTHY,
    TUPLE,
    UNDEFINED,
    VIEW,
)
from portable_tpl.template.types.lattice.lattice import NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool

_SINGLE = NONE | UNDEFINED | TRUE | FALSE | (EMPTY & ANY_TEXT)


def may_differ(left: Type, right: Type) -> bool:
    """Whether a value of one type can be unequal to one of the other."""
    kinds = (left.bits | right.bits) & ALL_KINDS
    if left.texts is not None and left.texts == right.texts and len(left.texts) == 1 and not kinds & ~STR:
        return False
    if left.numbers is not None and left.numbers == right.numbers and len(left.numbers) == 1 and not kinds & ~INT:
        return False
    return not (kinds & _SINGLE == kinds and not kinds & kinds - 1)


def equal_parts(pool: Pool, left: Type, right: Type) -> tuple[Type, Type]:
    """The values of ``left`` that can be equal to one of ``right``, and those that can be unequal."""
    parts = pool.equal.get((left, right))
    if parts is None:
        parts = pool.equal[left, right] = _equal_parts(pool, left, right)
    return parts


def _equal_parts(pool: Pool, left: Type, right: Type) -> tuple[Type, Type]:
    lbits, rbits = left.bits, right.bits
    yes = NEVER
    no = left
    if lbits & ANY_TEXT and rbits & ANY_TEXT:
        texts = pool.keep(left, ANY_TEXT)
        if right.texts is not None:
            yes = pool.only_texts(texts, right.texts)
            if len(right.texts) == 1 and not rbits & ALL_KINDS & ~STR:
                no = pool.without_texts(left, right.texts)
        else:
            yes = texts
    if lbits & NUMBER and rbits & NUMBER:
        yes = pool.join(yes, _equal_numbers(pool, left, right))
    same = lbits & rbits & ALL_KINDS & ~(ANY_TEXT | NUMBER)
    for kind in (LIST, TUPLE, DICT, VIEW, RANGE):
        if lbits & kind and rbits & kind:
            same |= lbits & kind
    yes = pool.join(yes, pool.keep(left, same))
    if rbits & ALL_KINDS in (NONE, UNDEFINED):
        no = pool.keep(no, ~rbits)
    elif rbits & ALL_KINDS in (TRUE, FALSE):
        no = pool.keep(no, ~(rbits & BOOL))
    elif right.numbers is not None and len(right.numbers) == 1 and not rbits & ALL_KINDS & ~INT:
        no = _without_number(pool, no, next(iter(right.numbers)))
    return yes, no


def _equal_numbers(pool: Pool, left: Type, right: Type) -> Type:
    both = pool.keep(left, NUMBER)
    rbits = right.bits & NUMBER
    if not rbits & FALSY:
        both = pool.keep(both, TRUTHY)
    if not rbits & TRUTHY:
        both = pool.keep(both, FALSY)
    if left.numbers is not None and right.numbers is not None and not (left.bits | right.bits) & (BOOL | FLOAT):
        return pool.of_numbers(left.numbers & right.numbers)
    return both


def _without_number(pool: Pool, type_: Type, number: int) -> Type:
    if type_.numbers is not None:
        rest = pool.of_numbers(type_.numbers - {number})
        return pool.join(pool.keep(type_, ALL_KINDS & ~INT), rest)
    return pool.keep(type_, ~(INT & EMPTY)) if number == 0 else type_
