"""What a condition that held, or failed, says again once more is known."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.template.types.guards import branch
from portable_tpl.template.types.lattice.lattice import Type
from portable_tpl.template.types.machine import Env, Machine

HELD = "?"  # in an Env: the condition around a branch, for an ``if`` that comes first in it


_COMPOUND = (nodes.And, nodes.Or)


def compound(test: nodes.Node) -> list[nodes.Node]:
    """The condition, if it proves more as more is known; of a simple one, all is known at once."""
    return [test] if isinstance(test.node if isinstance(test, nodes.Not) else test, _COMPOUND) else []


def with_fact(machine: Machine, fact: tuple[nodes.Node, bool] | None, env: Env | None) -> Env | None:
    """The world in which a condition holds (or fails) as well; ``None`` where that cannot be."""
    if fact is None or env is None:
        return env
    narrowed = branch(machine, fact[0], dict(env))[0 if fact[1] else 1]
    return None if narrowed is None else _both(env, narrowed)


def _both(env: Env, narrowed: Env) -> Env:
    """What is known in a world and in a part of it; all of it holds there: of two types, the one with fewer kinds."""
    for key, new in narrowed.items():
        old = env.get(key)
        if old is None or new is old:
            env[key] = new
        elif key[0] == ".":
            env[key] = {**new, **{path: _smaller(type_, new.get(path)) for path, type_ in old.items()}}
        elif isinstance(new, Type):
            env[key] = _smaller(old, new)
    return env


def _smaller(old: Type, new: Type | None) -> Type:
    return new if new is not None and new.bits != old.bits and not new.bits & ~old.bits else old
