"""What jinja2's operators give, kind by kind; operands that raise on the reference give nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Env, Machine
from portable_tpl.template.types.requests.contents import as_text, joined_text

_MOST_PRODUCTS = 8  # pairs of known numbers that are added one by one; their sums multiply with each further operand


def add(machine: Machine, node: nodes.Add, env: Env) -> Type:
    """``left + right``."""
    left, right = _operands(machine, node, env)
    if left is NEVER or right is NEVER:
        return NEVER
    pool = machine.pool
    result = _add_text(pool, left, right)
    if left.bits & k.NUMBER and right.bits & k.NUMBER:
        result = pool.join(result, _arithmetic(pool, left, right, int.__add__))
    for kind in (k.LIST, k.TUPLE):
        if left.bits & kind and right.bits & kind:
            result = pool.join(result, _concatenate(pool, left, right, kind))
    _prove(machine, env, node.left, left, _addable(right.bits))
    _prove(machine, env, node.right, right, _addable(left.bits))
    return result


def _addable(other: int) -> int:
    """The kinds that can be added to a value of the kinds ``other``."""
    allowed = 0
    for kind in (k.ANY_TEXT, k.NUMBER, k.LIST, k.TUPLE):
        if other & kind:
            allowed |= kind
    return allowed


def _operands(machine: Machine, node: Any, env: Env) -> tuple[Type, Type]:
    left = machine.evaluate(node.left, env)
    if left is NEVER:
        return NEVER, NEVER
    return left, machine.evaluate(node.right, env)


def _prove(machine: Machine, env: Env, node: nodes.Node, type_: Type, allowed: int) -> None:
    """What an operation raises for cannot come after it."""
    if type_.bits & k.ALL_KINDS & ~allowed:
        machine.narrow(env, node, machine.pool.keep(type_, allowed))


def _add_text(pool: Pool, left: Type, right: Type) -> Type:
    if not (left.bits & k.ANY_TEXT and right.bits & k.ANY_TEXT):
        return NEVER
    text = joined_text(pool, pool.keep(left, k.ANY_TEXT), pool.keep(right, k.ANY_TEXT))
    if not (left.bits | right.bits) & k.MARKUP:
        return text
    marked = k.MARKUP | text.bits & k.TEXT_FACTS
    if left.bits & k.STR and right.bits & k.STR:
        return pool.join(text, pool.type(marked))
    return pool.type(marked)


def _concatenate(pool: Pool, left: Type, right: Type, kind: int) -> Type:
    both = left.bits & right.bits & kind & k.EMPTY
    if (left.bits | right.bits) & kind & k.TRUTHY:
        both |= kind & k.TRUTHY
    one, other = left.shape, right.shape
    if one is None or other is None:
        return pool.type(both, None, None, one or other)
    least = one.least + other.least
    if one.tail is None and one.items is not None and one.least == len(one.items):
        items = one.items + (other.items or ())
        return pool.type(both, None, None, pool.shape(items[:16], _tail(pool, items[16:], other.tail), least))
    tail = pool.join(one.element, other.element)
    return pool.type(both, None, None, pool.shape((), None if tail is NEVER else tail, least))


def _tail(pool: Pool, extra: tuple[Type, ...], tail: Type | None) -> Type | None:
    if not extra:
        return tail
    joined = pool.join_all(extra)
    return joined if tail is None else pool.join(joined, tail)


def _arithmetic(pool: Pool, left: Type, right: Type, exact: Callable[[int, int], int] | None) -> Type:
    bits = 0
    if (left.bits | right.bits) & k.FLOAT:
        bits |= k.FLOAT | k.NEGATIVE
    if left.bits & (k.INT | k.BOOL) and right.bits & (k.INT | k.BOOL):
        one, other = left.numbers, right.numbers
        known = one is not None and other is not None and not (left.bits | right.bits) & (k.BOOL | k.FLOAT)
        if exact and known and one is not None and other is not None and len(one) * len(other) <= _MOST_PRODUCTS:
            try:
                return pool.of_numbers(exact(a, b) for a in one for b in other)
            except (ZeroDivisionError, OverflowError, ValueError):
                return pool.type(bits | k.INT | k.NEGATIVE)
        bits |= k.INT | (left.bits | right.bits) & (k.NEGATIVE | k.BIG)
        if exact is not int.__add__:
            bits |= k.NEGATIVE
    return pool.type(bits)


def subtract(machine: Machine, node: Any, env: Env) -> Type:
    """``left - right``, and other operators on numbers alone."""
    left, right = _operands(machine, node, env)
    if (left.bits | right.bits) & (k.VIEW | k.OTHER):
        return ANY  # the views of a dict subtract like sets
    if not (left.bits & k.NUMBER and right.bits & k.NUMBER):
        return NEVER
    _prove(machine, env, node.left, left, k.NUMBER)
    _prove(machine, env, node.right, right, k.NUMBER)
    exact = {nodes.Sub: int.__sub__, nodes.FloorDiv: int.__floordiv__, nodes.Pow: None}.get(type(node))
    return _arithmetic(machine.pool, left, right, exact)


def power(machine: Machine, node: nodes.Pow, env: Env) -> Type:
    """``left ** right``: an integer to a negative power is a float."""
    result = subtract(machine, node, env)
    # To a negative power an integer is a float, and a negative one can even be complex.
    return (
        result
        if result is NEVER
        else machine.pool.join(result, machine.pool.type(k.FLOAT | k.NEGATIVE | k.BIG | k.OTHER))
    )


def divide(machine: Machine, node: nodes.Div, env: Env) -> Type:
    """``left / right`` is always a float."""
    left, right = _operands(machine, node, env)
    if not (left.bits & k.NUMBER and right.bits & k.NUMBER):
        return NEVER
    return machine.pool.type(k.FLOAT | k.NEGATIVE)


def multiply(machine: Machine, node: nodes.Mul, env: Env) -> Type:
    """``left * right``: numbers, or a text or list repeated."""
    left, right = _operands(machine, node, env)
    if left is NEVER or right is NEVER:
        return NEVER
    pool = machine.pool
    result = NEVER
    if left.bits & k.NUMBER and right.bits & k.NUMBER:
        result = _arithmetic(pool, left, right, int.__mul__)
    for one, other in ((left, right), (right, left)):
        if other.bits & (k.INT | k.BOOL):
            for kind in (k.STR, k.MARKUP, k.LIST, k.TUPLE):
                if one.bits & kind:
                    result = pool.join(result, repeated(pool, one, kind))
    return result


def repeated(pool: Pool, type_: Type, kind: int) -> Type:
    """A text or sequence any number of times."""
    if kind & k.ANY_TEXT:
        return pool.type(kind | type_.bits & k.TEXT_FACTS)
    return pool.sequence(kind, type_.shape.element if type_.shape else NEVER)


def modulo(machine: Machine, node: nodes.Mod, env: Env) -> Type:
    """``left % right``: the rest of a division, or text formatting."""
    left, right = _operands(machine, node, env)
    if left is NEVER or right is NEVER:
        return NEVER
    pool = machine.pool
    result = NEVER
    if left.bits & k.NUMBER and right.bits & k.NUMBER:
        numbers = right.numbers
        if not (left.bits | right.bits) & k.FLOAT and numbers and 0 not in numbers:
            most = max(map(abs, numbers))
            result = (
                pool.of_numbers(range(most)) if min(numbers) > 0 and most <= 16 else pool.type(k.INT | k.NEGATIVE)
            )
        else:
            result = _arithmetic(pool, left, right, None)
    if left.bits & k.ANY_TEXT:
        result = pool.join(
            result, pool.type(left.bits & (k.STR | k.MARKUP) | k.EMPTY_STR | k.TEXT_STR | k.TEXT_FACTS)
        )
    return result


def concat(machine: Machine, node: nodes.Concat, env: Env) -> Type:
    """``a ~ b ~ c``: the texts of all of them, joined."""
    pool = machine.pool
    result = pool.text("")
    for child in node.nodes:
        type_ = machine.evaluate(child, env)
        if type_ is NEVER:
            return NEVER
        result = joined_text(pool, result, as_text(pool, type_))
    return result


def negate(machine: Machine, node: Any, env: Env) -> Type:
    """``-x`` and ``+x``."""
    type_ = machine.evaluate(node.node, env)
    if not type_.bits & k.NUMBER:
        return NEVER
    pool = machine.pool
    result = NEVER
    if type_.bits & (k.INT | k.BOOL):
        if type_.numbers is not None and not type_.bits & k.BOOL:
            sign = -1 if isinstance(node, nodes.Neg) else 1
            result = pool.of_numbers(sign * number for number in type_.numbers)
        else:
            result = pool.type(k.INT | k.NEGATIVE | type_.bits & k.BIG)
    if type_.bits & k.FLOAT:
        result = pool.join(result, pool.type(k.FLOAT | k.NEGATIVE))
    _prove(machine, env, node.node, type_, k.NUMBER)
    return result
