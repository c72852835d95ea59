"""Attributes and items, and what methods of Python's own values give."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, NEVER, Shape, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Env, Machine
from portable_tpl.template.types.operations.slices import SUBSCRIPTABLE, sliced
from portable_tpl.template.types.requests.contents import is_record

_HAS_ATTRIBUTES: tuple[tuple[int, frozenset[str]], ...] = (
    (k.STR | k.MARKUP, frozenset(dir(str))),
    (k.LIST, frozenset(dir(list))),
    (k.TUPLE, frozenset(dir(tuple))),
    (k.DICT, frozenset(dir(dict))),
    (k.VIEW, frozenset(dir({}.items()))),
    (k.RANGE, frozenset(dir(range))),
    (k.INT | k.BOOL, frozenset(dir(int))),
    (k.ITERATOR, frozenset(dir(iter([])))),
)
_MOST_PLACES = 16  # of an index that are looked up one by one
_LOOP_NUMBERS = {"index": k.NONZERO, "index0": k.INT, "revindex": k.NONZERO, "revindex0": k.INT, "length": k.NONZERO}
_LOOP_DEPTHS = {"depth": k.NONZERO, "depth0": k.INT}


def attribute(machine: Machine, node: nodes.Getattr, env: Env) -> Type:
    """``value.name``: a Python attribute if there is one, else an item."""
    holder = machine.evaluate(node.node, env)
    if not holder.bits & k.ALL_KINDS & ~k.UNDEFINED:
        return NEVER
    if holder.bits & k.UNDEFINED:
        holder = machine.pool.keep(holder, k.ALL_KINDS & ~k.UNDEFINED)
        machine.narrow(env, node.node, holder)
    if holder.bits & k.DICT and node.attr in _DICT_ATTRIBUTES:
        return attribute_of(machine, holder, node.attr)  # never the item of that name
    proved = machine.known(node, env)
    return attribute_of(machine, holder, node.attr) if proved is None else proved


def attribute_of(machine: Machine, holder: Type, name: str) -> Type:
    """What ``holder.name`` gives; ``UNDEFINED`` where there is no such thing."""
    return machine.pool.by_sureness(holder, lambda part: _attribute_of(machine, part, name))


def _attribute_of(machine: Machine, holder: Type, name: str) -> Type:
    bits = holder.bits
    shape = holder.shape
    pool = machine.pool
    if bits & k.DICT and not bits & k.ALL_KINDS & ~k.DICT and shape is not None and shape.fields is not None:
        return pool.type(k.METHOD) if name in _DICT_ATTRIBUTES else machine.field(shape, name)
    if holder is ANY:
        return ANY
    result = NEVER
    for kind, names in _HAS_ATTRIBUTES:
        if bits & kind:
            if name in names:
                result = pool.join(result, pool.type(k.METHOD))
            elif kind == k.DICT and shape is not None and shape.fields is not None:
                result = pool.join(result, machine.field(shape, name))
            else:
                result = pool.join(result, ABSENT)
    if bits & (k.NAMESPACE | k.LOOP | k.MACRO | k.OTHER):
        result = pool.join(result, _special(machine, holder, name))
    return pool.join(result, ABSENT) if bits & _PLAIN else result


_PLAIN = k.ALL_KINDS & ~(
    k.ANY_TEXT
    | k.LIST
    | k.TUPLE
    | k.DICT
    | k.VIEW
    | k.RANGE
    | k.INT
    | k.BOOL
    | k.ITERATOR
    | k.NAMESPACE
    | k.LOOP
    | k.MACRO
)
_DICT_ATTRIBUTES = frozenset(dir(dict))


def _special(machine: Machine, holder: Type, name: str) -> Type:
    pool = machine.pool
    result = NEVER
    shape = holder.shape
    if holder.bits & k.NAMESPACE:
        if shape is None or not shape.refs:
            return ANY
        for site in shape.refs:
            if site.__class__ is int:
                result = pool.join(result, machine.read_attribute(site, name))
    if holder.bits & k.LOOP:
        result = pool.join(result, _loop_attribute(pool, holder, name))
    if holder.bits & k.MACRO:
        result = pool.join(result, ABSENT if name not in _MACRO_ATTRIBUTES else ANY)
    return pool.join(result, ANY) if holder.bits & k.OTHER else result


_MACRO_ATTRIBUTES = frozenset({"name", "arguments", "catch_kwargs", "catch_varargs", "caller"})


def _loop_attribute(pool: Pool, loop: Type, name: str) -> Type:
    bits = _LOOP_NUMBERS.get(name) or _LOOP_DEPTHS.get(name)
    if bits:
        return pool.type(bits)
    if name in ("first", "last"):
        return pool.type(k.BOOL)
    if name in ("previtem", "nextitem"):
        return pool.join(ABSENT, loop.shape.element if loop.shape else NEVER)
    if name in ("cycle", "changed"):
        return pool.type(k.METHOD)
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
    if index is NEVER or not holder.bits & k.ALL_KINDS & ~k.UNDEFINED:
        return NEVER
    if holder.bits & k.UNDEFINED:
        holder = machine.pool.keep(holder, k.ALL_KINDS & ~k.UNDEFINED)
        machine.narrow(env, node.node, holder)
    proved = machine.known(node, env)
    if proved is not None:
        return proved
    result = item_of(machine, holder, index)
    if argument.__class__ is nodes.Name and holder.only(k.DICT) and machine.is_key_of(env, argument.name, node.node):
        result = machine.pool.keep(result, k.ALL_KINDS & ~k.UNDEFINED)
    return result


def item_of(machine: Machine, holder: Type, index: Type) -> Type:
    """What ``holder[index]`` gives."""
    return machine.pool.by_sureness(holder, lambda part: _item_of(machine, part, index))


def _item_of(machine: Machine, holder: Type, index: Type) -> Type:
    pool = machine.pool
    if holder is ANY:
        return ANY
    bits = holder.bits
    result = NEVER
    if index.bits & (k.INT | k.BOOL) and bits & SUBSCRIPTABLE:
        result = _at(pool, holder, index)
    if index.bits & k.ANY_TEXT:
        result = pool.join(result, _under(machine, holder, index))
    if index.bits & k.ALL_KINDS & ~(k.ANY_TEXT | k.INT | k.BOOL) or bits & k.ALL_KINDS & ~(SUBSCRIPTABLE | k.DICT):
        result = pool.join(result, ABSENT)
    if index.bits & (k.INT | k.BOOL) and bits & k.DICT and holder.shape is not None:
        result = pool.join(result, pool.join(ABSENT, holder.shape.rest))
    return result


def _at(pool: Pool, holder: Type, index: Type) -> Type:
    bits = holder.bits
    shape = holder.shape
    result = ABSENT
    numbers = index.numbers if not index.bits & k.BOOL else None
    if bits & k.ANY_TEXT:
        marked = k.TEXT_MARKUP if bits & k.MARKUP else 0
        result = pool.type(
            k.TEXT_STR | marked | k.UNDEFINED | bits & k.TEXT_FACTS | k.LEADING_SPACE | k.TRAILING_SPACE
        )
        if holder.texts is not None and numbers is not None:
            result = _characters(pool, holder.texts, numbers)
    if bits & k.RANGE:
        result = pool.join(result, pool.type(k.INT | k.NEGATIVE))
    if shape is None or shape.items is None:
        return result
    if numbers is None or len(numbers) > _MOST_PLACES:
        return pool.join(result, shape.element)
    places = [_in_sequence(pool, shape, number) for number in numbers]
    if result is ABSENT and all(filled for _, filled in places) and not bits & k.RANGE:
        result = NEVER
    return pool.join_all((result, *(item for item, _ in places if item is not None)))


def _in_sequence(pool: Pool, shape: Shape, number: int) -> tuple[Type | None, bool]:
    """What is at a place of a sequence, and whether something is there for certain."""
    assert shape.items is not None
    if number >= 0:
        return (shape.items[number] if number < len(shape.items) else shape.tail), shape.least > number
    exact = shape.tail is None and shape.least == len(shape.items)
    item = shape.items[number] if exact and -number <= len(shape.items) else shape.element
    return item, shape.least >= -number


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
    if bits & k.DICT and shape is not None and shape.fields is not None:
        if index.texts is not None:
            for text in index.texts:
                value = machine.field(shape, text)
                if value.bits & k.UNDEFINED and text in _DICT_ATTRIBUTES:
                    value = pool.join(value, pool.type(k.METHOD))
                result = pool.join(result, value)
        else:
            # A key that the template computes may also be the name of a method: a case for the hostile alone.
            method = pool.type(k.METHOD) if CONTENTS[machine.tier].anything else ABSENT
            named = pool.join_all(shape.fields.values())
            named = pool.unsure(named, but=k.UNDEFINED) if is_record(shape) else named
            result = pool.join_all((named, shape.rest, ABSENT, method))
    if bits & k.ALL_KINDS & ~k.DICT:
        others = pool.keep(holder, k.ALL_KINDS & ~k.DICT)
        if index.texts is not None:
            result = pool.join_all((result, *(attribute_of(machine, others, text) for text in index.texts)))
        else:
            result = pool.join(
                result, ANY if bits & (k.NAMESPACE | k.LOOP | k.OTHER) else pool.type(k.UNDEFINED | k.METHOD)
            )
    return result
