"""What to write instead of a test that engines answer otherwise."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.kinds import TEXT_KINDS, Kinds, kinds_of
from portable_tpl.checking.support import repeatable, supported, widest
from portable_tpl.checking.visibility import visible_kinds
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import as_condition
from portable_tpl.rewriting.expressions import Level, operand, replace
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.operations.kind_tests import KIND_TESTS

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
# Kinds of values, with the test that tells each from all others.
_TELLING: tuple[tuple[str, frozenset[str]], ...] = (
    ("string", TEXT_KINDS | {"joined"}),
    ("mapping", frozenset({"dict", "empty-dict"})),
    ("undefined", frozenset({"undefined"})),
    ("boolean", frozenset({"true", "false"})),
    ("none", frozenset({"none"})),
)
_TOLD = frozenset().union(*(kinds for _, kinds in _TELLING))
# What the reference answers for these kinds (jinja2 3.1, tests.py).
_YES = {
    "sequence": frozenset({"string", "mapping", "undefined"}),
    "iterable": frozenset({"string", "mapping", "undefined"}),
    "number": frozenset({"boolean"}),
}


def rewrite(node: nodes.Test, look: Look) -> Fix | None:
    """The fix for a test, if another one has the same answer for every value that can arrive there."""
    if node.args or node.kwargs:
        return None
    return _implied(node, look) or _something(node, look) or _another(node, look) or _with_exceptions(node, look)


def text_first(node: nodes.Expr, value: nodes.Expr, look: Look, *, denied: bool = False) -> Fix | None:
    """``x is string and …`` for what is asked of ``x``; where that is ``denied``, ``x is not string or …``."""
    if not repeatable(value) or not supported(look, "test.string.value"):
        return None
    words, level = ("is not string or", Level.OR) if denied else ("is string and", Level.AND)
    text = f"{operand(value, look)} {words} {look.parsed.source(node)}"
    return replace(node, text, level, look, "Ask for a text first")


def _another(node: nodes.Test, look: Look) -> Fix | None:
    """Another test that draws the same line between the values that can arrive."""
    mask = KIND_TESTS.get(node.name)
    if mask is None:
        return None
    # What the types of this tier rule out needs no look at all conversations, which costs as much as they did.
    here = look.type(node.node).bits
    kinds = kinds_of(look.type(node.node))
    likely = [
        each
        for each in _CANDIDATES
        if each[2] != node.name and not (each[1] ^ mask) & here & k.ALL_KINDS and not _breaks(look, each[2], kinds)
    ]
    if not likely:
        return None
    type_ = widest(look, node.node)
    kinds = kinds_of(type_)
    for words, passed, test in likely:
        if (passed ^ mask) & type_.bits & k.ALL_KINDS or _breaks(look, test, kinds):
            continue
        return _written(node, f"{operand(node.node, look)} {words}", Level.FILTER, look, f"Ask {words}")
    return None


def _breaks(look: Look, test: str, kinds: Kinds) -> bool:
    """Whether some target answers a test otherwise for one of these kinds of values."""
    broken = look.families.get(f"test.{test}", {})
    return look.breaks(f"test.{test}") or any(kind in broken for kind in kinds)


def _with_exceptions(node: nodes.Test, look: Look) -> Fix | None:
    """The same test, with the kinds of values named for which a target answers otherwise."""
    answers = _YES.get(node.name)
    broken = look.families.get(f"test.{node.name}", {})
    if answers is None or not repeatable(node.node):
        return None
    # Only what shows in this tier: each kind that is named more is right, too, and harder to read.
    here = {kind for kind in kinds_of(look.type(node.node), visible_kinds(node, look)) if kind in broken}
    if not broken or here - _TOLD or not _can_tell(here, look):
        return None
    kinds = set(here)
    text = operand(node.node, look)
    also: list[str] = []
    never: list[str] = []
    for test, kinds_told in _TELLING:
        if kinds & kinds_told:
            (also if test in answers else never).append(test)
            kinds -= kinds_told
    if kinds or not (also or never):
        return None
    # The exceptions come first: what is left for the test itself is what engines agree on.
    condition = " or ".join([*(f"{text} is {test}" for test in also), f"{text} is {node.name}"])
    level = Level.OR if also else Level.FILTER
    if never:
        parts = [*(f"{text} is not {test}" for test in never), f"({condition})" if also else condition]
        condition, level = " and ".join(parts), Level.AND
    return _written(node, condition, level, look, "Name what engines do not agree on")


def _can_tell(kinds: set[str], look: Look) -> bool:
    """Whether the targets have the tests that tell these kinds from others."""
    return all(supported(look, f"test.{test}.value") for test, bits in _TELLING if kinds & bits)


def _written(node: nodes.Test, text: str, level: Level, look: Look, title: str) -> Fix | None:
    """The fix in the test's place; of ``x is not y`` the whole is replaced."""
    parent = look.parent(node)
    if isinstance(parent, nodes.Not) and look.parsed.span(parent) == look.parsed.span(node):
        return replace(parent, f"not ({text})", Level.NOT, look, title)
    return replace(node, text, level, look, title)


def _implied(node: nodes.Test, look: Look) -> Fix | None:
    """``x is iterable and x is mapping``: the test beside it lets through nothing that this one would stop."""
    parent = look.parent(node)
    if not isinstance(parent, nodes.And):
        return None
    other = parent.right if parent.left is node else parent.left
    if not isinstance(other, nodes.Test) or other.args or other.node != node.node or other.name == node.name:
        return None
    passing, mask = KIND_TESTS.get(other.name), KIND_TESTS.get(node.name)
    if passing is None or mask is None or passing & ~mask or look.breaks(f"test.{other.name}"):
        return None
    return replace(parent, look.parsed.source(other), Level.FILTER, look, f"Ask is {other.name} alone")


def _something(node: nodes.Test, look: Look) -> Fix | None:
    """``x is iterable and x|length > 0`` as a condition: the whole, which says no more than ``x`` does."""
    parent = look.parent(node)
    if node.name not in ("iterable", "sequence", "defined") or not isinstance(parent, nodes.And):
        return None
    if parent.left is not node or not as_condition(parent, look):
        return None
    other = parent.right
    if not isinstance(other, nodes.Compare) or len(other.ops) != 1:
        return None
    bound = (other.ops[0].op, constant(other.ops[0].expr))
    length = other.expr
    if bound not in (("gt", 0), ("gteq", 1), ("ne", 0)) or not isinstance(length, nodes.Filter):
        return None
    if length.name not in ("length", "count") or length.node != node.node:
        return None
    if widest(look, node.node).bits & k.ALL_KINDS & ~_PLAIN:
        return None
    return replace(parent, look.parsed.source(node.node), Level.ATOM, look, "Ask whether there is something")
