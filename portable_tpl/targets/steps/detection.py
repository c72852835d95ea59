"""How servers find out from a template's source whether it takes message content as a list of parts."""

from __future__ import annotations

from collections.abc import Iterator

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
    lists = _aliases(tree, {"messages"})
    messages = {
        loop.target.name
        for loop in tree.find_all(nodes.For)
        if isinstance(loop.target, nodes.Name) and any(_reads(loop.iter, name) for name in lists)
    }
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


def _aliases(tree: nodes.Template, names: set[str]) -> set[str]:
    """These names, and all that are assigned from them, their elements or slices."""
    found = set(names)
    while True:
        more = {
            assign.target.name
            for assign in tree.find_all(nodes.Assign)
            if isinstance(assign.target, nodes.Name) and any(_reads(assign.node, name) for name in found)
        }
        if more <= found:
            return found
        found |= more


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
    """smg's question: are there signs that content is handled as a list?

    After ``detect_chat_template_content_format`` in ``crates/tokenizer/src/chat_template.rs`` (f8daa88): a loop over
    content, a numeric index or ``length`` of it, or a macro with both a type test and a loop. Only statements at hand
    are looked at, as there: not what follows ``else`` of a loop, nor blocks.
    """
    tree = _tree(template)
    return tree is not None and _any_sign(tree.body, frozenset())


def _any_sign(body: list[nodes.Node], scope: frozenset[str]) -> bool:
    return any(_sign(node, scope) for node in body)


def _sign(node: nodes.Node, scope: frozenset[str]) -> bool:
    if isinstance(node, nodes.For):
        if _is_name(node.iter, "messages") and isinstance(node.target, nodes.Name):
            scope = scope | {node.target.name}
        return _is_name(node.iter, "content") or _within_content(node.iter, scope) or _any_sign(node.body, scope)
    if isinstance(node, nodes.If):
        branches = [node, *node.elif_]
        if any(_structure(branch.test, scope) or _any_sign(branch.body, scope) for branch in branches):
            return True
        return _any_sign(node.else_, scope)
    if isinstance(node, nodes.Output):
        return any(_structure(each, scope) for each in node.nodes if isinstance(each, nodes.Expr))
    if isinstance(node, nodes.Macro):
        inside = list(_statements(node.body))
        tests = any(isinstance(each, nodes.If) and isinstance(each.test, nodes.Test) for each in inside)
        return tests and any(isinstance(each, nodes.For) for each in inside)
    return False


def _statements(body: list[nodes.Node]) -> Iterator[nodes.Node]:
    for node in body:
        yield node
        if isinstance(node, nodes.If):
            yield from _statements([*node.body, *node.elif_, *node.else_])
        elif isinstance(node, nodes.For):
            yield from _statements(node.body)


def _structure(node: nodes.Node, scope: frozenset[str]) -> bool:
    if isinstance(node, nodes.Getitem):
        indexed = isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, (int, float))
        return indexed and (_is_name(node.node, "content") or _within_content(node.node, scope))
    if isinstance(node, nodes.Filter) and node.node is not None:
        if node.name == "length":
            return _is_name(node.node, "content") or _within_content(node.node, scope)
        return _structure(node.node, scope)
    if isinstance(node, (nodes.Test, nodes.Getattr)):
        return _structure(node.node, scope)
    if isinstance(node, nodes.Compare):
        return any(_structure(each, scope) for each in (node.expr, *(operand.expr for operand in node.ops)))
    if isinstance(node, nodes.BinExpr):
        return _structure(node.left, scope) or _structure(node.right, scope)
    return isinstance(node, nodes.UnaryExpr) and _structure(node.node, scope)


def _within_content(node: nodes.Node | None, scope: frozenset[str]) -> bool:
    """Whether an expression is a message's content or lies within it."""
    while node is not None:
        if any(_is_content_of(node, name) for name in scope):
            return True
        node = node.node if isinstance(node, (nodes.Getattr, nodes.Getitem)) else None
    return False


def _is_content_of(node: nodes.Node | None, name: str) -> bool:
    if isinstance(node, (nodes.Filter, nodes.Test)):
        return _is_content_of(node.node, name)
    return isinstance(node, (nodes.Getattr, nodes.Getitem)) and (
        _attribute(node) == "content" and _is_name(node.node, name)
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
