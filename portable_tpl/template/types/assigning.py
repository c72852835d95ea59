"""Giving names and attributes their values."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER, Type
from portable_tpl.template.types.machine import Env, Machine
from portable_tpl.template.types.requests.contents import elements
from portable_tpl.template.usage.idioms import pair_source


def pair_up(machine: Machine, node: nodes.For, inner: Env) -> None:
    """Tie key and value together in ``for key, value in mapping.items()``, ``|items`` and ``|dictsort``."""
    holder = pair_source(node.iter)
    targets = node.target.items if isinstance(node.target, nodes.Tuple) else []
    if holder is None or len(targets) != 2:
        return
    key, value = targets
    type_ = machine.types.get(id(holder))
    if isinstance(key, nodes.Name) and isinstance(value, nodes.Name) and type_ is not None:
        type_ = machine.pool.keep(type_, k.DICT)
        if type_.shape is not None and type_.shape.fields is not None:
            machine.pair(inner, key.name, value.name, type_)


_SAME_KEYS = frozenset({"list", "sort", "unique", "select", "reject", "reverse"})


def keyed(iterated: nodes.Node) -> nodes.Node:
    """The mapping whose keys a loop goes through, if it is over a mapping: ``d``, ``d.keys()``, ``d|list``."""
    while isinstance(iterated, nodes.Filter) and iterated.name in _SAME_KEYS and iterated.node is not None:
        iterated = iterated.node
    if isinstance(iterated, nodes.Call) and isinstance(iterated.node, nodes.Getattr) and iterated.node.attr == "keys":
        return iterated.node.node
    return iterated


def unpack(machine: Machine, target: nodes.Node, type_: Type, env: Env) -> None:
    """Assign to a name, or to the names in a tuple."""
    if isinstance(target, nodes.Name):
        machine.assign(env, target.name, type_)
        machine.types[id(target)] = machine.pool.join(machine.types.get(id(target), NEVER), type_)
    elif isinstance(target, (nodes.Tuple, nodes.List)):
        shape = type_.shape
        exact = type_.only(k.TUPLE) and shape is not None and shape.items is not None
        whole = elements(machine.pool, type_)
        for index, child in enumerate(target.items):
            found = whole
            if exact and shape is not None and shape.items is not None and index < len(shape.items):
                found = shape.items[index]
            unpack(machine, child, found, env)
    elif isinstance(target, nodes.NSRef):
        _write(machine, target, type_, env)


def _write(machine: Machine, target: nodes.NSRef, type_: Type, env: Env) -> None:
    holder = machine.lookup(env, target.name)
    machine.types[id(target)] = type_
    machine.attribute_writes += 1
    machine.forget_attributes(env)
    if holder.shape is not None and holder.bits & k.NAMESPACE:
        for site in holder.shape.refs:
            machine.write_attribute(site, target.attr, type_, late=True)
        if holder.only(k.NAMESPACE) and len(holder.shape.refs) == 1:
            env["." + target.name] = {(target.attr,): type_}
