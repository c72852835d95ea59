"""What to write instead of a test that engines answer otherwise."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.findings import Fix
from portable_tpl.rules._base import Look
from portable_tpl.rules._calls import as_condition, constant
from portable_tpl.rules._expressions import Level, operand, replace
from portable_tpl.template.inference import kinds as k
from portable_tpl.template.inference.guards import KIND_TESTS

# Values that are true exactly when they are iterable and not empty.
_PLAIN = k.UNDEFINED | k.NONE | k.STR | k.LIST | k.DICT | k.TUPLE
_CANDIDATES = (
    ("is not none", k.ALL_KINDS & ~k.NONE, "none"),
    ("is string", KIND_TESTS["string"], "string"),
    ("is not string", k.ALL_KINDS & ~KIND_TESTS["string"], "string"),
    ("is mapping", KIND_TESTS["mapping"], "mapping"),
    ("is not mapping", k.ALL_KINDS & ~KIND_TESTS["mapping"], "mapping"),
    ("is defined", k.ALL_KINDS & ~k.UNDEFINED, "defined"),
    ("is undefined", k.UNDEFINED, "undefined"),
    ("is none", k.NONE, "none"),
)


def rewrite(node: nodes.Test, look: Look) -> Fix | None:
    """The fix for a test, if another one has the same answer for every value that can arrive there."""
    whole = _something(node, look)
    if whole is not None:
        text = look.parsed.source(node.node)
        return replace(whole, text, Level.ATOM, look, "Ask whether there is something")
    mask = KIND_TESTS.get(node.name)
    if mask is None or node.args:
        return None
    bits = look.type(node.node).bits & k.ALL_KINDS
    kinds = look.kinds(node.node)
    for words, passed, test in _CANDIDATES:
        if (passed ^ mask) & bits or test == node.name:
            continue
        broken = look.families.get(f"test.{test}", {})
        if any(kind in broken for kind in kinds) or look.breaks(f"test.{test}"):
            continue
        return replace(node, f"{operand(node.node, look)} {words}", Level.FILTER, look, f"Ask {words}")
    return None


def _something(node: nodes.Test, look: Look) -> nodes.And | None:
    """``x is iterable and x|length > 0`` as a condition: the whole, which says no more than ``x`` does."""
    parent = look.parent(node)
    if node.name not in ("iterable", "sequence", "defined") or not isinstance(parent, nodes.And):
        return None
    if parent.left is not node or not as_condition(parent, look) or look.type(node.node).bits & k.ALL_KINDS & ~_PLAIN:
        return None
    other = parent.right
    if not isinstance(other, nodes.Compare) or len(other.ops) != 1:
        return None
    bound = (other.ops[0].op, constant(other.ops[0].expr))
    length = other.expr
    if bound not in (("gt", 0), ("gteq", 1), ("ne", 0)) or not isinstance(length, nodes.Filter):
        return None
    return parent if length.name in ("length", "count") and length.node == node.node else None
