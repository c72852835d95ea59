"""What rewrites ask before they offer something: what targets support, and what values can arrive."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import nodes

from portable_tpl.checking.base import Look, known_once
from portable_tpl.model.conversation import Tier
from portable_tpl.support.table import Support, load_table
from portable_tpl.template.types.lattice.lattice import Type
from portable_tpl.template.types.types import Types, infer

_REPEATABLE = (
    nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.BinExpr, nodes.UnaryExpr, nodes.Filter, nodes.Test,
)  # fmt: skip
_STRANGER = (Tier.EXTENDED.value, Tier.HOSTILE.value)


def repeatable(node: nodes.Node) -> bool:
    """Whether an expression may be written twice: it is cheap, has no effect, and gives the same value again."""
    if isinstance(node, (nodes.List, nodes.Tuple, nodes.Dict)):
        return not node.items
    if isinstance(node, (nodes.Filter, nodes.Test)) and (node.node is None or node.kwargs):
        return False
    return isinstance(node, _REPEATABLE) and all(map(repeatable, node.iter_child_nodes()))


def supported(look: Look, *features: str) -> bool:
    """Whether all targets asked for carry out all of these as the reference does in everyday conversations.

    What was not measured is not supported. Stranger conversations are left to the look at the findings that a rewrite
    leaves.
    """
    return _supported(look.targets, features)


@lru_cache(maxsize=4096)
def _supported(targets: tuple[str, ...], features: tuple[str, ...]) -> bool:
    for target in targets:
        table = load_table(target)
        if table is None or not all(_holds(table.support(feature)) for feature in features):
            return False
    return True


def _holds(support: Support) -> bool:
    return support.answer == "yes" or (support.answer == "differs" and support.tier in _STRANGER)


def widest(look: Look, node: nodes.Node, tier: Tier = Tier.HOSTILE) -> Type:
    """What an expression can be in any conversation of a tier; by default, in any whatsoever."""
    if tier not in look.facts:
        look.facts[tier] = look.types if look.types.tier is tier else infer(look.parsed, tier)
    types: Types = look.facts[tier]
    return types.of(node)


@known_once
def escapes_output(look: Look) -> bool:
    """Whether the template turns automatic escaping on somewhere, where text is not what it seems."""
    kinds = (nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)
    return any(isinstance(node, kinds) for node in look.parsed.nodes)
