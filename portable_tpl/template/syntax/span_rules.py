"""For each kind of node: its first and last token, told from its anchor and from the extents of its parts.

What jinja2's parser (3.1) notes as a node's line, and so what the anchor is, was read off the parser: the first token
for literals, tags and prefix operators; the dot or bracket for attributes, subscripts and calls; the name for
filters; ``is`` for tests; nothing dependable for infix operators and tuples, which are found from their operands.
"""

from __future__ import annotations

from functools import cache

from jinja2 import nodes

from portable_tpl.template.syntax.spans import Extent, Extents, Rule


@cache
def rule_for(kind: type[nodes.Node]) -> Rule:
    """The rule for a kind of node: its own, else that of the nearest base class."""
    return next(_RULES[base] for base in kind.__mro__ if base in _RULES)


def _one_token(extents: Extents, node: nodes.Node) -> Extent:
    anchor = extents.anchors[node]
    return anchor, anchor


def _constant(extents: Extents, node: nodes.Const) -> Extent:
    first = last = extents.anchors[node]
    if extents.tokens[first].type == "string":
        while extents.tokens[last + 1].type == "string":  # as in Python, literals side by side are one
            last += 1
    return first, last


def _namespace_attribute(extents: Extents, node: nodes.NSRef) -> Extent:
    first = extents.anchors[node]
    return first, first + 2


def _bracketed(extents: Extents, node: nodes.List | nodes.Dict) -> Extent:
    first = extents.anchors[node]
    return first, extents.partner[first]


def _tuple(extents: Extents, node: nodes.Tuple) -> Extent:
    if not node.items:
        anchor = extents.anchors[node]
        if extents.tokens[anchor].type == "lbracket":  # x[]
            return anchor + 1, anchor
        return extents.partner[anchor], anchor
    first, last = extents.outer(node.items[0])[0], extents.outer(node.items[-1])[1]
    if extents.tokens[last + 1].type == "comma":
        last += 1
    if extents.groups(first - 1, last + 1):
        return first - 1, last + 1
    return first, last


def _from_to(first: str, last: str) -> Rule:
    """The rule of a node that begins with one part and ends with another."""

    def rule(extents: Extents, node: nodes.Node) -> Extent:
        return extents.outer(getattr(node, first))[0], extents.outer(getattr(node, last))[1]

    return rule


def _concatenation(extents: Extents, node: nodes.Concat) -> Extent:
    return extents.outer(node.nodes[0])[0], extents.outer(node.nodes[-1])[1]


def _comparison(extents: Extents, node: nodes.Compare) -> Extent:
    return extents.outer(node.expr)[0], extents.extent(node.ops[-1])[1]


def _operand(extents: Extents, node: nodes.Operand) -> Extent:
    first, last = extents.outer(node.expr)
    return first - (2 if node.op == "notin" else 1), last


def _conditional(extents: Extents, node: nodes.CondExpr) -> Extent:
    return extents.outer(node.expr1)[0], extents.outer(node.expr2 or node.test)[1]


def _prefixed(extents: Extents, node: nodes.UnaryExpr) -> Extent:
    return extents.anchors[node], extents.outer(node.node)[1]


def _negation(extents: Extents, node: nodes.Not) -> Extent:
    if extents.tokens[extents.anchors[node]].key == "name:is":
        return extents.extent(node.node)  # `a is not b`: the test in it has no text of its own
    return _prefixed(extents, node)


def _attribute(extents: Extents, node: nodes.Getattr) -> Extent:
    return extents.outer(node.node)[0], extents.anchors[node] + 1


def _subscript(extents: Extents, node: nodes.Getitem) -> Extent:
    anchor = extents.anchors[node]
    return extents.outer(node.node)[0], extents.partner.get(anchor, anchor + 1)  # the latter: a.0


def _slice(extents: Extents, node: nodes.Slice) -> Extent:
    first = extents.anchors[node]
    parts = [part for part in (node.start, node.stop, node.step) if part is not None]
    last = extents.outer(parts[-1])[1] if parts else first - 1
    while extents.tokens[last + 1].type == "colon":
        last += 1
    return first, last


def _call(extents: Extents, node: nodes.Call) -> Extent:
    anchor = extents.anchors[node]
    if extents.tokens[anchor].type != "lparen":  # made by a tag: {% generation %}
        return anchor, anchor
    return extents.outer(node.node)[0], extents.partner[anchor]


def _filter(extents: Extents, node: nodes.Filter) -> Extent:
    first = extents.anchors[node] if node.node is None else extents.outer(node.node)[0]
    after = extents.after_name(node)
    return first, extents.partner[after] if extents.tokens[after].type == "lparen" else after - 1


def _test(extents: Extents, node: nodes.Test) -> Extent:
    first = extents.outer(node.node)[0]
    after = extents.after_name(node)
    if extents.tokens[after].type == "lparen":
        return first, extents.partner[after]
    return first, extents.extent(node.args[0])[1] if node.args else after - 1


def _keyword(extents: Extents, node: nodes.Keyword) -> Extent:
    first, last = extents.outer(node.value)
    if extents.tokens[first - 1].type == "assign":
        first -= 2
    return first, last  # without a name in the text: {% autoescape true %}


def _output(extents: Extents, node: nodes.Output) -> Extent:
    anchor = extents.anchors[node]
    if extents.tokens[anchor].key == "name:print" and extents.tokens[anchor - 1].type == "block_begin":
        return _statement(extents, node)
    first, last = node.nodes[0], node.nodes[-1]
    # A printed expression stands between the delimiters, which are the output's.
    start = extents.outer(first)[0] - (0 if isinstance(first, nodes.TemplateData) else 1)
    end = extents.outer(last)[1] + (0 if isinstance(last, nodes.TemplateData) else 1)
    return start, end


def _statement(extents: Extents, node: nodes.Node) -> Extent:
    begin = extents.anchors[node] - 1
    return begin, extents.tags.last[begin]


def _if(extents: Extents, node: nodes.If) -> Extent:
    anchor = extents.anchors[node]
    if extents.tokens[anchor - 1].type == "block_begin":
        return _statement(extents, node)
    begin = anchor - 2  # an elif is known by the first token of its condition
    return begin, extents.tags.branch_last[begin]


def _scope(extents: Extents, node: nodes.Scope) -> Extent:
    return extents.extent(node.body[0])


_RULES: dict[type[nodes.Node], Rule] = {
    nodes.Expr: _one_token,
    nodes.Helper: _one_token,
    nodes.Stmt: _statement,
    nodes.Const: _constant,
    nodes.NSRef: _namespace_attribute,
    nodes.List: _bracketed,
    nodes.Dict: _bracketed,
    nodes.Tuple: _tuple,
    nodes.Pair: _from_to("key", "value"),
    nodes.BinExpr: _from_to("left", "right"),
    nodes.Concat: _concatenation,
    nodes.Compare: _comparison,
    nodes.Operand: _operand,
    nodes.CondExpr: _conditional,
    nodes.UnaryExpr: _prefixed,
    nodes.Not: _negation,
    nodes.Getattr: _attribute,
    nodes.Getitem: _subscript,
    nodes.Slice: _slice,
    nodes.Call: _call,
    nodes.Filter: _filter,
    nodes.Test: _test,
    nodes.Keyword: _keyword,
    nodes.Output: _output,
    nodes.If: _if,
    nodes.Scope: _scope,
}
