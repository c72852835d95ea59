"""Macros: bodies run once all that is passed to them is known."""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, NEVER, Type
from portable_tpl.template.types.machine import Env, Machine

_MOST_GROWTH = 6  # calls that each bring a parameter another type; after that it may be anything


class MacroSite:
    """A macro, or the body of a call block: what it was called with so far."""

    __slots__ = ("defaulted", "depth", "env", "grown", "node", "parameters", "queued", "runs")

    def __init__(self, node: nodes.Macro | nodes.CallBlock, depth: int) -> None:
        self.node = node
        self.depth = depth
        self.defaulted: set[str] = set()
        self.parameters: dict[str, Type] = {}
        self.grown: dict[str, int] = {}
        self.env: Env | None = None
        self.queued = False
        self.runs = 0


def define(machine: Machine, node: Any) -> Type:
    """The value of a macro statement (or of a call block's body)."""
    site = machine.macros.get(id(node))
    if site is None:
        site = machine.macros[id(node)] = MacroSite(node, len(machine.frames) - 1)
    return machine.pool.type(k.MACRO, None, None, machine.pool.shape(refs=frozenset((site,))))


def call_macro(
    machine: Machine, function: Type, node: Any, arguments: list[Type], caller: Type | None = None
) -> Type:
    """The text that a macro gives; notes the arguments for when its body is run."""
    refs = function.shape.refs if function.shape is not None else frozenset()
    for site in refs:
        if isinstance(site, MacroSite):
            _note_call(machine, _switched(machine, site, node, arguments), node, arguments, caller)
    return machine.pool.type(k.STR | k.TEXT_FACTS)


def _switched(machine: Machine, site: MacroSite, node: Any, arguments: list[Type]) -> MacroSite:
    """The macro as it is called with these switches: what it does with ``true`` is another thing than without.

    Its body is run for each, and for values that no ordinary request need bring, so that a call for something special
    does not blur what the others pass.
    """
    if not isinstance(site.node, nodes.Macro):
        return site
    passed = [*enumerate(node.args), *((keyword.key, keyword.value) for keyword in node.kwargs)]
    switches = tuple((name, value.value) for name, value in passed if _is_switch(value))
    rare = any(k.unsure_kinds(type_.bits) & (k.DICT | k.LIST) & type_.bits for type_ in arguments)
    if not switches and not rare:
        return site
    key = (id(site.node), switches, rare)
    if key not in machine.macros:
        machine.macros[key] = MacroSite(site.node, site.depth)
    switched: MacroSite = machine.macros[key]
    return switched


def _is_switch(value: nodes.Expr) -> bool:
    return isinstance(value, nodes.Const) and isinstance(value.value, bool)


def _note_call(machine: Machine, site: MacroSite, node: Any, arguments: list[Type], caller: Type | None) -> None:
    passed = _bind(machine, site.node, node, arguments)
    passed["caller"] = ABSENT if caller is None else caller
    missing = {parameter.name for parameter in site.node.args}.difference(passed)
    changed = not missing <= site.defaulted
    site.defaulted |= missing
    join = machine.pool.join
    for name, type_ in passed.items():
        old = site.parameters.get(name, NEVER)
        new = join(old, type_)
        if new is not old:
            if site.runs > 1:
                # What grows with every run, as a text that is passed on with more, has to come to an end.
                site.grown[name] = site.grown.get(name, 0) + 1
                new = ANY if site.grown[name] > _MOST_GROWTH else machine.pool.widen(new)
            site.parameters[name] = new
            changed = changed or new is not old
    if isinstance(site.node, nodes.Macro):
        changed = _capture(machine, site, machine.frames[min(site.depth, len(machine.frames) - 1)]) or changed
    if changed and not site.queued:
        site.queued = True
        machine.queue.append(site)


def _capture(machine: Machine, site: MacroSite, outer: Env) -> bool:
    """Note what the names around a body are; whether that was news."""
    seen = {name: outer[name] for name in machine.macro_names if name in outer}
    merged = seen if site.env is None else machine.merge(dict(site.env), seen)
    if merged == site.env:
        return False
    site.env = merged
    return True


def close_over(machine: Machine, caller: Type, env: Env) -> None:
    """Let the body of a call block see the names where it stands."""
    assert caller.shape is not None
    for site in caller.shape.refs:
        if isinstance(site, MacroSite) and _capture(machine, site, env) and not site.queued and site.runs:
            site.queued = True
            machine.queue.append(site)


def _bind(machine: Machine, macro: Any, node: Any, arguments: list[Type]) -> dict[str, Type]:
    """Parameters to what this call passes for them; a default is bound when the body runs."""
    names = [parameter.name for parameter in macro.args]
    count = len(node.args)
    passed = dict(zip(names, arguments[:count], strict=False))
    rest = arguments[len(names) : count]
    for keyword, type_ in zip(node.kwargs, arguments[count:], strict=True):
        passed[keyword.key] = type_
    pool = machine.pool
    if "varargs" in machine.macro_names:
        passed["varargs"] = pool.sequence(k.TUPLE, pool.join_all(rest))
    if "kwargs" in machine.macro_names:
        more = any(keyword.key not in names for keyword in node.kwargs)
        passed["kwargs"] = pool.dict_of(k.DICT, {}, ANY if more else ABSENT)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        passed.update((name, ANY) for name in names if name not in passed)
    return passed


def body_env(machine: Machine, site: MacroSite) -> Env:
    """The names that a macro's body starts with; evaluates the defaults of its parameters."""
    env = dict(site.env or {})
    macro = site.node
    optional = len(macro.args) - len(macro.defaults)
    for index, parameter in enumerate(macro.args):
        type_ = site.parameters.get(parameter.name, NEVER)
        if parameter.name in site.defaulted:
            default = machine.evaluate(macro.defaults[index - optional], env) if index >= optional else ABSENT
            type_ = machine.pool.join(type_, default)
        machine.assign(env, parameter.name, type_)
        machine.types[id(parameter)] = machine.pool.join(machine.types.get(id(parameter), NEVER), type_)
    for name in ("varargs", "kwargs", "caller"):
        machine.assign(env, name, site.parameters.get(name, ABSENT))
    return env
