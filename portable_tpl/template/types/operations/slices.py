"""Slices of texts and sequences; of a list of messages also which comes first in what is left."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.requests.roles import kind_of_role
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Env, Machine

SUBSCRIPTABLE = k.ANY_TEXT | k.LIST | k.TUPLE | k.RANGE
_EMPTIES = k.EMPTY_LIST | k.EMPTY_TUPLE | k.EMPTY_RANGE
_INNER_SPACE = k.LEADING_SPACE | k.TRAILING_SPACE | k.NEWLINE


def sliced(machine: Machine, node: nodes.Slice, holder: Type, holder_node: nodes.Node, env: Env) -> Type:
    """``value[start:stop:step]``; only sequences and texts have slices, all else raises."""
    pool = machine.pool
    bounds = slice_bounds(machine, node, env)
    if any(bound is NEVER for bound in bounds):
        return NEVER
    if holder.bits & k.ALL_KINDS & ~(SUBSCRIPTABLE | k.OTHER):
        holder = pool.keep(holder, SUBSCRIPTABLE | k.OTHER)
        machine.narrow(env, holder_node, holder)
    result = ANY if holder.bits & k.OTHER else NEVER
    bits = holder.bits
    start, stop, step = bounds
    if bits & k.ANY_TEXT:
        result = pool.join(result, _sliced_text(pool, holder, bounds))
    for kind in (k.LIST, k.TUPLE, k.RANGE):
        if bits & kind:
            result = pool.join(result, _sliced_sequence(pool, holder, kind, start, stop, step))
    return result


def slice_bounds(machine: Machine, node: nodes.Slice, env: Env) -> list[Type | None]:
    """The types of start, stop and step; ``None`` for one that is left out."""
    machine.types[id(node)] = machine.pool.type(k.OTHER)
    parts = (node.start, node.stop, node.step)
    return [None if part is None else machine.evaluate(part, env) for part in parts]


def slice_value(machine: Machine, node: nodes.Slice, env: Env) -> Type:
    """A slice as a value, as in ``a[1, 2:3]``."""
    bounds = slice_bounds(machine, node, env)
    return NEVER if any(bound is NEVER for bound in bounds) else machine.pool.type(k.OTHER)


def _single(bound: Type | None) -> int | None:
    if bound is None or bound.numbers is None or len(bound.numbers) != 1 or bound.bits & k.ALL_KINDS & ~k.INT:
        return None
    return next(iter(bound.numbers))


def _sliced_text(pool: Pool, holder: Type, bounds: list[Type | None]) -> Type:
    numbers = [_single(bound) for bound in bounds]
    if numbers[2] == 0:
        return NEVER
    if holder.texts is not None and all(b is None or n is not None for b, n in zip(bounds, numbers, strict=True)):
        return pool.of_texts(text[slice(*numbers)] for text in holder.texts)
    bits = holder.bits & (k.STR | k.MARKUP | k.TEXT_FACTS)
    if bits & k.STR:
        bits |= k.EMPTY_STR
    if bits & k.MARKUP:
        bits |= k.MARKUP  # also the empty one
    return pool.type(bits | _INNER_SPACE)


def _sliced_sequence(
    pool: Pool, holder: Type, kind: int, start: Type | None, stop: Type | None, step: Type | None
) -> Type:
    shape = holder.shape
    if shape is None or shape.items is None:
        return pool.type(kind)
    first = 0 if start is None else _single(start)
    if step is None and stop is None and first is not None and first >= 0:
        least = max(0, shape.least - first)
        items = shape.items[first:]
        if not items and 0 < first == len(shape.items) and shape.tail is not None:
            opening = _after_system(pool, shape.items[-1], shape.tail)
            items = () if opening is None else (opening,)
        whole = pool.shape(items, shape.tail, least)
        empty = 0 if least else kind & _EMPTIES
        full = kind & ~_EMPTIES if whole.element is not NEVER else 0
        return pool.type(empty | full, None, None, whole)
    if step is None and first == 0 and stop is not None:
        last = _single(stop)
        if last is not None and 0 <= last <= len(shape.items):
            least = min(last, shape.least)
            bits = (0 if least else kind & _EMPTIES) | (kind & ~_EMPTIES if last else 0)
            return pool.type(bits, None, None, pool.shape(shape.items[:last], None, least))
    if step is not None and start is None and stop is None and _single(step) == -1:
        return pool.type(holder.bits & kind, None, None, pool.shape((), shape.element, shape.least))
    return pool.type(kind, None, None, pool.shape((), shape.element))


def _after_system(pool: Pool, before: Type, later: Type) -> Type | None:
    """The message after one that is known to be the system's, which no assistant and no tool writes."""
    known, cases = before.shape, None if later.shape is None else later.shape.cases
    if known is None or known.cases is None or known.fields is None or cases is None or cases[0] != "role":
        return None
    roles = known.fields["role"].texts if known.cases[0] == "role" else None
    if not roles or any(kind_of_role(str(role)) != "system" for role in roles):
        return None
    opening = frozenset(role for role in cases[1] if kind_of_role(role) in ("user", "own"))
    return pool.case(cases, opening) if opening else None
