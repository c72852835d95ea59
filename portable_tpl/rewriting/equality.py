"""Comparisons in forms that no engine takes loosely: tests for ``none``, ``true`` and ``false``, JSON of messages."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import supported, widest
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.template.types.lattice import kinds as k

# In Python 0 is equal to false and 1 to true, but neither *is* it. Where only a hostile request puts a number, the
# fix is not quite the same, which a maintainer may well want.
_EQUAL_NUMBERS = k.ZERO | k.NONZERO | k.FLOAT | k.OTHER


_JSON = k.DICT | k.UNDEFINED


def strict_or_json(node: nodes.Compare, look: Look) -> Fix | None:
    """The fix for a comparison with a constant, or of two mappings."""
    return strict(node, look) or by_json(node, look)


def by_json(node: nodes.Compare, look: Look) -> Fix | None:
    """``message == messages[-1]`` as JSON texts, which are equal where the mappings are.

    Mappings of one making have their keys in one order. That neither side is missing where it is compared, and no
    number equal to a boolean, the proof has to show.
    """
    if len(node.ops) != 1 or node.ops[0].op not in ("eq", "ne") or look.breaks("filter.tojson"):
        return None
    sides = (node.expr, node.ops[0].expr)
    if not all(look.type(side).bits & k.DICT and look.type(side).only(_JSON) for side in sides):
        return None
    left, right = (f"{operand(side, look)}{pipe(look)}tojson" for side in sides)
    sign = "==" if node.ops[0].op == "eq" else "!="
    return replace(node, f"{left} {sign} {right}", Level.COMPARISON, look, "Compare them as JSON")


def strict(node: nodes.Compare, look: Look) -> Fix | None:
    """The fix for ``x == false`` and the like: ``x is false``, where no number can arrive."""
    if len(node.ops) != 1 or node.ops[0].op not in ("eq", "ne"):
        return None
    for value, other in ((node.expr, node.ops[0].expr), (node.ops[0].expr, node.expr)):
        if not isinstance(other, nodes.Const) or not (other.value is None or isinstance(other.value, bool)):
            continue
        if other.value is not None and widest(look, value, Tier.EXTENDED).bits & _EQUAL_NUMBERS:
            continue
        test = {None: "none", True: "true", False: "false"}[other.value]
        if not supported(look, f"test.{test}.value"):
            continue
        number = other.value is not None and widest(look, value).bits & _EQUAL_NUMBERS
        safety = Safety.UNSAFE if number else Safety.SAFE
        words = f"is {test}" if node.ops[0].op == "eq" else f"is not {test}"
        return replace(node, f"{operand(value, look)} {words}", Level.FILTER, look, f"Ask {words}", safety)
    return None
