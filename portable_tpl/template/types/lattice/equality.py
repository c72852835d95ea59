"""Which values can be equal, and which can differ."""

from __future__ import annotations

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool

_SINGLE = k.NONE | k.UNDEFINED | k.TRUE | k.FALSE | (k.EMPTY & k.ANY_TEXT)


def may_differ(left: Type, right: Type) -> bool:
    """Whether a value of one type can be unequal to one of the other."""
    kinds = (left.bits | right.bits) & k.ALL_KINDS
    if left.texts is not None and left.texts == right.texts and len(left.texts) == 1 and not kinds & ~k.STR:
        return False
    if left.numbers is not None and left.numbers == right.numbers and len(left.numbers) == 1 and not kinds & ~k.INT:
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
    if lbits & k.ANY_TEXT and rbits & k.ANY_TEXT:
        texts = pool.keep(left, k.ANY_TEXT)
        if right.texts is not None:
            yes = pool.only_texts(texts, right.texts)
            if len(right.texts) == 1 and not rbits & k.ALL_KINDS & ~k.STR:
                no = pool.without_texts(left, right.texts)
        else:
            yes = texts
    if lbits & k.NUMBER and rbits & k.NUMBER:
        yes = pool.join(yes, _equal_numbers(pool, left, right))
    same = lbits & rbits & k.ALL_KINDS & ~(k.ANY_TEXT | k.NUMBER)
    for kind in (k.LIST, k.TUPLE, k.DICT, k.VIEW, k.RANGE):
        if lbits & kind and rbits & kind:
            same |= lbits & kind
    yes = pool.join(yes, pool.keep(left, same))
    if rbits & k.ALL_KINDS in (k.NONE, k.UNDEFINED):
        no = pool.keep(no, ~rbits)
    elif rbits & k.ALL_KINDS in (k.TRUE, k.FALSE):
        no = pool.keep(no, ~(rbits & k.BOOL))
    elif right.numbers is not None and len(right.numbers) == 1 and not rbits & k.ALL_KINDS & ~k.INT:
        no = _without_number(pool, no, next(iter(right.numbers)))
    return yes, no


def _equal_numbers(pool: Pool, left: Type, right: Type) -> Type:
    both = pool.keep(left, k.NUMBER)
    rbits = right.bits & k.NUMBER
    if not rbits & k.FALSY:
        both = pool.keep(both, k.TRUTHY)
    if not rbits & k.TRUTHY:
        both = pool.keep(both, k.FALSY)
    if left.numbers is not None and right.numbers is not None and not (left.bits | right.bits) & (k.BOOL | k.FLOAT):
        return pool.of_numbers(left.numbers & right.numbers)
    return both


def _without_number(pool: Pool, type_: Type, number: int) -> Type:
    if type_.numbers is not None:
        rest = pool.of_numbers(type_.numbers - {number})
        return pool.join(pool.keep(type_, k.ALL_KINDS & ~k.INT), rest)
    return pool.keep(type_, ~(k.INT & k.EMPTY)) if number == 0 else type_
