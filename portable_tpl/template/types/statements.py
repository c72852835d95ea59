"""The walk over a template's statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import nodes

from portable_tpl.template.types.assigning import keyed, pair_up, unpack
from portable_tpl.template.types.guards import branch
from portable_tpl.template.types.held import HELD, compound, with_fact
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Type
from portable_tpl.template.types.machine import Env, Evaluate, Machine
from portable_tpl.template.types.operations import macros
from portable_tpl.template.types.operations.blocks import block_text
from portable_tpl.template.types.requests.contents import FULL_TEXT, ITERABLE, elements

_MOST_ROUNDS = 12  # of 597 real templates 555 come to rest after one and none needs more than three
_MOST_FAILED = 6  # tests of an if that are asked again in a later branch


def run(machine: Machine, template: nodes.Template) -> None:
    """Run a template until what its namespaces and macros hold no longer grows."""
    machine.reached.add(id(template))
    for machine.round in range(1, _MOST_ROUNDS + 1):
        machine.stale = False
        machine.attributes_read.clear()
        machine.frames = [{}]
        run_body(machine, template.body, machine.frames[0])
        _run_macros(machine)
        if not machine.stale:
            return
        for site in machine.macros.values():
            if site.env is not None and not site.queued:
                site.queued = True
                machine.queue.append(site)


def _run_macros(machine: Machine) -> None:
    while machine.queue:
        site = machine.queue.pop()
        site.queued = False
        site.runs += 1
        outer = site.env or {}
        machine.frames = [outer] * (site.depth + 1)
        env = macros.body_env(machine, site)
        run_scope(machine, site.node.body, env)


def run_scope(machine: Machine, body: Sequence[nodes.Node], env: Env) -> Env | None:
    """Run statements in a scope of their own, whose names end with it; takes ``env`` over."""
    machine.frames.append(env)
    result = run_body(machine, body, env)
    machine.frames.pop()
    return result


def run_body(machine: Machine, body: Sequence[nodes.Node], env: Env | None) -> Env | None:
    """Run statements one after another; ``None`` where the end cannot be reached. Takes ``env`` over."""
    reached = machine.reached
    frames = machine.frames
    for node in body:
        if env is None:
            return None
        frames[-1] = env
        reached.add(id(node))
        handler = STATEMENTS.get(node.__class__)
        if handler is not None:
            env = handler(machine, node, env)
    return env


def _output(machine: Machine, node: nodes.Output, env: Env) -> Env | None:
    for child in node.nodes:
        if machine.evaluate(child, env) is NEVER:
            return None
    return env


def _if(machine: Machine, node: nodes.If, env: Env) -> Env | None:
    outer = env.pop(HELD, None)
    yes, no = branch(machine, node.test, env)
    yes, no = with_fact(machine, outer, yes), with_fact(machine, outer, no)
    result = None if yes is None else _run_branch(machine, node, yes)
    failed: list[nodes.Node] = []
    before = node.test
    for other in node.elif_:
        if no is None:
            return result
        failed += compound(before)
        before = other.test
        machine.reached.add(id(other))
        machine.frames[-1] = no
        yes, no = branch(machine, other.test, no)
        # Now that more is known, the tests before say more too: `a and b` that fails, fails by `b` where `a` holds.
        for test in failed[-_MOST_FAILED:]:
            yes = with_fact(machine, (test, False), yes)
        if yes is not None:
            result = machine.merge(result, _run_branch(machine, other, yes))
    for test in failed[-_MOST_FAILED:]:
        no = with_fact(machine, (test, False), no)
    if no is not None:
        result = machine.merge(result, run_body(machine, node.else_, no))
    return result


def _run_branch(machine: Machine, node: nodes.If, env: Env) -> Env | None:
    first = next((child for child in node.body if not _only_text(child)), None)
    if isinstance(first, nodes.If) and compound(node.test):
        env[HELD] = (node.test, True)
    return run_body(machine, node.body, env)


def _only_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(isinstance(child, nodes.TemplateData) for child in node.nodes)


def _for(machine: Machine, node: nodes.For, env: Env) -> Env | None:
    source = machine.evaluate(node.iter, env)
    if source.bits & k.ALL_KINDS & ~ITERABLE:
        source = machine.pool.keep(source, ITERABLE)
        machine.narrow(env, node.iter, source)
    if source is NEVER:
        return None
    writes = machine.attribute_writes
    pool = machine.pool
    if (
        source.bits & FULL_TEXT
        and source.bits & k.ALL_KINDS & ~k.ANY_TEXT
        and _fails_with_characters(machine, node, source, env)
    ):
        source = pool.keep(source, ~FULL_TEXT)
        machine.narrow(env, node.iter, source)
    old = machine.types.get(id(node), NEVER)
    machine.types[id(node)] = pool.join(old, source)
    element = elements(pool, source)
    if element is not NEVER:
        inner = dict(env)
        machine.forget_attributes(inner)
        _loop(machine, node, element, inner)
    if machine.attribute_writes != writes:
        machine.forget_attributes(env)
    if node.else_ and (source.bits & (k.EMPTY | k.UNDEFINED | k.ITERATOR) or node.test is not None):
        run_scope(machine, node.else_, dict(env))
    return env


def _fails_with_characters(machine: Machine, node: nodes.For, source: Type, env: Env) -> bool:
    """Whether a loop over lists that is given text cannot get through with its first character."""
    if node.test is not None or node.recursive or any(node.find_all((nodes.Continue, nodes.Break))):
        return False
    inner = dict(env)
    machine.forget_attributes(inner)
    characters = elements(machine.pool, machine.pool.keep(source, FULL_TEXT))
    return _loop(machine, node, characters, inner) is None


def _loop(machine: Machine, node: nodes.For, element: Type, inner: Env) -> Env | None:
    """Run a loop's body; gives what is known at its end, if it can be reached."""
    pool = machine.pool
    if node.recursive:
        element = ANY
    unpack(machine, node.target, element, inner)
    pair_up(machine, node, inner)
    if isinstance(node.target, nodes.Name):
        machine.key_of(inner, node.target.name, keyed(node.iter))
    machine.assign(inner, "loop", pool.type(k.LOOP, None, None, pool.shape((), element)))
    world: Env | None = inner
    if node.test is not None:
        machine.frames.append(inner)
        world = branch(machine, node.test, inner)[0]
        machine.frames.pop()
    return None if world is None else run_scope(machine, node.body, world)


def _assign(machine: Machine, node: nodes.Assign, env: Env) -> Env | None:
    type_ = machine.evaluate(node.node, env)
    if type_ is NEVER:
        return None
    unpack(machine, node.target, type_, env)
    return env


def _assign_block(machine: Machine, node: nodes.AssignBlock, env: Env) -> Env | None:
    end = run_scope(machine, node.body, dict(env))
    if end is None:
        return None
    type_ = block_text(machine, node.body)
    if node.filter is not None:
        machine.block_text = type_
        type_ = machine.evaluate(node.filter, env)
        if type_ is NEVER:
            return None
    machine.forget_attributes(env)
    unpack(machine, node.target, type_, env)
    return env


def _macro(machine: Machine, node: nodes.Macro, env: Env) -> Env | None:
    machine.assign(env, node.name, macros.define(machine, node))
    return env


def _call_block(machine: Machine, node: nodes.CallBlock, env: Env) -> Env | None:
    callee = node.call.node
    if isinstance(callee, nodes.ExtensionAttribute):
        end = run_scope(machine, node.body, dict(env))
        machine.forget_attributes(env)
        return None if end is None else env
    machine.reached.add(id(node.call))  # it is called as no expression is, yet its arguments are its own
    caller = macros.define(machine, node)
    function = machine.evaluate(callee, env)
    arguments = [machine.evaluate(argument, env) for argument in node.call.args]
    arguments += [machine.evaluate(keyword.value, env) for keyword in node.call.kwargs]
    macros.close_over(machine, caller, env)
    macros.call_macro(machine, function, node.call, arguments, caller)
    machine.forget_attributes(env)
    return env


def _inner(machine: Machine, node: Any, env: Env) -> Env | None:
    """``filter``, ``with``, ``block``, ``autoescape``: a body with names of its own."""
    inner = dict(env)
    for target, value in zip(getattr(node, "targets", ()), getattr(node, "values", ()), strict=True):
        type_ = machine.evaluate(value, env)
        if type_ is NEVER:
            return None
        unpack(machine, target, type_, inner)
    end = run_scope(machine, node.body, inner)
    machine.forget_attributes(env)
    if isinstance(node, nodes.FilterBlock) and end is not None:
        machine.block_text = block_text(machine, node.body)
        if machine.evaluate(node.filter, env) is NEVER:
            return None
    return None if end is None else env


def _autoescape(machine: Machine, node: nodes.ScopedEvalContextModifier, env: Env) -> Env | None:
    """``autoescape``: any text that is made inside may be markup."""
    for option in node.options:
        machine.evaluate(option.value, env)
    plain = machine.handlers
    marked = machine.pool.type(k.MARKUP | k.TEXT_FACTS)

    def escaping(handler: Evaluate) -> Evaluate:
        def evaluate(machine: Machine, node: Any, env: Env) -> Type:
            falls_through = handler(machine, node, env)
            return machine.pool.join(falls_through, marked) if falls_through.bits & k.STR else falls_through

        return evaluate

    machine.handlers = type(plain)({kind: escaping(handler) for kind, handler in plain.items()})
    end = _inner(machine, node, env)
    machine.handlers = plain
    return end


def _stop(machine: Machine, node: nodes.Node, env: Env) -> None:
    """``break`` and ``continue``; and what needs a loader, which the reference has not."""
    template = getattr(node, "template", None)
    if template is not None:
        machine.evaluate(template, env)


def _evaluate_only(machine: Machine, node: nodes.ExprStmt, env: Env) -> Env | None:
    return None if machine.evaluate(node.node, env) is NEVER else env


STATEMENTS: dict[type, Callable[[Machine, Any, Env], Env | None]] = {
    nodes.Output: _output,
    nodes.If: _if,
    nodes.For: _for,
    nodes.Assign: _assign,
    nodes.AssignBlock: _assign_block,
    nodes.Macro: _macro,
    nodes.CallBlock: _call_block,
    nodes.FilterBlock: _inner,
    nodes.With: _inner,
    nodes.Scope: _inner,
    nodes.Block: _inner,
    nodes.ScopedEvalContextModifier: _autoescape,
    nodes.ExprStmt: _evaluate_only,
    nodes.Break: _stop,
    nodes.Continue: _stop,
    nodes.Include: _stop,
    nodes.Import: _stop,
    nodes.FromImport: _stop,
    nodes.Extends: _stop,
}
