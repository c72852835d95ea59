"""Printed expressions, as the rules about implicit text ask about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import repeatable, supported, widest
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.rewriting.json_macros import leaf_kinds
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER

# What is inside is asked for; that it is a list or a mapping is another question.
_BARE = frozenset({"list", "dict", "tuple", "empty-list", "empty-dict", "undefined"})
Maker = Callable[[nodes.Expr, Look], "Fix | None"]


def printed(only: frozenset[str], fix: Maker | None = None) -> Callable[[nodes.Output, Look], None]:
    """A visit of what is printed, for values of these kinds."""

    def visit(node: nodes.Output, look: Look) -> None:
        if "print" not in look.families:
            return
        for child in node.nodes:
            if child.__class__ is not nodes.TemplateData:
                kinds = look.kinds(child)
                if not only.isdisjoint(kinds):
                    make = None if fix is None else partial(fix, child, look)
                    look.use_by_kind("print", kinds, child, make, only=only)

    return visit


def as_json(node: nodes.Expr, look: Look) -> Fix | None:
    """The fix that prints JSON, which is the same everywhere and not what was printed before.

    Text is printed as it is: what is JSON text already would get quotes around it.
    """
    if look.breaks("filter.tojson"):
        return None
    text = f"{operand(node, look)}{pipe(look)}tojson"
    if not widest(look, node, Tier.EXTENDED).bits & (k.STR | k.MARKUP):
        return replace(node, text, Level.FILTER, look, "Print it as JSON", Safety.UNSAFE)
    if not repeatable(node) or not supported(look, "test.string.value", "condexpr"):
        return None
    made = f"{operand(node, look, Level.OR)} if {operand(node, look)} is string else {text}"
    return replace(node, made, Level.CONDITIONAL, look, "Print it as JSON", Safety.UNSAFE)


def printed_lists(node: nodes.Output, look: Look) -> None:
    """What is inside printed lists and mappings, for targets that print lists right but not everything in them."""
    for child in node.nodes:
        inside_of(child, look)


def inside_of(child: nodes.Node, look: Look) -> None:
    """What is inside a value that becomes text."""
    if "print.list" in look.families:
        type_ = look.type(child)
        if type_.bits & (k.FULL_LIST | k.FULL_DICT | k.FULL_TUPLE):
            look.use_by_kind("print.list", tuple(kind for kind in leaf_kinds(type_) if kind not in _BARE), child)
            # A key that may be missing is not printed; an item that is undefined is.
            element = NEVER if type_.shape is None else type_.shape.element
            if element.bits & k.UNDEFINED and not element.bits & k.OTHER:  # not of what can be anything
                look.use("print.list@undefined", child)
            if element.bits & k.TUPLE and not element.bits & k.OTHER:
                look.use("print.list@tuple", child)
