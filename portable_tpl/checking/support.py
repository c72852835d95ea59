"""What rewrites ask before they offer something: what targets support, and what values can arrive."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.model.conversation import Tier
from portable_tpl.support.table import Support, load_table
from portable_tpl.template.types.lattice.lattice import Type
from portable_tpl.template.types.types import infer

_STRANGER = (Tier.EXTENDED.value, Tier.HOSTILE.value)


def repeatable(node: nodes.Node) -> bool:
    """Whether an expression may be written twice: it is cheap, has no effect, and gives the same value again."""
    if isinstance(node, (nodes.Const, nodes.Name)):
        return True
    if isinstance(node, nodes.Getattr):
        return repeatable(node.node)
    if isinstance(node, nodes.Getitem):
        return repeatable(node.node) and repeatable(node.arg)
    if isinstance(node, nodes.Slice):
        return all(part is None or repeatable(part) for part in (node.start, node.stop, node.step))
    if isinstance(node, (nodes.List, nodes.Tuple)):
        return not node.items
    if isinstance(node, nodes.Dict):
        return not node.items
    if isinstance(node, nodes.CondExpr):
        return all(part is None or repeatable(part) for part in (node.test, node.expr1, node.expr2))
    if isinstance(node, nodes.Compare):
        return repeatable(node.expr) and all(repeatable(operand.expr) for operand in node.ops)
    if isinstance(node, (nodes.BinExpr,)):
        return repeatable(node.left) and repeatable(node.right)
    if isinstance(node, nodes.UnaryExpr):
        return repeatable(node.node)
    if isinstance(node, (nodes.Filter, nodes.Test)):
        arguments = all(repeatable(each) for each in node.args) and not node.kwargs
        return node.node is not None and repeatable(node.node) and arguments
    return False


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
    key = f"widest {tier}"
    types = look.memory.get(key)
    if types is None:
        types = look.memory[key] = look.types if look.types.tier is tier else infer(look.parsed, tier)
    found: Type = types.of(node)
    return found


def escapes_output(look: Look) -> bool:
    """Whether the template turns automatic escaping on somewhere, where text is not what it seems."""
    found: bool | None = look.memory.get("autoescape")
    if found is None:
        kinds = (nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)
        found = look.memory["autoescape"] = any(isinstance(node, kinds) for node in look.parsed.nodes)
    return found
