"""Types: what each expression of a template can be, given every conversation of a tier.

:func:`infer` runs a template abstractly (see :mod:`portable_tpl.template.types`) and gives a :class:`Types`. All
that it says is an upper bound: a kind, a constant or a branch that it leaves out cannot occur in that tier; one that
it names may. A value that makes the reference raise is gone after the operation that raises for it: what the
reference cannot render is no defect of portability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from portable_tpl.model.conversation import Tier
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.types.expressions import HANDLERS
from portable_tpl.template.types.lattice.lattice import ANY, NEVER, Shape, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Machine
from portable_tpl.template.types.requests.own_values import OwnValues
from portable_tpl.template.types.requests.part_roles import part_roles
from portable_tpl.template.types.requests.request import Profile, profile_of, request_types
from portable_tpl.template.types.seeds import guesses, refuted
from portable_tpl.template.types.statements import run
from portable_tpl.template.usage.demands import Demands

if TYPE_CHECKING:
    from portable_tpl.template.syntax.parsing import ParsedTemplate

__all__ = ["ANY", "NEVER", "Shape", "Type", "Types", "infer"]


class Types:
    """What one abstract run found."""

    def __init__(self, tier: Tier, tree: nodes.Template, types: Mapping[int, Type], reached: set[int]) -> None:
        self.tier = tier
        self._tree = tree  # kept alive: the types go by the identity of its nodes
        self._types = types
        self._reached = reached

    def of(self, node: nodes.Node) -> Type:
        """What an expression can be where it stands; ``NEVER`` if it is not reached or always raises."""
        return self._types.get(id(node), NEVER)

    def reachable(self, node: nodes.Node) -> bool:
        """Whether a conversation of the tier can get to a statement or an expression."""
        key = id(node)
        return key in self._types or key in self._reached


@lru_cache(maxsize=4)  # of one text, rules, notes and fixes ask for the same few
def infer(parsed: ParsedTemplate, tier: Tier = Tier.EVERYDAY, provided: frozenset[str] = frozenset()) -> Types:
    """The types of a parsed template's nodes in one tier; ``provided``: filters and tests beyond jinja2's own."""
    return _infer(parsed.tree, parsed.nodes, _demands(parsed), tier, provided)


def same_in_everyday(parsed: ParsedTemplate) -> bool:
    """Whether a template's values are in everyday conversations of the same types as in ordinary ones."""
    demands = _demands(parsed)
    return not (
        demands.knows("documents")
        or "id" in demands.of("tool_calls[]").keys
        or profile_of(demands, Tier.ORDINARY).roles != profile_of(demands, Tier.EVERYDAY).roles
    )


@lru_cache(maxsize=1)
def _demands(parsed: ParsedTemplate) -> Demands:
    return Demands(parsed)


@lru_cache(maxsize=64)  # 150 real templates have 56 profiles in all tiers together
def _pool_for(profile: Profile) -> Pool:
    """A pool with the types of a request, to be copied.

    Each run has a pool of its own: what one makes of deep types depends on what it has put together before, and a
    template's findings must not depend on the templates before it.
    """
    pool = Pool()
    request_types(pool, profile)
    return pool


def _infer(
    tree: nodes.Template,
    every_node: Sequence[nodes.Node],
    demands: Demands,
    tier: Tier,
    provided: frozenset[str] = frozenset(),
) -> Types:
    profile = profile_of(demands, tier)
    pool = _pool_for(profile).copy()

    guessed = guesses(demands.stores)

    def run_with(names: Mapping[str, Type], marked: bool = False) -> Machine:
        doubted: set[Any] = set()
        while True:  # until what was guessed of namespaces is what they hold
            machine = Machine(pool, tier, names, OwnValues(pool, demands, tier), HANDLERS, provided)
            machine.guesses, machine.doubted, machine.guess_texts = guessed, doubted, not marked
            run(machine, tree)
            wrong = refuted(pool, machine.guessed, machine.written)
            if not wrong:
                return machine
            doubted |= wrong

    try:
        if not CONTENTS[tier].unusual and profile.part_types is not None:
            profile = profile._replace(
                part_roles=part_roles(pool, profile, every_node, lambda names: run_with(names, True))
            )
        machine = run_with(request_types(pool, profile))
    except RecursionError:
        # Deeper than the reference itself can compile: nothing is known, so everything may be.
        return Types(tier, tree, _Everything(), set())
    return Types(tier, tree, machine.types, machine.reached)


class _Everything(dict[int, Type]):
    """The types of a template that is too deep to be looked at: each node can be anything."""

    def get(self, key: int, default: object = None) -> Type:
        return ANY

    def __contains__(self, key: object) -> bool:
        return True
