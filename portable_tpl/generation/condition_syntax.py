"""What the backward reading of a template asks of its tree."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import nodes

from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.syntax.parsing import ParsedTemplate


def is_loop(node: nodes.Node) -> bool:
    """Whether an expression is an attribute of ``loop``."""
    return isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "loop"


def name_of(node: nodes.Node) -> str:
    """The name that is set or read, ``ns.name`` included; empty for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return f"{node.node.name}.{node.attr}"
    if isinstance(node, nodes.NSRef):
        return f"{node.name}.{node.attr}"
    return ""


def constants(node: nodes.Node) -> list[object]:
    """The literals of a literal, a list or a tuple."""
    if isinstance(node, nodes.Const):
        return [node.value]
    if isinstance(node, (nodes.List, nodes.Tuple)):
        return [item.value for item in node.items if isinstance(item, nodes.Const)]
    return []


def earlier_tests(parsed: ParsedTemplate, node: nodes.Node) -> list[nodes.Node]:
    """For an ``elif``, the tests that must have failed before it."""
    parent = parsed.parent(node)
    if isinstance(parent, nodes.If) and any(node is part for part in parent.elif_):
        return [parent.test, *(part.test for part in parent.elif_[: index(parent.elif_, node)])]
    return []


def index(items: Sequence[nodes.Node], node: nodes.Node) -> int:
    """The place of a node among others; their number where it is not there."""
    return next((index for index, item in enumerate(items) if item is node), len(items))


def assignments(parsed: ParsedTemplate) -> dict[str, list[tuple[nodes.Node, nodes.Node]]]:
    """For each name, ``ns.name`` included: the values that it is set to, and where."""
    by_name: dict[str, list[tuple[nodes.Node, nodes.Node]]] = {}
    for binding in resolve_names(parsed.tree).bindings:
        if binding.value is not None:
            by_name.setdefault(binding.name, []).append((binding.value, binding.node))
        if isinstance(binding.value, nodes.Call):
            for pair in binding.value.kwargs:
                by_name.setdefault(f"{binding.name}.{pair.key}", []).append((pair.value, binding.node))
    for node in parsed.nodes:
        if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.NSRef):
            by_name.setdefault(name_of(node.target), []).append((node.node, node))
    return by_name


def macro_calls(parsed: ParsedTemplate) -> dict[str, list[nodes.Node]]:
    """For each name, where it is called."""
    by_name: dict[str, list[nodes.Node]] = {}
    for node in parsed.nodes:
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
            by_name.setdefault(node.node.name, []).append(node)
    return by_name
