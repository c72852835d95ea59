"""What the support table calls a construct: the one namer of features beside the rules' own questions.

In: a node, and the kinds of values in it where they are known. Out: ids of the table, the closest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from portable_tpl.model.ids import FeatureId
from portable_tpl.support.features import load_features
from portable_tpl.support.spelling import item_form, slice_form
from portable_tpl.support.value_kinds import kinds_within
from portable_tpl.template.syntax.parsing import ParsedTemplate

# The kind of the value of an expression; empty where it is not known.
KindOf = Callable[["nodes.Node | None"], str]

_OPERATORS = {
    nodes.Add: "add", nodes.Sub: "sub", nodes.Mul: "mul", nodes.Div: "div", nodes.FloorDiv: "floordiv",
    nodes.Mod: "mod", nodes.Pow: "pow",
}  # fmt: skip
_CHOICES = {nodes.And: "and.value", nodes.Or: "or.value"}
_UNARY = {nodes.Not: "not", nodes.Neg: "neg", nodes.Pos: "pos"}
_COMPARISONS = {
    "eq": "eq", "ne": "eq", "lt": "lt", "lteq": "lt", "gt": "lt", "gteq": "lt", "in": "in", "notin": "in",
}  # fmt: skip
_PLAIN = {
    "Concat": "concat", "CondExpr": "condexpr", "Name": "name", "Const": "literal", "TemplateData": "layout",
    "List": "literal.list", "Dict": "literal.dict", "Tuple": "literal.tuple", "CallBlock": "statement.call",
    "AssignBlock": "statement.set-block", "FilterBlock": "statement.filter-block", "Assign": "statement.set",
    "ScopedEvalContextModifier": "statement.autoescape", "FromImport": "statement.from-import", "Output": "print",
    "Template": "layout", "Scope": "scope", "Slice": "slice", "NSRef": "statement.set.namespace",
    "ExtensionAttribute": "statement.generation",
}  # fmt: skip
_OWNERS = {"dict": "dict", "empty-dict": "dict", "list": "list", "empty-list": "list"}


def feature_of(parsed: ParsedTemplate, node: nodes.Node, kind: KindOf, printed: bool = False) -> FeatureId:
    """The id of what a node does, for the kinds of values in it; ``printed``: of how it is printed."""
    if isinstance(node, nodes.Call) and not printed:
        return _call(node, kind)
    family, operands = _family(parsed, node, printed)
    kinds = tuple(kind(child) for child in operands)
    return _measured(FeatureId.of(family, kinds=kinds if all(kinds) else ()))


def features_of(
    parsed: ParsedTemplate, node: nodes.Node, kind: KindOf, values: Sequence[Any], printed: bool = False
) -> list[FeatureId]:
    """The ids that a node may go by, by every kind of value that was seen in it; the plainest first."""
    first = feature_of(parsed, node, kind, printed)
    if len(first.kinds) != 1:
        return [first]
    kinds = dict.fromkeys(kind for value in values for kind in kinds_within(value))
    others = (FeatureId.of(first.family, kinds=(other,)) for other in kinds if (other,) != first.kinds)
    return [first, *(each for each in others if each in load_features())]


def input_of(parsed: ParsedTemplate, node: nodes.Filter | nodes.Test) -> nodes.Node | None:
    """What a filter or a test is for: an expression, or the block whose text a filter in its tag takes."""
    taken: nodes.Node | None = node.node
    block: nodes.Node | None = node
    while taken is None and isinstance(block, nodes.Filter):
        block = parsed.parent(block)
    return block if taken is None else taken


def sets_attribute(node: nodes.Node) -> bool:
    """Whether a statement is ``set x.y = …``, which the reference takes of namespaces alone."""
    return isinstance(node, nodes.Assign) and isinstance(node.target, nodes.NSRef)


def kind_of(value: Any) -> str:
    """The kind of a JSON value, as the support table names kinds; the plainest of those that a text has."""
    return next(kinds_within(value))


@lru_cache(maxsize=1)
def constructs() -> Mapping[str, tuple[str, ...]]:
    """The ids of all features by what they are cases of: ``item`` has ``item.int``, and so has ``item.int@none``."""
    ids_by_name: dict[str, list[str]] = {}
    for id_ in load_features():
        for wider in FeatureId(id_).wider():
            ids_by_name.setdefault(wider, []).append(id_)
    return {name: tuple(ids) for name, ids in ids_by_name.items()}


def _measured(id_: FeatureId) -> FeatureId:
    """The id itself if it is one of the table, else the nearest that it is a special case of and that has a page."""
    if id_ in load_features():
        return id_
    return next((wider for wider in id_.wider() if wider in load_features() or wider in constructs()), id_)


def _family(parsed: ParsedTemplate, node: nodes.Node, printed: bool) -> tuple[str, tuple[nodes.Node | None, ...]]:
    """The id without kinds, and the parts whose kinds it depends on."""
    parent = parsed.parent(node)
    if printed:
        return "print", (node,)
    looped = isinstance(parent, nodes.For) and node is parent.iter
    if looped and isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        return "for", (node,)
    if isinstance(node, nodes.For):
        return "for", (node.iter,)
    if isinstance(node, (nodes.Filter, nodes.Test)):
        return FeatureId.of("filter" if isinstance(node, nodes.Filter) else "test", node.name), (
            input_of(parsed, node),
        )
    return next(_operation(parsed, node), (_plain(node), ()))


def _operation(parsed: ParsedTemplate, node: nodes.Node) -> Iterator[tuple[str, tuple[nodes.Node | None, ...]]]:
    if isinstance(node, (nodes.And, nodes.Or)):
        yield _CHOICES[type(node)], (node.left,)
    elif isinstance(node, nodes.BinExpr):
        yield _OPERATORS.get(type(node), "operator"), (node.left, node.right)
    elif isinstance(node, nodes.UnaryExpr):
        yield _UNARY.get(type(node), "operator"), (node.node,)
    elif isinstance(node, nodes.Compare):
        yield _COMPARISONS[node.ops[0].op], (node.expr, node.ops[0].expr)
    elif isinstance(node, nodes.Getattr):
        yield "attr", (node.node,)
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        yield FeatureId.of("slice", slice_form(node.arg)), (node.node,)
    elif isinstance(node, nodes.Getitem):
        yield FeatureId.of("item", item_form(node, parsed)), (node.node,)


def _call(node: nodes.Call, kind: KindOf) -> FeatureId:
    """The id of a call: of a method by the type of its receiver, of a function by its name."""
    callee = node.node
    if isinstance(callee, nodes.Getattr):
        return _measured(FeatureId.of("method", _OWNERS.get(kind(callee.node), "str"), callee.attr))
    if isinstance(callee, nodes.Name):
        return _measured(FeatureId.of("global", callee.name))
    return FeatureId("call")


def _plain(node: nodes.Node) -> str:
    if sets_attribute(node):
        return _PLAIN["NSRef"]
    name = type(node).__name__
    return _PLAIN.get(name, f"statement.{name.lower()}" if isinstance(node, nodes.Stmt) else name.lower())
