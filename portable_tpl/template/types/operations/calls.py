"""What calls give: methods, jinja2's and transformers' global functions, and macros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Type
from portable_tpl.template.types.machine import Env, Machine
from portable_tpl.template.types.operations.macros import call_macro
from portable_tpl.template.types.operations.members import _HAS_ATTRIBUTES
from portable_tpl.template.types.operations.methods import got_item, method_result


def call(machine: Machine, node: nodes.Call, env: Env) -> Type:
    """``callee(arguments)``."""
    callee = node.node
    if callee.__class__ is nodes.Name and callee.name not in env and callee.name in GLOBALS:
        machine.types[id(callee)] = machine.pool.type(k.FUNCTION)
        return GLOBALS[callee.name](machine, node, env)
    if callee.__class__ is nodes.Getattr or callee.__class__ is nodes.Getitem:
        name = getattr(callee, "attr", None) or getattr(getattr(callee, "arg", None), "value", None)
        if isinstance(name, str):
            return _method_call(machine, node, callee, name, env)
    function = machine.evaluate(callee, env)
    arguments = _arguments(machine, node, env)
    if arguments is None or not function.bits & (k.MACRO | k.FUNCTION | k.METHOD | k.OTHER):
        return NEVER
    result = NEVER
    if function.bits & k.MACRO:
        result = call_macro(machine, function, node, arguments)
    if function.bits & (k.FUNCTION | k.METHOD | k.OTHER):
        result = ANY
    if function.bits & k.ALL_KINDS & ~(k.MACRO | k.FUNCTION | k.METHOD | k.OTHER):
        machine.narrow(env, callee, machine.pool.keep(function, k.MACRO | k.FUNCTION | k.METHOD | k.OTHER))
    machine.forget_attributes(env)
    return result


def _arguments(machine: Machine, node: Any, env: Env) -> list[Type] | None:
    """The types of the positional and then the keyword arguments; ``None`` where one of them cannot be."""
    result = []
    for argument in (*node.args, *node.kwargs):
        value = argument.value if argument.__class__ is nodes.Keyword else argument
        type_ = machine.evaluate(value, env)
        if type_ is NEVER:
            return None
        if value is not argument:
            machine.types[id(argument)] = type_
        result.append(type_)
    return result if machine.unpacks(node, env) else None


def _method_call(machine: Machine, node: nodes.Call, callee: Any, name: str, env: Env) -> Type:
    method = machine.evaluate(callee, env)
    if method is NEVER:
        return NEVER
    arguments = _arguments(machine, node, env)
    if arguments is None or not method.bits & (k.METHOD | k.MACRO | k.FUNCTION | k.OTHER):
        return NEVER
    pool = machine.pool
    holder = machine.types.get(id(callee.node), ANY)
    now = machine.known(callee.node, env)
    if callee.node.__class__ is nodes.Name:
        now = machine.lookup(env, callee.node.name)
    if now is not None:
        holder = now
    result = NEVER
    read = machine.got(node) if holder.only(k.DICT) else None
    proved = None if read is None else machine.known(read, env)
    if proved is not None:
        return got_item(pool, proved, arguments)
    if method.bits & k.METHOD:
        able = sum(kind for kind, names in _HAS_ATTRIBUTES if name in names)
        if holder.bits & k.NAMESPACE or holder.bits & (1 << 27) or holder.bits & k.OTHER:
            return ANY
        apt = pool.keep(holder, able | (k.DICT if callee.__class__ is nodes.Getitem else 0))
        if apt is not holder:
            holder = apt
            machine.narrow(env, callee.node, holder)
        result = method_result(machine, holder, name, arguments)
    if method.bits & k.MACRO:
        result = pool.join(result, call_macro(machine, method, node, arguments))
        machine.forget_attributes(env)
    return pool.join(result, ANY) if method.bits & (k.FUNCTION | k.OTHER) else result


def _namespace(machine: Machine, node: nodes.Call, env: Env) -> Type:
    arguments = _arguments(machine, node, env)
    if arguments is None:
        return NEVER
    site = id(node)
    for keyword, type_ in zip(node.kwargs, arguments[len(node.args) :], strict=True):
        machine.write_attribute(site, keyword.key, type_, late=False)
    for argument in arguments[: len(node.args)]:
        if argument.shape is not None and argument.shape.fields is not None:
            for name, type_ in argument.shape.fields.items():
                machine.write_attribute(site, name, type_, late=False)
    for name, kinds in machine.guesses.get(site, {}).items():
        machine.guess_attribute(site, name, kinds)
    return machine.pool.type(k.NAMESPACE, None, None, machine.pool.shape(refs=frozenset((site,))))


def _raise(machine: Machine, node: nodes.Call, env: Env) -> Type:
    _arguments(machine, node, env)
    return NEVER


def _range(machine: Machine, node: nodes.Call, env: Env) -> Type:
    arguments = _arguments(machine, node, env)
    if arguments is None:
        return NEVER
    known = [next(iter(each.numbers)) if each.numbers and len(each.numbers) == 1 else None for each in arguments]
    numbers = [each for each in known if each is not None]
    pool = machine.pool
    if not 0 < len(numbers) == len(known) <= 3 or (len(numbers) == 3 and numbers[2] == 0):
        return pool.sequence(k.RANGE, pool.type(k.INT | k.NEGATIVE))
    values = range(*numbers)
    if not values:
        return pool.type(k.EMPTY_RANGE)
    if values[_MOST_NUMBERS:]:
        return pool.sequence(k.FULL_RANGE, pool.type(k.INT | k.NEGATIVE))
    return pool.sequence(k.FULL_RANGE, pool.join_all(map(pool.number, values)))


def _dict(machine: Machine, node: nodes.Call, env: Env) -> Type:
    arguments = _arguments(machine, node, env)
    if arguments is None:
        return NEVER
    pool = machine.pool
    fields = {keyword.key: type_ for keyword, type_ in zip(node.kwargs, arguments[len(node.args) :], strict=True)}
    result = pool.dict_of(k.DICT if not fields else FULL_DICT_BIT, fields)
    for argument in arguments[: len(node.args)]:
        plain = argument.only(k.DICT) and not fields
        result = argument if plain else pool.join(result, pool.dict_of(k.DICT, {}, ANY))
    return result


FULL_DICT_BIT = 1 << 17
_MOST_NUMBERS = 16


def _strftime(machine: Machine, node: nodes.Call, env: Env) -> Type:
    if _arguments(machine, node, env) is None:
        return NEVER
    return machine.pool.type(k.STR | k.TEXT_FACTS)


def _other(machine: Machine, node: nodes.Call, env: Env) -> Type:
    return NEVER if _arguments(machine, node, env) is None else ANY


GLOBALS: dict[str, Callable[[Machine, nodes.Call, Env], Type]] = {
    "namespace": _namespace,
    "raise_exception": _raise,
    "range": _range,
    "dict": _dict,
    "strftime_now": _strftime,
    "lipsum": _other,
    "cycler": _other,
    "joiner": _other,
}
