"""Slices that an engine cuts otherwise.

What it does
------------
Finds slices ``x[a:b:c]`` that an engine does not cut as Python does.

Why it breaks
-------------
Text is counted in bytes in C++ and in UTF-16 units in JavaScript, so that a slice can cut a character in two.
minijinja before 3.1 stops with an internal error on ``[::-1]`` of an empty list, and counts one too many with a
negative step and a stop.

Example
-------
``{% for message in messages[::-1] %}``

Fix safety
----------
Safe for ``[::-1]`` of lists, which is ``|reverse``; otherwise no fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import assigned, assigned_anywhere, only_compared
from portable_tpl.rewriting.expressions import Level, any_broken, operand, replace
from portable_tpl.rewriting.python_text import is_part_of_macro
from portable_tpl.support.spelling import constant, has_spaced_gap, slice_form
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL209"


def _item(node: nodes.Getitem, look: Look) -> None:
    if not isinstance(node.arg, nodes.Slice) or is_part_of_macro(node, look):
        return
    kinds = look.kinds(node.node)
    if look.breaks("slice.spaced") and has_spaced_gap(node, look.parsed):
        look.use("slice.spaced", node)
    if node.arg.step is None and only_compared(node, look):
        look.use_by_kind("slice.compare", kinds, node)
        return
    _literals(node, node.arg, look)
    for bound in (node.arg.start, node.arg.stop, node.arg.step):
        if bound is not None:
            look.use_by_kind("slice.bound", look.kinds(bound), node)
    if node.arg.step is not None and look.type(node.arg.step).bits & k.NONE:
        look.use("slice.step-none", node)
    if any(bound is not None and look.type(bound).bits & k.NONE for bound in (node.arg.start, node.arg.stop)):
        look.use_by_kind("slice.none", kinds, node)
    shape = slice_form(node.arg)
    if look.breaks("slice.empty-step") and look.parsed.source(node.arg).rstrip().endswith("::"):
        look.use("slice.empty-step", node)
    if shape in ("but-last", "from") and abs(_bound(node.arg)) == 1 and _json_text(node.node, look):
        return  # the first and the last character of JSON text are quotes, brackets or digits
    look.use_by_kind(f"slice.{shape}", kinds, node, lambda: _reversed(node, look))


def _literals(node: nodes.Getitem, cut: nodes.Slice, look: Look) -> None:
    """What jinja2 works out when it compiles a template: there a slice that makes no sense is undefined."""
    if isinstance(node.node, (nodes.Dict, nodes.Const, nodes.Neg)) and not isinstance(constant(node.node), str):
        look.use("slice.literal.value", node)
    for bound in (cut.start, cut.stop, cut.step):
        value = constant(bound)
        numeric = value is None or (isinstance(value, int) and not isinstance(value, float))
        if not numeric and _is_worked_out(bound, look):
            look.use("slice.literal.bound", node)


def _is_worked_out(bound: nodes.Expr | None, look: Look) -> bool:
    """Whether a bound is a literal, or made of literals, and is no number."""
    if bound is None or isinstance(bound, nodes.Literal):
        return bound is not None
    return bound.find(nodes.Name) is None and not look.type(bound).bits & _NUMERIC


_NUMERIC = k.INT | k.BOOL | k.NONE


def _reversed(node: nodes.Getitem, look: Look) -> Fix | None:
    """``list[::-1]`` as a filter, for lists only: of text the filter makes other things in other engines."""
    if not isinstance(node.arg, nodes.Slice) or slice_form(node.arg) != "reverse" or constant(node.arg.step) != -1:
        return None
    if not look.type(node.node).only(k.LIST) or any_broken(look, ["filter.reverse"]):
        return None
    text = f"{operand(node.node, look)}|reverse"
    if not isinstance(look.parent(node), nodes.For):
        text += "|list"
    return replace(node, text, Level.FILTER, look, "Use the filter reverse")


def _bound(cut: nodes.Slice) -> int:
    value = constant(cut.stop if cut.start is None else cut.start)
    return value if isinstance(value, int) else 0


def _json_text(node: nodes.Node, look: Look) -> bool:
    """Whether an expression is the result of ``tojson``, perhaps under a name."""
    if not isinstance(node, nodes.Name):
        return _is_dump(node)
    if not any(map(_is_dump, assigned_anywhere(node.name, look))):
        return False
    values = assigned(node, look)
    return len(values) == 1 and _is_dump(values[0])


def _is_dump(node: nodes.Node) -> bool:
    """Whether an expression is ``tojson``, also with its escapes taken back by ``replace``."""
    while isinstance(node, nodes.Filter) and node.name == "replace" and node.node is not None and _keeps_ends(node):
        node = node.node
    return isinstance(node, nodes.Filter) and node.name == "tojson"


def _keeps_ends(node: nodes.Filter) -> bool:
    """Whether what is replaced is an escape or a tab, which are no quotes, brackets or digits at the ends of JSON."""
    old = constant(node.args[0]) if node.args else None
    return isinstance(old, str) and old[:1] in ("\\", "\t")


VISITS = {nodes.Getitem: _item}
VALID = (
    Example("{% for m in messages[1:] %}x{% endfor %}", targets=("minijinja", "hf-jinja", "llama.cpp-engine")),
    Example("{% set t = messages[0]|tojson|replace('\\\\u003c', '<') %}{{ t[:-1] }}", targets=("llama.cpp-engine",)),
)
INVALID = (
    Example("{% for m in messages[3:0:-1] %}x{% endfor %}", targets=("minijinja@3.0.5",)),
    Example(
        "{% for m in (messages if tools else [])[::-1] %}x{% endfor %}",
        targets=("minijinja@3.0.5",),
        fixed="{% for m in (messages if tools else [])|reverse %}x{% endfor %}",
    ),
    Example("{{ messages[0].content[:5] }}", targets=("llama.cpp-engine",)),
)
