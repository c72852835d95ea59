"""Which branches of a template, and which goals of turns, the types of its expressions rule out."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.template.tracing.instrument import Branch
from portable_tpl.template.tracing.turn_marks import TurnGoal
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.types import Types


def possible_turns(goal: TurnGoal, types: Types) -> bool:
    """Whether the types leave a way to a goal of turns: to its definition and to its use."""
    return types.reachable(goal.definition) and types.reachable(goal.use)


def possible(branch: Branch, types: Types) -> bool:
    """Whether the types of the template's expressions leave a way to a branch."""
    if branch.test is None:
        return any(types.reachable(child) for child in branch.node.body)  # type: ignore[attr-defined]
    type_ = types.of(branch.test)
    if isinstance(branch.node, nodes.For):
        if branch.kind == "loop":
            return type_.may(~(k.EMPTY | k.UNDEFINED))
        filtered = branch.node.test is not None
        return type_.may(k.EMPTY | k.UNDEFINED | k.ITERATOR | k.OTHER) or (filtered and type_.may(~0))
    return type_.may(k.TRUTHY if branch.wanted else k.FALSY)
