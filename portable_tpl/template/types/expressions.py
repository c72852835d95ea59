"""The table of expressions: what each kind of node gives."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from portable_tpl.template.types import guards
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, NEVER, Type
from portable_tpl.template.types.machine import Env, Evaluate, Machine
from portable_tpl.template.types.operations import calls, filters, members, operators, slices

_MOST_ITEMS = 16  # of a list literal that are known one by one; none of 199 real templates has more


def constant(machine: Machine, node: nodes.Const, env: Env) -> Type:
    """A literal."""
    known = machine.types.get(id(node))
    if known is not None:
        return known
    value = node.value
    pool = machine.pool
    if isinstance(value, str):
        return pool.text(value)
    if isinstance(value, bool):
        return pool.type(k.TRUE if value else k.FALSE)
    if isinstance(value, int):
        return pool.number(value)
    if isinstance(value, float):
        return pool.type(k.FLOAT | (k.NEGATIVE if value < 0 else 0))
    return pool.type(k.NONE) if value is None else ANY


def name(machine: Machine, node: nodes.Name, env: Env) -> Type:
    """A variable."""
    type_: Type | None = env.get(node.name)
    if type_ is not None:
        return type_
    if node.name in calls.GLOBALS:
        return machine.pool.type(k.FUNCTION)
    return machine.lookup(env, node.name)


def template_data(machine: Machine, node: nodes.TemplateData, env: Env) -> Type:
    """Text between tags."""
    known = machine.types.get(id(node))
    return machine.pool.text(node.data) if known is None else known


def list_(machine: Machine, node: Any, env: Env) -> Type:
    """A list or tuple literal."""
    items = []
    for child in node.items:
        type_ = machine.evaluate(child, env)
        if type_ is NEVER:
            return NEVER
        items.append(type_)
    pool = machine.pool
    if node.__class__ is nodes.Tuple:
        bits = k.FULL_TUPLE if items else k.EMPTY_TUPLE
    else:
        bits = k.FULL_LIST if items else k.EMPTY_LIST
    if len(items) > _MOST_ITEMS:
        return pool.type(bits, None, None, pool.shape((), pool.join_all(items), len(items)))
    return pool.type(bits, None, None, pool.shape(tuple(items), None, len(items)))


def dict_(machine: Machine, node: nodes.Dict, env: Env) -> Type:
    """A dict literal."""
    pool = machine.pool
    fields: dict[str, Type] = {}
    rest = ABSENT
    plain = True
    for pair in node.items:
        key = machine.evaluate(pair.key, env)
        if key is NEVER:
            return NEVER
        value = machine.evaluate(pair.value, env)
        if value is NEVER:
            return NEVER
        machine.types[id(pair)] = value
        if key.bits & k.ALL_KINDS & ~k.STR:
            plain = False
        elif key.texts is not None and len(key.texts) == 1:
            fields[next(iter(key.texts))] = value
        else:
            rest = pool.join(rest, value)
    if not plain:
        return ANY
    if rest is not ABSENT:
        fields = {key: pool.join(value, rest) for key, value in fields.items()}
    return pool.dict_of(k.FULL_DICT if node.items else k.EMPTY_DICT, fields, rest)


def condition(machine: Machine, node: Any, env: Env) -> Type:
    """A comparison, a test or ``not`` used as a value: true or false; what it proves is forgotten."""
    if node.__class__ is nodes.Compare and len(node.ops) > 1:
        return _chained(machine, node, env)
    yes, no = guards.branch(machine, node, dict(env))
    return machine.pool.type((k.TRUE if yes is not None else 0) | (k.FALSE if no is not None else 0))


def _chained(machine: Machine, node: nodes.Compare, env: Env) -> Type:
    operands = [machine.evaluate(child, env) for child in (node.expr, *(operand.expr for operand in node.ops))]
    if NEVER in operands[:2]:
        return NEVER
    for operand in node.ops:
        machine.types[id(operand)] = ANY
    # A comparison that is false ends the chain before what stands behind it.
    return machine.pool.type(k.FALSE if NEVER in operands else k.TRUE | k.FALSE)


def and_(machine: Machine, node: nodes.And, env: Env) -> Type:
    """``left and right`` gives one of its operands."""
    return _choice(machine, node, env, k.FALSY)


def or_(machine: Machine, node: nodes.Or, env: Env) -> Type:
    """``left or right`` gives one of its operands."""
    return _choice(machine, node, env, k.TRUTHY)


def _choice(machine: Machine, node: Any, env: Env, kept: int) -> Type:
    yes, no = guards.branch(machine, node.left, dict(env))
    left = machine.types.get(id(node.left), NEVER)
    world = yes if kept == k.FALSY else no
    result = machine.pool.keep(left, kept)
    if world is None:
        return result
    return machine.pool.join(result, machine.evaluate(node.right, world))


def conditional(machine: Machine, node: nodes.CondExpr, env: Env) -> Type:
    """``a if test else b``."""
    yes, no = guards.branch(machine, node.test, dict(env))
    result = NEVER
    if yes is not None:
        result = machine.evaluate(node.expr1, yes)
    if no is not None:
        other = ABSENT if node.expr2 is None else machine.evaluate(node.expr2, no)
        result = machine.pool.join(result, other)
    return result


def unknown(machine: Machine, node: nodes.Node, env: Env) -> Type:
    """An expression of an extension."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Expr):
            machine.evaluate(child, env)
    return ANY


class _Handlers(dict[type, Evaluate]):
    """What evaluates each type of node; a type that is not in it can be anything."""

    def __missing__(self, kind: type) -> Evaluate:
        return unknown


HANDLERS: dict[type, Evaluate] = _Handlers(
    {
        nodes.Const: constant,
        nodes.Name: name,
        nodes.TemplateData: template_data,
        nodes.List: list_,
        nodes.Tuple: list_,
        nodes.Dict: dict_,
        nodes.Compare: condition,
        nodes.Test: condition,
        nodes.Not: condition,
        nodes.And: and_,
        nodes.Or: or_,
        nodes.CondExpr: conditional,
        nodes.Getattr: members.attribute,
        nodes.Getitem: members.item,
        nodes.Call: calls.call,
        nodes.Filter: filters.filtered,
        nodes.Add: operators.add,
        nodes.Sub: operators.subtract,
        nodes.FloorDiv: operators.subtract,
        nodes.Pow: operators.power,
        nodes.Div: operators.divide,
        nodes.Mul: operators.multiply,
        nodes.Mod: operators.modulo,
        nodes.Neg: operators.negate,
        nodes.Pos: operators.negate,
        nodes.Concat: operators.concat,
        nodes.Slice: slices.slice_value,
    }
)
