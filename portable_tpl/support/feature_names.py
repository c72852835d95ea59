"""Names for constructs that were caught without the support table's help, in its own way of naming."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from portable_tpl.support.value_kinds import kinds_within
from portable_tpl.template.syntax.parsing import ParsedTemplate

if TYPE_CHECKING:
    from portable_tpl.differential.explain.substitution import Rewriter

_OPERATORS = {
    nodes.Add: "add", nodes.Sub: "sub", nodes.Mul: "mul", nodes.Div: "div", nodes.FloorDiv: "floordiv",
    nodes.Mod: "mod", nodes.Pow: "pow", nodes.And: "and", nodes.Or: "or",
}  # fmt: skip
_UNARY = {nodes.Not: "not", nodes.Neg: "neg", nodes.Pos: "pos"}


def mechanical(parsed: ParsedTemplate, node: nodes.Node, rewriter: Rewriter | None, printed: bool = False) -> str:
    """A feature id made from a node and the kinds of values in it; ``printed``: from how it is printed."""

    def kind(child: nodes.Node | None) -> str:
        told = rewriter.current(child) if rewriter is not None and child is not None else None
        if told is None:
            return kind_of(child.value) if isinstance(child, nodes.Const) else ""
        if "value" not in told:
            return "undefined" if "undefined" in told else ""
        return str(told.get("kind") or kind_of(told["value"]))

    def at(name: str, *children: nodes.Node | None) -> str:
        kinds = [found for found in map(kind, children) if found]
        return f"{name}@{','.join(kinds)}" if kinds and len(kinds) == len(children) else name

    parent = parsed.parent(node)
    if printed:
        return at("print", node)
    if (
        isinstance(parent, nodes.For)
        and node is parent.iter
        and isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem))
    ):
        return at("for", node)
    family = _family(node)
    if family is not None:
        return at(*family)
    if isinstance(node, nodes.Call):
        return _call(node, kind)
    return _plain(node)


def mechanical_names(
    parsed: ParsedTemplate, node: nodes.Node, rewriter: Rewriter, values: Sequence[Any], printed: bool
) -> list[str]:
    """The ids that a node may go by, by every kind of value in it; the plainest first."""
    first = mechanical(parsed, node, rewriter, printed)
    family, at, pair = first.partition("@")
    if not at or "," in pair:
        return [first]
    kinds = dict.fromkeys(kind for value in values for kind in kinds_within(value))
    return [first, *(f"{family}@{kind}" for kind in kinds if kind != pair)]


def _family(node: nodes.Node) -> tuple[Any, ...] | None:
    """The name of a construct with the parts whose kinds it depends on."""
    if isinstance(node, nodes.For):
        return "for", node.iter
    if isinstance(node, nodes.Filter):
        return f"filter.{node.name}", node.node
    if isinstance(node, nodes.Test):
        return f"test.{node.name}", node.node
    if isinstance(node, nodes.BinExpr):
        return _OPERATORS.get(type(node), "operator"), node.left, node.right
    if isinstance(node, nodes.UnaryExpr):
        return _UNARY.get(type(node), "operator"), node.node
    if isinstance(node, nodes.Compare):
        return f"compare.{node.ops[0].op}", node.expr, node.ops[0].expr
    if isinstance(node, nodes.Getattr):
        return "attr", node.node
    if isinstance(node, nodes.Getitem):
        return "slice" if isinstance(node.arg, nodes.Slice) else "item", node.node
    return None


def _call(node: nodes.Call, kind: Any) -> str:
    callee = node.node
    if isinstance(callee, nodes.Getattr):
        receiver = kind(callee.node)
        owner = (
            "dict" if receiver in ("dict", "empty-dict") else "list" if receiver in ("list", "empty-list") else "str"
        )
        return f"method.{owner}.{callee.attr}"
    if isinstance(callee, nodes.Name):
        return f"global.{callee.name}"
    return "call"


def _plain(node: nodes.Node) -> str:
    words = {
        "Concat": "concat", "CondExpr": "condexpr", "Name": "name", "Const": "literal", "TemplateData": "layout",
        "List": "literal.list", "Dict": "literal.dict", "Tuple": "literal.tuple", "CallBlock": "statement.call",
        "AssignBlock": "statement.set-block", "FilterBlock": "statement.filter-block", "Assign": "statement.set",
    }  # fmt: skip
    name = type(node).__name__
    return words.get(name, f"statement.{name.lower()}" if isinstance(node, nodes.Stmt) else name.lower())


def kind_of(value: Any) -> str:
    """The kind of a JSON value, as the support table names kinds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, str):
        return "plain" if value else "empty"
    if isinstance(value, int):
        return "zero" if value == 0 else "int"
    if isinstance(value, float):
        return "float"
    name = "list" if isinstance(value, list) else "dict"
    return name if value else f"empty-{name}"
