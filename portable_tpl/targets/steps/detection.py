"""How servers find out from a template's source whether it takes message content as a list of parts."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Template
from portable_tpl.template import parse


def iterates_content(template: Template) -> bool:
    """vLLM's question: does some ``for`` run over a message's content, by that name or through assigned ones?

    After ``_detect_content_format`` in ``vllm/renderers/hf.py`` (e7ad92e).
    """
    tree = _tree(template)
    if tree is None:
        return False
    messages = _message_names(tree)
    contents = {
        assign.target.name
        for assign in tree.find_all(nodes.Assign)
        if isinstance(assign.target, nodes.Name) and any(_reads(assign.node, name, "content") for name in messages)
    }
    contents = _aliases(tree, contents)
    return any(
        any(_reads(loop.iter, name, "content") for name in messages)
        or any(_reads(loop.iter, name) for name in contents)
        for loop in tree.find_all(nodes.For)
    )


def _message_names(tree: nodes.Template) -> set[str]:
    """What a message is called in loops over ``messages``, by that name or through assigned ones."""
    lists = _aliases(tree, {"messages"})
    return {
        loop.target.name
        for loop in tree.find_all(nodes.For)
        if isinstance(loop.target, nodes.Name) and any(_reads(loop.iter, name) for name in lists)
    }


def _aliases(tree: nodes.Template, names: set[str]) -> set[str]:
    """These names, and all that are assigned from them, their elements or slices."""
    aliases = set(names)
    while True:
        more = {
            assign.target.name
            for assign in tree.find_all(nodes.Assign)
            if isinstance(assign.target, nodes.Name) and any(_reads(assign.node, name) for name in aliases)
        }
        if more <= aliases:
            return aliases
        aliases |= more


def _reads(node: nodes.Node | None, name: str, key: str | None = None) -> bool:
    """Whether an expression is a variable (or its attribute), behind filters, tests and slices."""
    if isinstance(node, (nodes.Filter, nodes.Test)):
        return _reads(node.node, name, key)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        return _reads(node.node, name, key)
    if key is None:
        return isinstance(node, nodes.Name) and node.name == name
    return _attribute(node) == key and isinstance(node, (nodes.Getattr, nodes.Getitem)) and _is_name(node.node, name)


def looks_structured(template: Template) -> bool:
    """smg's question: does some ``for`` run over a message's content, or over what is called ``content``?

    As its gateway, 1.13.0, answers for 380 of 380 templates.
    """
    tree = _tree(template)
    if tree is None:
        return False
    messages = _message_names(tree)
    return any(
        _is_name(loop.iter, "content") or any(_reads(loop.iter, name, "content") for name in messages)
        for loop in tree.find_all(nodes.For)
    )


def _attribute(node: nodes.Node | None) -> object:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) else None


def _is_name(node: nodes.Node | None, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _tree(template: Template) -> nodes.Template | None:
    try:
        return parse(template).tree
    except TemplateSyntaxError:
        return None
