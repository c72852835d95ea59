"""What conditions prove: the two worlds behind a test, each with what must hold there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from jinja2 import nodes
from jinja2.tests import TESTS as PYTHON_TESTS

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.equality import equal_parts, may_differ
from portable_tpl.template.types.lattice.lattice import NEVER, Type
from portable_tpl.template.types.machine import Env, Machine
from portable_tpl.template.types.operations.kind_tests import EQUAL, KIND_TESTS, UNEQUAL, assume_test

_CONTAINER = k.ANY_TEXT | k.LIST | k.TUPLE | k.DICT | k.VIEW | k.ITERATOR | k.RANGE | k.LOOP | k.UNDEFINED

Worlds = tuple["Env | None", "Env | None"]


def branch(machine: Machine, node: nodes.Node, env: Env) -> Worlds:
    """The worlds in which a condition is true and in which it is false; ``None`` for one that cannot be.

    Takes ``env`` over: the caller uses only what is returned.
    """
    handler = _CONDITIONS.get(node.__class__)
    if handler is not None:
        worlds: Worlds = handler(machine, node, env)
        if handler is _and or handler is _or:
            return worlds
        bits = (k.TRUE if worlds[0] is not None else 0) | (k.FALSE if worlds[1] is not None else 0)
        _record(machine, node, machine.pool.type(bits))
        return worlds
    type_ = machine.evaluate(node, env)
    return split_truth(machine, node, type_, env)


def _record(machine: Machine, node: nodes.Node, type_: Type) -> None:
    key = id(node)
    old = machine.types.get(key)
    if old is not type_:
        machine.types[key] = type_ if old is None else machine.pool.join(old, type_)


def split_truth(machine: Machine, node: nodes.Node, type_: Type, env: Env) -> Worlds:
    """Split by the truth of a value that is already known."""
    return _split(machine, node, type_, machine.pool.keep(type_, k.TRUTHY), machine.pool.keep(type_, k.FALSY), env)


def _split(machine: Machine, node: nodes.Node, type_: Type, yes: Type, no: Type, env: Env) -> Worlds:
    """Split a world in which ``node`` is of ``type_`` into one where it is ``yes`` and one where it is ``no``."""
    if not yes.bits & k.ALL_KINDS:
        return (None, env) if no.bits & k.ALL_KINDS else (None, None)
    if not no.bits & k.ALL_KINDS:
        return env, None
    other = dict(env)
    if yes is not type_:
        machine.narrow(env, node, yes)
    if no is not type_:
        machine.narrow(other, node, no)
    return env, other


def _not(machine: Machine, node: nodes.Not, env: Env) -> Worlds:
    yes, no = branch(machine, node.node, env)
    return no, yes


def _and(machine: Machine, node: nodes.And, env: Env) -> Worlds:
    yes, no = branch(machine, node.left, env)
    if yes is None:
        _record_choice(machine, node, k.FALSY, False)
        return None, no
    both, second = branch(machine, node.right, yes)
    _record_choice(machine, node, k.FALSY, True)
    return both, machine.merge(no, second)


def _or(machine: Machine, node: nodes.Or, env: Env) -> Worlds:
    yes, no = branch(machine, node.left, env)
    if no is None:
        _record_choice(machine, node, k.TRUTHY, False)
        return yes, None
    second, neither = branch(machine, node.right, no)
    _record_choice(machine, node, k.TRUTHY, True)
    return machine.merge(yes, second), neither


def _record_choice(machine: Machine, node: nodes.And | nodes.Or, kept: int, both: bool) -> None:
    """Note the value of ``and`` and ``or``: it is one of the operands."""
    types = machine.types
    value = machine.pool.keep(types.get(id(node.left), NEVER), kept)
    if both:
        value = machine.pool.join(value, types.get(id(node.right), NEVER))
    _record(machine, node, value)


def _compare(machine: Machine, node: nodes.Compare, env: Env) -> Worlds:
    if len(node.ops) != 1:
        type_ = machine.evaluate(node, env)
        return split_truth(machine, node, type_, env)
    operand = node.ops[0]
    left = machine.evaluate(node.expr, env)
    if left is NEVER:
        return None, None
    right = machine.evaluate(operand.expr, env)
    if right is NEVER:
        return None, None
    _record(machine, operand, right)
    op = operand.op
    if op == "eq" or op == "ne":
        worlds = _equality(machine, node.expr, left, operand.expr, right, env)
        return worlds if op == "eq" else (worlds[1], worlds[0])
    if op == "in" or op == "notin":
        worlds = _membership(machine, node.expr, left, operand.expr, right, env)
        return worlds if op == "in" else (worlds[1], worlds[0])
    return _ordering(machine, node.expr, left, operand.expr, right, op, env)


def _equality(machine: Machine, one: Any, left: Type, two: Any, right: Type, env: Env) -> Worlds:
    yes, no = equal_parts(machine.pool, left, right)
    if not yes.bits & k.ALL_KINDS:
        return None, env
    if not may_differ(left, right):
        return env, None
    worlds = _split(machine, one, left, yes, no, env)
    _narrow_beneath(machine, one, yes, worlds[0])
    _narrow_beneath(machine, one, no, worlds[1])
    if machine.path(two) is None or None in worlds:
        return worlds
    yes, no = equal_parts(machine.pool, right, left)
    if worlds[0] is not None and yes is not right:
        machine.narrow(worlds[0], two, yes)
    if worlds[1] is not None and no is not right and no.bits & k.ALL_KINDS:
        machine.narrow(worlds[1], two, no)
    return worlds


_TEXT_FILTERS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "capitalize": str.capitalize,
    "trim": str.strip,
}


def _narrow_beneath(machine: Machine, node: Any, type_: Type, env: Env | None) -> None:
    """Carry what was proved of ``x|upper`` and the like over to ``x``, where ``x`` is one of a few texts."""
    if env is None or type_.texts is None or node.__class__ is not nodes.Filter or node.name not in _TEXT_FILTERS:
        return
    change = _TEXT_FILTERS[node.name]
    value = machine.types.get(id(node.node))
    if (
        node.node is not None
        and value is not None
        and not node.args
        and value.texts is not None
        and value.only(k.STR)
    ):
        fitting = frozenset(text for text in value.texts if change(text) in type_.texts)
        if fitting and fitting != value.texts:
            machine.narrow(env, node.node, machine.pool.of_texts(fitting))


def _membership(machine: Machine, one: Any, left: Type, two: Any, right: Type, env: Env) -> Worlds:
    pool = machine.pool
    allowed = _CONTAINER if left.bits & k.ANY_TEXT else _CONTAINER & ~k.ANY_TEXT
    if right.bits & k.ALL_KINDS & ~allowed:
        right = pool.keep(right, allowed)
        machine.narrow(env, two, right)
    if right is NEVER:
        return None, None
    if right.only(k.ANY_TEXT) and left.bits & k.ALL_KINDS & ~k.ANY_TEXT:
        left = pool.keep(left, k.ANY_TEXT)
        machine.narrow(env, one, left)
    if right.only(k.DICT) and left.texts is not None and len(left.texts) == 1:
        return _has_key(machine, two, right, next(iter(left.texts)), env)
    if right.only(k.ANY_TEXT):
        return _has_text(left, right, env)
    if right.only(k.UNDEFINED) or right.only(k.EMPTY):
        return None, env
    if right.only(k.LIST | k.TUPLE) and right.shape is not None:
        yes, no = equal_parts(pool, left, right.shape.element)
        items = right.shape.items
        if yes is NEVER or not yes.bits & k.ALL_KINDS:
            return None, env
        no = left
        if items is not None and right.shape.tail is None and right.shape.least == len(items):
            for item in items:
                no = equal_parts(pool, no, item)[1]
        return _split(machine, one, left, yes, no, env)
    return env, dict(env)


def _has_text(left: Type, right: Type, env: Env) -> Worlds:
    if left.texts is not None and right.texts is not None:
        outcomes = {one in other for one in left.texts for other in right.texts}
        return (env if True in outcomes else None), (dict(env) if False in outcomes else None)
    return env, (None if left.texts == frozenset(("",)) else dict(env))


def _has_key(machine: Machine, two: Any, right: Type, key: str, env: Env) -> Worlds:
    shape = right.shape
    if shape is None or shape.fields is None:
        return env, dict(env)
    field = machine.field(shape, key)
    if not field.bits & k.ALL_KINDS & ~k.UNDEFINED:
        return None, env
    if not field.bits & k.UNDEFINED:
        return env, None
    other = dict(env)
    pool = machine.pool
    for world, kinds in ((env, ~k.UNDEFINED), (other, k.UNDEFINED)):
        kept = pool.keep(field, kinds)
        refined = pool.refine(right, key, kept)  # a message of an assistant: with calls or without
        machine.narrow(world, two, refined if refined is not right else pool.with_field(right, key, kept))
    return env, other


def _ordering(machine: Machine, one: Any, left: Type, two: Any, right: Type, op: str, env: Env) -> Worlds:
    """``<`` and its kin: texts with texts, numbers with numbers, sequences with their like."""
    pool = machine.pool
    for node, type_, other in ((one, left, right), (two, right, left)):
        allowed = 0
        for kind in (k.ANY_TEXT, k.NUMBER, k.LIST, k.TUPLE, k.VIEW):
            if other.bits & kind:
                allowed |= kind
        allowed |= k.OTHER
        if type_.bits & k.ALL_KINDS & ~allowed:
            machine.narrow(env, node, pool.keep(type_, allowed))
            if not type_.bits & allowed:
                return None, None
    if left.numbers is not None and right.numbers is not None and not (left.bits | right.bits) & k.ALL_KINDS & ~k.INT:
        outcomes = {_ORDER[op](a, b) for a in left.numbers for b in right.numbers}
        return (env if True in outcomes else None), (dict(env) if False in outcomes else None)
    other_env = dict(env)
    if isinstance(one, nodes.Filter) and one.name in ("length", "count") and one.node is not None:
        _narrow_by_length(machine, one.node, right, op, env, other_env)
    return env, other_env


_ORDER: dict[str, Any] = {
    "lt": int.__lt__,
    "lteq": int.__le__,
    "gt": int.__gt__,
    "gteq": int.__ge__,
}


def _narrow_by_length(machine: Machine, node: nodes.Node, right: Type, op: str, yes: Env, no: Env) -> None:
    if right.numbers is None or machine.path(node) is None:
        return
    least = min(right.numbers)
    value = machine.types.get(id(node))
    if value is None:
        return
    full = machine.pool.keep(value, k.TRUTHY)
    empty = machine.pool.keep(value, k.FALSY)
    if (op == "gt" and least >= 0) or (op == "gteq" and least >= 1):
        machine.narrow(yes, node, full)
        if right.numbers == {0 if op == "gt" else 1}:
            machine.narrow(no, node, empty)


def _test(machine: Machine, node: nodes.Test, env: Env) -> Worlds:
    value = machine.evaluate(node.node, env)
    if value is NEVER or (node.name not in PYTHON_TESTS and node.name not in machine.provided):
        return None, None
    arguments = []
    for argument in node.args:
        type_ = machine.evaluate(argument, env)
        if type_ is NEVER:
            return None, None
        arguments.append(type_)
    given = [machine.evaluate(keyword.value, env) for keyword in node.kwargs]
    if any(type_ is NEVER for type_ in given) or not machine.unpacks(node, env):
        return None, None
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return env, dict(env)  # with arguments that are not known
    if node.name in ("in",) and arguments:
        return _membership(machine, node.node, value, node.args[0], arguments[0], env)
    if node.name in EQUAL and arguments:
        return _equality(machine, node.node, value, node.args[0], arguments[0], env)
    if node.name in UNEQUAL and arguments:
        worlds = _equality(machine, node.node, value, node.args[0], arguments[0], env)
        return worlds[1], worlds[0]
    yes = assume_test(machine, node.name, value, arguments, True)
    no = assume_test(machine, node.name, value, arguments, False)
    worlds = _split(machine, node.node, value, yes, no, env)
    if node.node.__class__ is nodes.Getitem and node.name in KIND_TESTS and None not in worlds:
        _narrow_index(machine, node, worlds)
    return worlds


def _narrow_index(machine: Machine, node: Any, worlds: Worlds) -> None:
    """Carry what is proved of ``names[key]``, where ``names`` is a known dict, over to the key."""
    holder, key = machine.types.get(id(node.node.node)), machine.types.get(id(node.node.arg))
    if holder is None or key is None or not holder.only(k.DICT) or key.texts is None or holder.shape is None:
        return
    if holder.shape.fields is None or machine.path(node.node.arg) is None or node.node.arg.__class__ is nodes.Const:
        return
    only_texts = node.name == "defined" and not holder.shape.rest.bits & k.ALL_KINDS & ~k.UNDEFINED
    for env, wanted in zip(worlds, (True, False), strict=True):
        fitting = set()
        for text in key.texts:
            field = machine.field(holder.shape, text)
            if assume_test(machine, node.name, field, [], wanted).bits & k.ALL_KINDS:
                fitting.add(text)
        if env is not None:
            _narrow_key(machine, node.node.arg, key, fitting, env, only_texts and wanted)


def _narrow_key(
    machine: Machine, node: Any, key: Type, texts: Collection[str], env: Env, only_texts: bool = False
) -> None:
    """Note that a key, where it is a text, is one of these; ``only_texts``: it is one."""
    if len(texts) < len(key.texts or ()) or only_texts:
        narrowed = NEVER if only_texts else machine.pool.keep(key, ~k.ANY_TEXT)
        machine.narrow(env, node, machine.pool.join(narrowed, machine.pool.of_texts(texts)) if texts else narrowed)


_CONDITIONS: dict[type, Any] = {
    nodes.Not: _not,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Compare: _compare,
    nodes.Test: _test,
}
