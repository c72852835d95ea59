"""Compare trees, and parse a node's text again, put where such a node may stand."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.model.source import Template
from portable_tpl.template import ParsedTemplate, parse


def reparsed(parsed: ParsedTemplate, node: nodes.Node) -> nodes.Node:
    """The node that the text of ``node`` gives when parsed alone."""
    text, parent = parsed.source(node), parsed.parent(node)
    if isinstance(node, nodes.Operand):
        return compare(f"x {text}").ops[0]
    if isinstance(node, nodes.Pair):
        found = expression("{" + text + "}")
        assert isinstance(found, nodes.Dict)
        return found.items[0]
    if isinstance(node, nodes.Keyword):
        if isinstance(parent, nodes.ScopedEvalContextModifier):
            return nodes.Keyword("autoescape", expression(text))
        return call(f"x({text})").kwargs[0]
    if isinstance(parent, nodes.Getitem) and node is parent.arg and parsed.text[parsed.span(parent).end - 1] == "]":
        return getitem(f"x[{text}]").arg
    if isinstance(node, nodes.Slice):
        return getitem(f"x[{text}]").arg
    if isinstance(node, nodes.Filter) and base(node) is None:
        block = first(f"{{% filter {text} %}}{{% endfilter %}}")
        assert isinstance(block, nodes.FilterBlock)
        return block.filter
    if isinstance(node, nodes.NSRef) or getattr(node, "ctx", "load") != "load":
        block = first("{% set " + text + " %}{% endset %}")
        assert isinstance(block, nodes.AssignBlock)
        return block.target
    if isinstance(node, nodes.Test) and isinstance(parent, nodes.Not) and parsed.span(parent) == parsed.span(node):
        negated = expression(text)  # `a is not b` is one piece of text for two nodes
        assert isinstance(negated, nodes.Not)
        return negated.node
    return expression(text)


def base(node: nodes.Filter) -> nodes.Expr | None:
    """What a chain of filters is applied to; ``None`` in filter blocks."""
    found: nodes.Expr | None = node
    while isinstance(found, nodes.Filter):
        found = found.node
    return found


def first(source: str) -> nodes.Node:
    return parse(Template(source)).tree.body[0]


def expression(text: str) -> nodes.Expr:
    output = first("{{ " + text + " }}")
    assert isinstance(output, nodes.Output), text
    (found,) = output.nodes
    return found


def compare(text: str) -> nodes.Compare:
    found = expression(text)
    assert isinstance(found, nodes.Compare), text
    return found


def call(text: str) -> nodes.Call:
    found = expression(text)
    assert isinstance(found, nodes.Call), text
    return found


def getitem(text: str) -> nodes.Getitem:
    found = expression(text)
    assert isinstance(found, nodes.Getitem), text
    return found


def as_loaded(node: nodes.Node) -> str:
    """A node as text for comparison; whether a name is read or assigned is left to the place it stands in."""
    return repr(node).replace("ctx='store'", "ctx='load'").replace("ctx='param'", "ctx='load'")


def outline(tree: nodes.Template) -> list[tuple[object, ...]]:
    """All of a tree, line numbers included."""
    return [
        (type(node), node.lineno, [(name, value) for name, value in node.iter_fields() if not holds_nodes(value)])
        for node in (tree, *tree.find_all(nodes.Node))
    ]


def holds_nodes(value: object) -> bool:
    return isinstance(value, nodes.Node) or (
        isinstance(value, list) and any(isinstance(item, nodes.Node) for item in value)
    )
