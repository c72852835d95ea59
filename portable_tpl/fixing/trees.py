"""Trees that are one program though written otherwise: text that stands in a template, or that is printed by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import nodes

from portable_tpl.template.syntax.walking import child_fields


def same_program(one: nodes.Node, other: nodes.Node) -> bool:
    """Whether two trees are equal but for texts that are printed as literals in one and stand bare in the other."""
    todo: list[tuple[Any, Any]] = [(one, other)]
    while todo:
        left, right = todo.pop()
        if isinstance(left, nodes.Output) and isinstance(right, nodes.Output):
            todo.append((_merged(left.nodes), _merged(right.nodes)))
        elif isinstance(left, nodes.Node) and isinstance(right, nodes.Node):
            inside = child_fields(left.__class__)
            if left.__class__ is not right.__class__ or _plain(left, inside) != _plain(right, inside):
                return False
            todo += [(getattr(left, name), getattr(right, name)) for name in inside]
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            todo += zip(left, right, strict=True)
        elif type(left) is not type(right) or left != right:
            return False
    return True


def _plain(node: nodes.Node, inside: Sequence[str]) -> list[tuple[type, Any]]:
    """What a node holds besides nodes; 1 and true are equal to Python, and not the same."""
    values = (getattr(node, name) for name in node.fields if name not in inside)
    return [(type(value), value) for value in values]


def _merged(printed: Sequence[nodes.Node]) -> list[nodes.Node | str]:
    """What is printed one after the other, with texts that meet as one."""
    merged: list[nodes.Node | str] = []
    for node in printed:
        text = node.data if isinstance(node, nodes.TemplateData) else None
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            text = node.value
        if text is None:
            merged.append(node)
        elif merged and isinstance(merged[-1], str):
            merged[-1] += text
        elif text:
            merged.append(text)
    return merged
