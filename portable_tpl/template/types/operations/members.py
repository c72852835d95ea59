"""Attributes, items and slices, and what methods of Python's own values give."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.types.lattice.kinds import (
    ALL_KINDS,
    ANY_TEXT,
    BOOL,
    DICT,
    EMPTY_LIST,
    EMPTY_RANGE,
    EMPTY_STR,
    EMPTY_TUPLE,
    INT,
    ITERATOR,
    LEADING_SPACE,
    LIST,
    LOOP,
    MACRO,
    MARKUP,
    METHOD,
    NAMESPACE,
    NEGATIVE,
    NEWLINE,
    NONZERO,
    OTHER,
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
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Env, Machine

_SUBSCRIPTABLE = ANY_TEXT | LIST | TUPLE | RANGE
_HAS_ATTRIBUTES: tuple[tuple[int, frozenset[str]], ...] = (
    (STR | MARKUP, frozenset(dir(str))),
    (LIST, frozenset(dir(list))),
    (TUPLE, frozenset(dir(tuple))),
    (DICT, frozenset(dir(dict))),
    (VIEW, frozenset(dir({}.items()))),
    (RANGE, frozenset(dir(range))),
    (INT | BOOL, frozenset(dir(int))),
    (ITERATOR, frozenset(dir(iter([])))),
)
_LOOP_NUMBERS = {"index": NONZERO, "index0": INT, "revindex": NONZERO, "revindex0": INT, "length": NONZERO}
_LOOP_DEPTHS = {"depth": NONZERO, "depth0": INT}


def attribute(machine: Machine, node: nodes.Getattr, env: Env) -> Type:
    """``value.name``: a Python attribute if there is one, else an item."""
    holder = machine.evaluate(node.node, env)
    if not holder.bits & ALL_KINDS & ~UNDEFINED:
        return NEVER
    if holder.bits & UNDEFINED:
        holder = machine.pool.keep(holder, ALL_KINDS & ~UNDEFINED)
        machine.narrow(env, node.node, holder)
    if holder.bits & DICT and node.attr in _DICT_ATTRIBUTES:
        return attribute_of(machine, holder, node.attr)  # never the item of that name
    proved = machine.known(node, env)
    return attribute_of(machine, holder, node.attr) if proved is None else proved


def attribute_of(machine: Machine, holder: Type, name: str) -> Type:
    """What ``holder.name`` gives; ``UNDEFINED`` where there is no such thing."""
    bits = holder.bits
    shape = holder.shape
    pool = machine.pool
    if bits & DICT and not bits & ALL_KINDS & ~DICT and shape is not None and shape.fields is not None:
        return pool.type(METHOD) if name in _DICT_ATTRIBUTES else machine.field(shape, name)
    if holder is ANY:
        return ANY
    result = NEVER
    for kind, names in _HAS_ATTRIBUTES:
        if bits & kind:
            if name in names:
                result = pool.join(result, pool.type(METHOD))
            elif kind == DICT and shape is not None and shape.fields is not None:
                result = pool.join(result, machine.field(shape, name))
            else:
                result = pool.join(result, ABSENT)
    if bits & (NAMESPACE | LOOP | MACRO | OTHER):
        result = pool.join(result, _special(machine, holder, name))
    return pool.join(result, ABSENT) if bits & _PLAIN else result


_PLAIN = ALL_KINDS & ~(
    ANY_TEXT | LIST | TUPLE | DICT | VIEW | RANGE | INT | BOOL | ITERATOR | NAMESPACE | LOOP | MACRO
)
_DICT_ATTRIBUTES = frozenset(dir(dict))


def _special(machine: Machine, holder: Type, name: str) -> Type:
    pool = machine.pool
    result = NEVER
    shape = holder.shape
    if holder.bits & NAMESPACE:
        if shape is None or not shape.refs:
            return ANY
        for site in shape.refs:
            if site.__class__ is int:
                result = pool.join(result, machine.read_attribute(site, name))
    if holder.bits & LOOP:
        result = pool.join(result, _loop_attribute(pool, holder, name))
    if holder.bits & MACRO:
        result = pool.join(result, ABSENT if name not in _MACRO_ATTRIBUTES else ANY)
    return pool.join(result, ANY) if holder.bits & OTHER else result


_MACRO_ATTRIBUTES = frozenset({"name", "arguments", "catch_kwargs", "catch_varargs", "caller"})


def _loop_attribute(pool: Pool, loop: Type, name: str) -> Type:
    bits = _LOOP_NUMBERS.get(name) or _LOOP_DEPTHS.get(name)
    if bits:
        return pool.type(bits)
    if name in ("first", "last"):
        return pool.type(BOOL)
    if name in ("previtem", "nextitem"):
        return pool.join(ABSENT, loop.shape.element if loop.shape else NEVER)
    if name in ("cycle", "changed"):
        return pool.type(METHOD)
    return ABSENT


def item(machine: Machine, node: nodes.Getitem, env: Env) -> Type:
    """``value[index]``: an item if there is one, else a Python attribute; a slice."""
    holder = machine.evaluate(node.node, env)
    if holder is NEVER:
        return NEVER
    argument = node.arg
    if isinstance(argument, nodes.Slice):
        return sliced(machine, argument, holder, node.node, env)
    index = machine.evaluate(argument, env)
    if index is NEVER or not holder.bits & ALL_KINDS & ~UNDEFINED:
        return NEVER
    if holder.bits & UNDEFINED:
        holder = machine.pool.keep(holder, ALL_KINDS & ~UNDEFINED)
        machine.narrow(env, node.node, holder)
    proved = machine.known(node, env)
    if proved is not None:
        return proved
    result = item_of(machine, holder, index)
    if argument.__class__ is nodes.Name and holder.only(DICT) and machine.is_key_of(env, argument.name, node.node):
        result = machine.pool.keep(result, ALL_KINDS & ~UNDEFINED)
    return result


def item_of(machine: Machine, holder: Type, index: Type) -> Type:
    """What ``holder[index]`` gives."""
    pool = machine.pool
    if holder is ANY:
        return ANY
    bits = holder.bits
    result = NEVER
    if index.bits & (INT | BOOL) and bits & _SUBSCRIPTABLE:
        result = _at(pool, holder, index)
    if index.bits & ANY_TEXT:
        result = pool.join(result, _under(machine, holder, index))
    if index.bits & ALL_KINDS & ~(ANY_TEXT | INT | BOOL) or bits & ALL_KINDS & ~(_SUBSCRIPTABLE | DICT):
        result = pool.join(result, ABSENT)
    if index.bits & (INT | BOOL) and bits & DICT and holder.shape is not None:
        result = pool.join(result, pool.join(ABSENT, holder.shape.rest))
    return result


def _at(pool: Pool, holder: Type, index: Type) -> Type:
    bits = holder.bits
    shape = holder.shape
    result = ABSENT
    numbers = index.numbers if not index.bits & BOOL else None
    if bits & ANY_TEXT:
        marked = TEXT_MARKUP if bits & MARKUP else 0
        result = pool.type(TEXT_STR | marked | UNDEFINED | bits & TEXT_FACTS | LEADING_SPACE | TRAILING_SPACE)
        if holder.texts is not None and numbers is not None:
            result = _characters(pool, holder.texts, numbers)
    if bits & RANGE:
        result = pool.join(result, pool.type(INT | NEGATIVE))
    if shape is None or shape.items is None:
        return result
    if numbers is None or len(numbers) > 1:
        return pool.join(result, shape.element)
    (number,) = numbers
    item = shape.items[number] if 0 <= number < len(shape.items) else shape.tail
    exact = shape.tail is None and shape.least == len(shape.items)
    if number < 0:
        item = shape.items[number] if exact and -number <= len(shape.items) else shape.element
    if result is ABSENT and (shape.least > number if number >= 0 else shape.least >= -number) and not bits & RANGE:
        result = NEVER
    return pool.join(result, item) if item is not None else result


def _characters(pool: Pool, texts: frozenset[str], numbers: frozenset[int]) -> Type:
    result = NEVER
    for text in texts:
        for number in numbers:
            inside = -len(text) <= number < len(text)
            result = pool.join(result, pool.text(text[number]) if inside else ABSENT)
    return result


def _under(machine: Machine, holder: Type, index: Type) -> Type:
    pool = machine.pool
    bits, shape = holder.bits, holder.shape
    result = NEVER
    if bits & DICT and shape is not None and shape.fields is not None:
        if index.texts is not None:
            for text in index.texts:
                value = machine.field(shape, text)
                if value.bits & UNDEFINED and text in _DICT_ATTRIBUTES:
                    value = pool.join(value, pool.type(METHOD))
                result = pool.join(result, value)
        else:
            # A key that the template computes may also be the name of a method: a case for the hostile alone.
            method = pool.type(METHOD) if CONTENTS[machine.tier].anything else ABSENT
            result = pool.join_all((*shape.fields.values(), shape.rest, ABSENT, method))
    if bits & ALL_KINDS & ~DICT:
        others = pool.keep(holder, ALL_KINDS & ~DICT)
        if index.texts is not None:
            result = pool.join_all((result, *(attribute_of(machine, others, text) for text in index.texts)))
        else:
            result = pool.join(result, ANY if bits & (NAMESPACE | LOOP | OTHER) else pool.type(UNDEFINED | METHOD))
    return result


def sliced(machine: Machine, node: nodes.Slice, holder: Type, holder_node: nodes.Node, env: Env) -> Type:
    """``value[start:stop:step]``; only sequences and texts have slices, all else raises."""
    pool = machine.pool
    bounds = slice_bounds(machine, node, env)
    if any(bound is NEVER for bound in bounds):
        return NEVER
    if holder.bits & ALL_KINDS & ~(_SUBSCRIPTABLE | OTHER):
        holder = pool.keep(holder, _SUBSCRIPTABLE | OTHER)
        machine.narrow(env, holder_node, holder)
    result = ANY if holder.bits & OTHER else NEVER
    bits = holder.bits
    start, stop, step = bounds
    if bits & ANY_TEXT:
        result = pool.join(result, _sliced_text(pool, holder, bounds))
    for kind in (LIST, TUPLE, RANGE):
        if bits & kind:
            result = pool.join(result, _sliced_sequence(pool, holder, kind, start, stop, step))
    return result


def slice_bounds(machine: Machine, node: nodes.Slice, env: Env) -> list[Type | None]:
    """The types of start, stop and step; ``None`` for one that is left out."""
    machine.types[id(node)] = machine.pool.type(OTHER)
    parts = (node.start, node.stop, node.step)
    return [None if part is None else machine.evaluate(part, env) for part in parts]


def slice_value(machine: Machine, node: nodes.Slice, env: Env) -> Type:
    """A slice as a value, as in ``a[1, 2:3]``."""
    bounds = slice_bounds(machine, node, env)
    return NEVER if any(bound is NEVER for bound in bounds) else machine.pool.type(OTHER)


def _single(bound: Type | None) -> int | None:
    if bound is None or bound.numbers is None or len(bound.numbers) != 1 or bound.bits & ALL_KINDS & ~INT:
        return None
    return next(iter(bound.numbers))


def _sliced_text(pool: Pool, holder: Type, bounds: list[Type | None]) -> Type:
    numbers = [_single(bound) for bound in bounds]
    if numbers[2] == 0:
        return NEVER
    if holder.texts is not None and all(b is None or n is not None for b, n in zip(bounds, numbers, strict=True)):
        return pool.of_texts(text[slice(*numbers)] for text in holder.texts)
    bits = holder.bits & (STR | MARKUP | TEXT_FACTS)
    if bits & STR:
        bits |= EMPTY_STR
    if bits & MARKUP:
        bits |= MARKUP
    return pool.type(bits | _INNER_SPACE)


_INNER_SPACE = LEADING_SPACE | TRAILING_SPACE | NEWLINE


def _sliced_sequence(
    pool: Pool, holder: Type, kind: int, start: Type | None, stop: Type | None, step: Type | None
) -> Type:
    shape = holder.shape
    if shape is None or shape.items is None:
        return pool.type(kind)
    first = 0 if start is None else _single(start)
    if step is None and stop is None and first is not None and first >= 0:
        least = max(0, shape.least - first)
        whole = pool.shape(shape.items[first:], shape.tail, least)
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


_EMPTIES = EMPTY_LIST | EMPTY_TUPLE | EMPTY_RANGE
