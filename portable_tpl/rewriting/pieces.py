"""Loops over the pieces of a text, which are cut off one by one before the loop begins."""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import supported
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.rewriting.calls import MethodCall
from portable_tpl.rewriting.expressions import Level, literal, operand, replace
from portable_tpl.rewriting.helper_macros import AFTER_FIRST, BEFORE_FIRST, can_call_macros, free_name, named_macro
from portable_tpl.support.spelling import constant

_NEEDS = ("global.range", "add@list,list", "filter.int@float", "filter.replace@plain", "div@int,int")


def loop_over_pieces(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """``{% for piece in s.split(x) %}``: how often the separator is there, the length without it tells."""
    loop = look.parent(node)
    mark = constant(node.args[0]) if len(node.args) == 1 and not node.kwargs else None
    if not isinstance(loop, nodes.For) or loop.iter is not node or not isinstance(mark, str) or not mark:
        return None
    start = look.parsed.span(loop).start
    if not look.parsed.text.startswith("{%-", start):
        return None  # what is put before the loop must not change the white space there
    if not can_call_macros(look, AFTER_FIRST) or not supported(look, *_NEEDS):
        return None
    name, word = free_name(look, "cut"), literal(mark)
    (before, definition), (after, more) = named_macro(look, BEFORE_FIRST), named_macro(look, AFTER_FIRST)
    column = look.parsed.template.position(start)[1] - 1
    rest = f"{name}.rest"
    count = f"(({rest}|length - {rest}|replace({word}, '')|length) / {len(mark)})|int"
    lines = (
        f"{{%- set {name} = namespace(rest={operand(call.receiver, look, Level.CONDITIONAL)}, pieces=[]) -%}}",
        f"{{%- for turn in range({count}) -%}}",
        f"    {{%- set {name}.pieces = {name}.pieces + [{before}({rest}, {word})] -%}}",
        f"    {{%- set {rest} = {after}({rest}, {word}) -%}}",
        "{%- endfor -%}",
    )
    cutting = "".join(f"{line}\n{' ' * column}" for line in lines)
    also = [Edit(start, start, cutting)]
    if definition or more:
        also.insert(0, Edit(0, 0, definition + more))
    if start == 0:
        also = [Edit(0, 0, definition + more + cutting)]
    pieces = f"{name}.pieces + [{rest}]"
    return replace(node, pieces, Level.SUM, look, "Cut the pieces off before the loop", Safety.SAFE, also)
