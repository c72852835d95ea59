"""The features that the spelling of a construct uses: what two templates with the same tree may still differ in.

In: a node of a parsed template. Out: ids of features, for rules and for causes alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jinja2 import nodes

from portable_tpl.model.ids import FeatureId
from portable_tpl.template.syntax.parsing import ParsedTemplate

_OPERATIONS = (nodes.BinExpr, nodes.Operand, nodes.Compare)
_PLAIN = (nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem)


def is_dotted(node: nodes.Getitem, parsed: ParsedTemplate) -> bool:
    """Whether an item is taken by a number after a dot."""
    return parsed.lexed.tokens[parsed.anchors[node]].type == "dot"


def dotted_features(node: nodes.Getitem, parsed: ParsedTemplate, kinds: Iterable[str] = ()) -> Iterator[FeatureId]:
    """What ``x.0`` uses, on values of these kinds, and what follows it: a name, a number, a bracket."""
    if not is_dotted(node, parsed):
        return
    for kind in dict.fromkeys(("list", *kinds)):
        yield FeatureId.of("item", "dotted", kinds=(kind,))
    tokens, at = parsed.lexed.tokens, parsed.anchors[node]
    behind = tokens[at + 2].type
    if behind == "lbracket":
        yield FeatureId.of("item", "dotted", "item")
    elif behind == "dot" and tokens[at + 3].type == "integer":
        yield FeatureId.of("item", "dotted", "twice")
    elif behind == "dot":
        yield FeatureId.of("item", "dotted", "call" if tokens[at + 4].type == "lparen" else "attr")


def follows_call(node: nodes.Getattr | nodes.Getitem, parsed: ParsedTemplate) -> bool:
    """Whether an attribute or item is taken right behind the brackets of a call of a name: ``f().x``, ``f()[0]``."""
    call = node.node
    if not isinstance(call, nodes.Call) or not isinstance(call.node, nodes.Name):
        return False
    bracket = parsed.lexed.tokens[parsed.anchors[node] - 1]
    return parsed.span(call).end == parsed.lexed.offset(bracket.end)


def has_spaced_gap(node: nodes.Getitem, parsed: ParsedTemplate) -> bool:
    """Whether white space stands where a slice leaves a part out: ``x[ : ]``, ``x[1: ]``."""
    tokens, at, depth = parsed.lexed.tokens, parsed.anchors[node], 0
    while True:
        token, behind = tokens[at], tokens[at + 1]
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        if depth == 0:
            return False
        empty = token.type in ("lbracket", "colon") and behind.type in ("colon", "rbracket")
        if depth == 1 and empty and behind.start > token.end:
            return True
        at += 1


_OPENING, _CLOSING = ("lbracket", "lparen", "lbrace"), ("rbracket", "rparen", "rbrace")


def slice_form(cut: nodes.Slice) -> str:
    """The form of a slice, as the table names it: ``from`` for ``[1:]``, ``reverse`` for ``[::-1]``, …."""
    start, stop, step = constant(cut.start), constant(cut.stop), constant(cut.step)
    if cut.step is not None:
        backwards = isinstance(step, int) and step < 0
        if not backwards:
            return "step" if cut.start is None and cut.stop is None else "step-bounds"
        if cut.stop is not None:
            return "reverse-bounds"
        return "reverse" if cut.start is None else "reverse-from"
    if (cut.start is not None and start is None) or (cut.stop is not None and stop is None):
        return "none"
    if cut.start is None:
        if cut.stop is None:
            return "all"
        return "but-last" if isinstance(stop, int) and stop < 0 else "to"
    if cut.stop is None:
        return "last" if isinstance(start, int) and start < 0 else "from"
    if isinstance(start, int) and start < 0:
        return "negative-both"
    return "from-zero" if start == 0 else "both"


def item_form(node: nodes.Getitem, parsed: ParsedTemplate) -> str:
    """The form of a subscript, as the table names it: by a number (where from), a text, or something computed."""
    if is_dotted(node, parsed):
        return "dotted"
    key = constant(node.arg)
    if isinstance(key, str):
        return "word"
    if isinstance(key, int) and not isinstance(key, bool):
        return "int" if key == 0 else "negative" if key < 0 else "int.inner"
    return "variable" if isinstance(node.arg, nodes.Name) else "by"


def constant(node: nodes.Node | None) -> object:
    """The value of a literal, else the ``nodes`` module, which equals nothing."""
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        value = node.node.value
        if isinstance(value, (int, float)):
            return -value
    return nodes


def negation_features(node: nodes.Not, parsed: ParsedTemplate) -> Iterator[FeatureId]:
    """What ``not`` uses of the order of operators; ``is not`` is the test's own."""
    tokens, at = parsed.lexed.tokens, parsed.anchors[node]
    if tokens[at].key == "name:is":
        yield FeatureId.of("test", "not")
        return
    inner = node.node
    if tokens[at + 1].type == "lparen" and parsed.span(inner).start > parsed.lexed.offset(tokens[at + 1].start):
        if isinstance(inner, (nodes.And, nodes.Or)):
            yield FeatureId.of("operator", "parenthesised-not")
    elif isinstance(inner, nodes.Test):
        yield FeatureId.of("test", "not-prefix")
    elif isinstance(inner, nodes.Compare):
        contained = any(operand.op == "in" for operand in inner.ops)
        yield FeatureId.of("syntax", "not-before-in" if contained else "not-before-comparison")
    elif isinstance(inner, nodes.Not):
        yield FeatureId.of("operator", "not-not")


def sign_features(node: nodes.Neg | nodes.Pos, parsed: ParsedTemplate, kinds: Iterable[str]) -> Iterator[FeatureId]:
    """What a sign before a literal uses, and one before a value of these kinds; and one after a word."""
    family = "neg" if isinstance(node, nodes.Neg) else "pos"
    before = parsed.lexed.tokens[parsed.anchors[node] - 1]
    if before.type == "name":
        yield FeatureId.of(family, "after-word")
    if isinstance(node.node, (nodes.Neg, nodes.Pos)) and not (family == "neg" and isinstance(node.node, nodes.Neg)):
        yield FeatureId.of(family, "sign")
    if family == "pos":
        yield FeatureId.of(family, "literal")  # an engine that does not know the sign reads no value behind it
    if not isinstance(node.node, nodes.Const) or isinstance(node.node.value, (bool, str)):
        yield from (FeatureId.of(family, kinds=(kind,)) for kind in kinds)
        if family == "neg" and not isinstance(node.node, _PLAIN):
            yield FeatureId.of(family, "expression")
    elif family == "neg":
        yield FeatureId.of(family, "literal", "float" if isinstance(node.node.value, float) else "int")
        if isinstance(parsed.parent(node), _OPERATIONS):
            yield FeatureId.of(family, "literal", "operand")


def condition_features(node: nodes.CondExpr, parsed: ParsedTemplate) -> Iterator[FeatureId]:
    """What ``a if b`` uses: no ``else``, and another ``if`` right behind it."""
    if node.expr2 is None:
        yield FeatureId.of("condexpr", "no-else")
    first = node.expr1
    # In a row the outer one starts where the inner one ends; round brackets would stand between them.
    if isinstance(first, nodes.CondExpr) and parsed.span(node).start == parsed.span(first).start:
        yield FeatureId.of("condexpr", "if-if")


_BARE = {nodes.Name: "name", nodes.List: "list", nodes.Dict: "mapping", nodes.Call: "call"}
_BARE.update({nodes.Getattr: "path", nodes.Getitem: "path"})


def has_brackets(node: nodes.Test, parsed: ParsedTemplate) -> bool:
    """Whether a test's arguments, if any, stand in round brackets."""
    return parsed.lexed.tokens[parsed.after_name(node)].type == "lparen"


def is_negated(node: nodes.Test, parsed: ParsedTemplate) -> bool:
    """Whether a test is asked as ``x is not t``; ``not x is t`` is another spelling."""
    parent = parsed.parent(node)
    return isinstance(parent, nodes.Not) and parsed.lexed.tokens[parsed.anchors[parent]].key == "name:is"


def _goes_on(node: nodes.Test, parsed: ParsedTemplate) -> Iterator[FeatureId]:
    """An operator right behind a test that no round brackets close off."""
    whole: nodes.Node = node
    parent = parsed.parent(node)
    if isinstance(parent, nodes.Not) and is_negated(node, parsed):
        whole, parent = parent, parsed.parent(parent)
    left = (
        (isinstance(parent, _SIGNED) and parent.left is whole)
        or (isinstance(parent, nodes.Compare) and parent.expr is whole)
        or (isinstance(parent, nodes.Concat) and parent.nodes[-1] is not whole)
    )
    if left and not parsed.text[parsed.span(node).end :].lstrip().startswith(")"):
        yield FeatureId.of("test", "then-sign" if isinstance(parent, _SIGNED) else "then-operator")


_SIGNED = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)


def test_features(node: nodes.Test, parsed: ParsedTemplate) -> Iterator[FeatureId]:
    """What the form of a test uses: its arguments, their brackets, ``not`` before them, and what goes on behind."""
    yield from _goes_on(node, parsed)
    brackets = has_brackets(node, parsed)
    if not node.args and not node.kwargs:
        if brackets and node.dyn_args is None and node.dyn_kwargs is None:
            yield FeatureId.of("test", "brackets")
    elif not brackets:
        yield FeatureId.of("test", node.name, "bare")
        yield from _bare_features(node.args[0], node, parsed)
    if node.kwargs:
        yield FeatureId.of("test", "keyword")
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        yield FeatureId.of("test", "spread")
    if "." in node.name:
        yield FeatureId.of("test", "dotted")
    if isinstance(node.node, nodes.Test):
        yield FeatureId.of("test", "of-test")


def _bare_features(argument: nodes.Expr, node: nodes.Test, parsed: ParsedTemplate) -> Iterator[FeatureId]:
    if isinstance(argument, nodes.Const):
        value = argument.value
        if isinstance(value, str):
            yield FeatureId.of("test", "bare", "text")
        elif isinstance(value, bool) or value is None:
            yield FeatureId.of("test", "bare", "constant")
        elif isinstance(value, float):
            yield FeatureId.of("test", "bare", "float")
    elif argument.__class__ in _BARE:
        yield FeatureId.of("test", "bare", _BARE[argument.__class__])
    if is_negated(node, parsed):
        yield FeatureId.of("test", "bare", "negated")


def _grouped(node: nodes.Filter, inner: nodes.Expr, parsed: ParsedTemplate) -> bool:
    """Whether what is filtered stands in round brackets, which are no part of it."""
    token = parsed.lexed.tokens[parsed.anchors[node] - 2]
    return token.type == "rparen" and parsed.span(inner).end < parsed.lexed.offset(token.end)


def filter_features(node: nodes.Filter, parsed: ParsedTemplate) -> Iterator[FeatureId]:
    """What the form of a filter uses: brackets without arguments, and arguments that are unpacked."""
    if "." in node.name:
        yield FeatureId.of("filter", "dotted")
    inner = node.node
    if isinstance(inner, nodes.Not) and parsed.lexed.tokens[parsed.anchors[inner]].key == "name:is":
        inner = inner.node
    if isinstance(inner, nodes.Test) and not _grouped(node, inner, parsed):
        yield FeatureId.of("filter", "of-test")
        if inner.args:
            yield FeatureId.of("filter", "of-test", "argument")
    elif isinstance(inner, nodes.Neg) and not _grouped(node, inner, parsed):
        yield FeatureId.of("filter", "of-negative")
    if node.dyn_args is not None:
        yield FeatureId.of("filter", "spread")
    if node.dyn_kwargs is not None:
        yield FeatureId.of("filter", "spread-mapping")
    if node.args or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None or node.node is None:
        return
    if parsed.lexed.tokens[parsed.after_name(node)].type == "lparen":
        yield FeatureId.of("filter", *(("tojson",) if node.name == "tojson" else ()), "brackets")
