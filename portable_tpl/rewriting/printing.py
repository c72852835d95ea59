"""Printed expressions, as the rules about implicit text ask about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.constants import Spare, spare_rare
from portable_tpl.checking.inner_kinds import leaf_kinds
from portable_tpl.checking.kinds import kinds_of
from portable_tpl.checking.support import repeatable, supported, widest
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import Level, operand, pipe, replace
from portable_tpl.rewriting.python_text import inside_as_python, is_part_of_macro
from portable_tpl.support.table import UNKNOWN, Support, load_table
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER, Type

# What is inside is asked for; that it is a list or a mapping is another question.
_STRANGER = (Tier.EXTENDED.value, Tier.HOSTILE.value)
_CONTAINERS = ("list", "empty-list", "dict", "empty-dict")
_BARE = frozenset({"list", "dict", "tuple", "empty-list", "empty-dict", "undefined"})
# What Python escapes, or has no literal for: where a list is written as Python does, that may still be wrong.
_RISKY = frozenset({
    "plain", "lines", "spaced", "unicode", "unicode-spaced", "undefined", "range", "namespace", "iterator", "view",
})  # fmt: skip
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
                    look.use_by_kind("print", kinds, child, make, only=only, spare=_spare(look.type(child)))

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
    choice = f"{operand(node, look, Level.OR)} if {operand(node, look)} is string else {text}"
    return replace(node, choice, Level.CONDITIONAL, look, "Print it as JSON", Safety.UNSAFE)


def as_text(node: nodes.Expr, look: Look) -> Fix | None:
    """The fix for a list or a mapping that is printed: text made of it where that is Python's, else JSON.

    Not a macro for Python's text: who prints a list has mostly JSON in mind.
    """
    if not supported(look, *(f"filter.string@{kind}" for kind in _CONTAINERS)) or look.type(node).bits & k.OTHER:
        return as_json(node, look)
    text = f"{operand(node, look)}{pipe(look, node)}string"
    return replace(node, text, Level.FILTER, look, "Make text of it first")


def printed_lists(node: nodes.Output, look: Look) -> None:
    """What is inside printed lists and mappings, for targets that print lists right but not everything in them."""
    for child in node.nodes:
        inside_of(child, look)


def _spare(type_: Type) -> Spare | None:
    """Which answers about printing do not apply: of a list of numbers, those about lists, where numbers are fine."""
    shape = type_.shape
    if shape is None or not type_.only(k.FULL_LIST) or not shape.element.only(k.INT):
        return spare_rare(type_)
    leaves = kinds_of(shape.element)

    def holds(target: str, support: Support) -> bool:
        return all(_held(target, f"print.list@{kind}") for kind in leaves)

    return holds


@lru_cache(maxsize=4096)
def _held(target: str, feature: str) -> bool:
    """Whether a target does the same as the reference with all but the strangest values."""
    table = load_table(target)
    answer = UNKNOWN if table is None else table.support(feature)
    return answer.answer == "yes" or (answer.answer == "differs" and answer.tier in _STRANGER)


def joined_as(construct: str) -> Spare:
    """For lists that become text by another construct: a target that only prints them otherwise is spared."""

    def spare(target: str, support: Support) -> bool:
        return _held(target, f"{construct}@list") and not _held(target, "print@list")

    return spare


def _wholly(type_: Type, construct: str) -> Spare:
    """The targets that turn no list or mapping of a type into the text that it has to be."""
    kinds = [kind for bits, kind in _FULL if type_.bits & bits]

    def spare(target: str, support: Support) -> bool:
        return not any(_held(target, f"{construct}@{kind}") for kind in kinds)

    return spare


_FULL = ((k.FULL_LIST, "list"), (k.FULL_DICT, "dict"), (k.FULL_TUPLE, "tuple"))


def _either(one: Spare, other: Spare | None) -> Spare:
    if other is None:
        return one
    return lambda target, support: one(target, support) or other(target, support)


def inside_of(
    child: nodes.Expr,
    look: Look,
    spare: Spare | None = None,
    construct: str = "print",
    place: nodes.Expr | None = None,
    each: bool = False,
) -> None:
    """What is inside a value that becomes text by a construct; ``spare``: for whom what is not risky does not matter.

    Of a target that turns no list into the right text, whatever is in it, the construct alone says enough. ``place``
    is what a fix puts text in the place of, if not the value. With ``each``, text is made of each element.
    """
    if "print.list" in look.families and not is_part_of_macro(child, look):
        type_ = look.type(child)
        if each:
            type_ = NEVER if type_.shape is None else type_.shape.element
        if type_.bits & (k.FULL_LIST | k.FULL_DICT | k.FULL_TUPLE):
            leaves = tuple(kind for kind in leaf_kinds(type_) if kind not in _BARE)
            wholly = _wholly(type_, construct)
            fix = None if construct == "print" or each else partial(inside_as_python, child, place or child, look)
            risky = tuple(kind for kind in leaves if kind in _RISKY)
            others = tuple(kind for kind in leaves if kind not in _RISKY)
            if construct != "print" and "plain" in risky:
                # Who makes a list text at all has plain text wrong only with backslashes or both quotes in it.
                look.least = Tier.EVERYDAY
                look.use_by_kind("print.list", ("plain",), child, fix, spare=wholly)
                look.least = Tier.ORDINARY
                risky = tuple(kind for kind in risky if kind != "plain")
            look.use_by_kind("print.list", risky, child, fix, spare=wholly)
            look.use_by_kind("print.list", others, child, fix, spare=_either(wholly, spare))
            # A key that may be missing is not printed; an item that is undefined is.
            element = NEVER if type_.shape is None else type_.shape.element
            if element.bits & k.UNDEFINED and not element.bits & k.OTHER:  # not of what can be anything
                look.use("print.list@undefined", child)
            deep = 0 if type_.shape is None else type_.shape.deep
            if deep & k.TUPLE and not deep & k.OTHER:
                look.use("print.list@tuple", child)
