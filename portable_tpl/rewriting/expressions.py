"""Text for rewrites: new expressions with the brackets they need where they go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

from jinja2 import nodes

from portable_tpl.checking.base import Look, known_once
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.model.source import Span

_PIPE = re.compile(r"\s*\|\s*")


class Level(IntEnum):
    """How tightly an expression holds together, in jinja2's grammar."""

    CONDITIONAL = 0
    OR = 1
    AND = 2
    NOT = 3
    COMPARISON = 4
    SUM = 5
    CONCAT = 6
    PRODUCT = 7
    POWER = 8
    UNARY = 9
    FILTER = 10
    ATOM = 11


_LEVELS: dict[type[nodes.Node], Level] = {
    nodes.CondExpr: Level.CONDITIONAL,
    nodes.Or: Level.OR,
    nodes.And: Level.AND,
    nodes.Not: Level.NOT,
    nodes.Compare: Level.COMPARISON,
    nodes.Add: Level.SUM,
    nodes.Sub: Level.SUM,
    nodes.Concat: Level.CONCAT,
    nodes.Mul: Level.PRODUCT,
    nodes.Div: Level.PRODUCT,
    nodes.FloorDiv: Level.PRODUCT,
    nodes.Mod: Level.PRODUCT,
    nodes.Pow: Level.POWER,
    nodes.Neg: Level.UNARY,
    nodes.Pos: Level.UNARY,
    nodes.Filter: Level.FILTER,
    nodes.Test: Level.FILTER,
}
# What an operand of such a node must hold together by, at least.
_OPERANDS: dict[type[nodes.Node], Level] = {
    nodes.Or: Level.AND,
    nodes.And: Level.NOT,
    nodes.Not: Level.FILTER,  # engines do not agree on how far `not` reaches
    nodes.Compare: Level.SUM,
    nodes.Operand: Level.SUM,
    nodes.Add: Level.CONCAT,
    nodes.Sub: Level.CONCAT,
    nodes.Concat: Level.PRODUCT,
    nodes.Mul: Level.POWER,
    nodes.Div: Level.POWER,
    nodes.FloorDiv: Level.POWER,
    nodes.Mod: Level.POWER,
    nodes.Pow: Level.ATOM,
    nodes.Neg: Level.ATOM,
    nodes.Pos: Level.ATOM,
    nodes.If: Level.OR,
    nodes.For: Level.OR,
}


def level_of(node: nodes.Node) -> Level:
    """How tightly an expression of the template holds together."""
    if isinstance(node, nodes.Not) and isinstance(node.node, nodes.Test):
        return Level.FILTER  # `x is not y`
    return _LEVELS.get(type(node), Level.ATOM)


def needed(node: nodes.Node, look: Look) -> Level:
    """How tightly what takes the place of a node must hold together."""
    parent = look.parent(node)
    if isinstance(parent, nodes.Test):
        return Level.FILTER if parent.node is node else Level.ATOM
    if isinstance(parent, nodes.Filter):
        return Level.FILTER if parent.node is node else Level.CONDITIONAL
    if isinstance(parent, (nodes.Getattr, nodes.Getitem, nodes.Call)):
        return Level.ATOM if parent.node is node else Level.CONDITIONAL
    if isinstance(parent, nodes.CondExpr):
        return Level.OR  # a choice behind `else` needs no brackets, but people who read it do
    return Level.CONDITIONAL if parent is None else _OPERANDS.get(type(parent), Level.CONDITIONAL)


def operand(node: nodes.Node, look: Look, level: Level = Level.FILTER) -> str:
    """The text of an expression, in brackets where it does not hold together by itself."""
    text = look.parsed.source(node)
    if level is Level.ATOM and isinstance(node, nodes.Const) and isinstance(node.value, (int, float)):
        return f"({text})"
    if level_of(node) < level or (isinstance(node, nodes.Tuple) and not text.startswith("(")):
        return f"({text})"
    return text


def replace(
    node: nodes.Node,
    text: str,
    level: Level,
    look: Look,
    title: str,
    safety: Safety = Safety.SAFE,
    also: Sequence[Edit] = (),
) -> Fix:
    """The fix that puts an expression of some level in the place of a node; ``also`` are edits elsewhere."""
    span = look.parsed.span(node)
    start, end = span.start, span.end
    if level < needed(node, look) and not _bracketed(node, look):
        text = f"({text})"
    elif level is Level.ATOM and level_of(node) is not Level.ATOM and _bracketed(node, look):
        start, end = _with_brackets(span, look)  # what stood in brackets for what it was needs none
    changes = sorted((Edit(start, end, text), *also), key=lambda edit: (edit.start, edit.end))
    return Fix(title, safety, tuple(changes))


def edits(title: str, safety: Safety, *changes: tuple[int, int, str]) -> Fix:
    """A fix of several edits, in order."""
    return Fix(title, safety, tuple(Edit(*change) for change in changes))


def _bracketed(node: nodes.Node, look: Look) -> bool:
    """Whether brackets that only group stand around a node; those of a call or a test do more than that."""
    if isinstance(look.parent(node), (nodes.Call, nodes.Filter, nodes.Test, nodes.Tuple)):
        return False
    start, end = look.parsed.span(node)
    text = look.parsed.text
    return text[:start].rstrip().endswith("(") and text[end:].lstrip().startswith(")")


def _with_brackets(span: Span, look: Look) -> tuple[int, int]:
    text = look.parsed.text
    return text.rindex("(", 0, span.start), text.index(")", span.end) + 1


def literal(value: str) -> str:
    """A text as a literal that every engine reads alike; only for text without odd control characters."""
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    if "'" in escaped and '"' not in escaped:
        return f'"{escaped}"'
    return "'" + escaped.replace("'", "\\'") + "'"


def quoted(value: str, look: Look) -> str:
    """A text as a literal in the quotes that the template's own texts have mostly."""
    return in_quotes(literal(value), _usual_quote(look))


@known_once
def _usual_quote(look: Look) -> str:
    lexed = look.parsed.lexed
    marks = [lexed.source[token.start] for token in lexed.tokens if token.type == "string"]
    return '"' if 2 * marks.count('"') > len(marks) else "'"


def in_quotes(text: str, mark: str) -> str:
    """A literal in other quotes, where that takes no escapes."""
    inside = text[1:-1]
    return text if mark in inside or text[0] in inside else f"{mark}{inside}{mark}"


def pipe(look: Look, beside: nodes.Expr | None = None) -> str:
    """The sign before a filter's name, with the white space of a filter beside it, or of most of its own."""
    if isinstance(beside, nodes.Filter) and beside.node is not None:
        sign = _PIPE.match(look.parsed.text, look.parsed.span(beside.node).end, look.parsed.span(beside).end)
        if sign is not None:  # behind brackets it is another
            return sign.group()
    return _usual_pipe(look)


@known_once
def _usual_pipe(look: Look) -> str:
    lexed = look.parsed.lexed
    places = [token.start for token in lexed.tokens if token.type == "pipe"]
    wide = sum(lexed.source[place - 1 : place + 2] == " | " for place in places)
    return " | " if 2 * wide > len(places) else "|"


def any_broken(look: Look, features: Sequence[str]) -> bool:
    """Whether a target breaks one of the features that a rewrite would use instead."""
    return any(look.breaks(feature) for feature in features)
