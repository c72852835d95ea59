"""``select``, ``reject`` and ``map`` where an engine lacks them: a loop says the same."""

from __future__ import annotations

import re

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import escapes_output, supported, widest
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.model.source import Span
from portable_tpl.rewriting.calls import sign_of
from portable_tpl.rewriting.expressions import Level, edits, operand, pipe, quoted, replace
from portable_tpl.rewriting.helper_macros import names_taken
from portable_tpl.support.spelling import constant
from portable_tpl.template.syntax.walking import names
from portable_tpl.template.types.lattice import kinds as k

_ASKED = frozenset({"equalto", "eq", "==", "ne", "!=", "in"})  # tests with an argument that a condition can say
_NAMES = ("item", "each", "entry")
_LOOPED = k.LIST | k.TUPLE | k.DICT | k.VIEW | k.RANGE | k.ITERATOR
_JOINING = ("+", "~")
_NOTHING = frozenset({"undefined", "none", "empty"})


def sifted(node: nodes.Filter, look: Look) -> Fix | None:
    """The fix for ``x|reject('in', y)``, gone through by a loop or printed by ``join``."""
    if node.node is None or node.kwargs or not supported(look, "for.filter"):
        return None
    parent = look.parent(node)
    if isinstance(parent, nodes.For) and parent.iter is node:
        return _in_loop(node, node.node, parent, look)
    if isinstance(parent, nodes.Filter) and parent.node is node and parent.name == "join":
        return _printed(node, node.node, parent, look)
    return None


def sifted_by_attribute(node: nodes.Filter, look: Look) -> Fix | None:
    """The fix for ``for m in x|selectattr('y', 'undefined')``: the loop's condition; a loop where it is joined."""
    loop = look.parent(node)
    name = constant(node.args[0]) if len(node.args) > 1 and not node.kwargs else None
    if node.node is None or not isinstance(name, str) or not name.isidentifier() or not supported(look, "for.filter"):
        return None
    if isinstance(loop, nodes.For):
        return _in_loop(node, node.node, loop, look, name) if loop.iter is node else None
    return _joined(node, node.node, loop, look, name)


def _joined(node: nodes.Filter, values: nodes.Expr, mapping: nodes.Node | None, look: Look, name: str) -> Fix | None:
    """The fix for ``x|selectattr('y', 'defined')|map(attribute='y')|join('')``: each ``y``, or nothing in its place.

    Where that does not join to the same text, a loop that prints each ``y``.
    """
    join = None if mapping is None else look.parent(mapping)
    item = _free_name(look)
    condition = None if item is None else _condition(node, item, look, name)
    if not isinstance(mapping, nodes.Filter) or mapping.name != "map" or mapping.args or condition is None:
        return None
    if len(mapping.kwargs) != 1 or mapping.kwargs[0].key != "attribute" or constant(mapping.kwargs[0].value) != name:
        return None
    if not isinstance(join, nodes.Filter) or join.name != "join" or join.node is not mapping:
        return None
    plain = not join.args or constant(join.args[0]) == ""
    if plain and not join.kwargs and node.name == "selectattr" and constant(node.args[1]) == "defined":
        by_default = _or_nothing_each(mapping, values, look)
        if by_default is not None:
            return by_default
    return _loop_of(join, f"for {item} in {_source(values, look)} if {condition}", f"{item}.{name}", look)


def _or_nothing_each(mapping: nodes.Filter, values: nodes.Expr, look: Look) -> Fix | None:
    """``x|map(attribute='y', default='')``, which gives no text where there is no ``y``."""
    broken = look.families.get("filter.map", {})
    wrong = [kind for kind in look.kinds(values) if kind in broken]
    if not supported(look, "filter.map.default") or not _NOTHING.issuperset(wrong):
        return None
    source = f"({operand(values, look, Level.AND)} or [])" if wrong else operand(values, look)
    attribute = look.parsed.source(mapping.kwargs[0])
    text = f"{source}{pipe(look, mapping)}map({attribute}, default={quoted('', look)})"
    return replace(mapping, text, Level.FILTER, look, "Give what is absent no text")


def _in_loop(
    node: nodes.Filter, values: nodes.Expr, loop: nodes.For, look: Look, attribute: str | None = None
) -> Fix | None:
    if loop.test is not None or loop.recursive or not isinstance(loop.target, nodes.Name):
        return None
    condition = _condition(node, loop.target.name, look, attribute)
    if condition is None:
        return None
    span = look.parsed.span(node)
    text = f"{_source(values, look)} if {condition}"
    return edits("Give the loop a condition", Safety.SAFE, (span.start, span.end, text))


def _source(values: nodes.Expr, look: Look) -> str:
    """What to loop over: the filters take what is empty, and ``none``, for nothing."""
    if widest(look, values).bits & k.ALL_KINDS & ~_LOOPED:
        return f"({operand(values, look, Level.AND)} or [])"
    return operand(values, look, Level.OR)


def _condition(node: nodes.Filter, name: str, look: Look, attribute: str | None = None) -> str | None:
    """What an element has to be to be let through, or what is under a name in it: then the first argument."""
    given = node.args if attribute is None else node.args[1:]
    test = constant(given[0]) if given else None
    if not isinstance(test, str) or any(each.name == name for each in names(node.args)):
        return None
    tested = name if attribute is None else f"{name}.{attribute}"
    denied = node.name in ("reject", "rejectattr")
    if len(given) == 1:
        return f"{tested} is not {test}" if denied else f"{tested} is {test}"
    if len(given) != 2 or test not in _ASKED:
        return None
    return f"{tested} {sign_of(test, denied)} {operand(given[1], look, Level.SUM)}"


def mapped(node: nodes.Filter, look: Look) -> Fix | None:
    """The fix for ``x|map('trim')|join(', ')``: a loop that does with each piece what the filter does.

    The pieces of ``x|map('trim')|list`` are put into a list by a loop in front of the tag.
    """
    join = look.parent(node)
    name = _free_name(look)
    filter_name = constant(node.args[0]) if len(node.args) == 1 and not node.kwargs else None
    if node.node is None or name is None or not isinstance(filter_name, str) or not isinstance(join, nodes.Filter):
        return None
    if join.node is not node:
        return None
    loop = f"for {name} in {_source(node.node, look)}"
    item = f"{name}{pipe(look, node)}{filter_name}"
    if join.name == "list" and not join.args and not join.kwargs:
        return _gathered(join, loop, item, look)
    return _loop_of(join, loop, item, look) if join.name == "join" else None


def _gathered(listed: nodes.Filter, head: str, item: str, look: Look) -> Fix | None:
    """A list that a loop puts together in front of the tag which prints what is made of it, on the same line.

    The loop runs whatever else stands in the tag, so that no choice may be around the list.
    """
    top: nodes.Node = listed
    parent = look.parent(top)
    while isinstance(parent, (nodes.Call, nodes.Filter, nodes.Add, nodes.Concat)):
        top, parent = parent, look.parent(parent)
    kept = next((each for each in _LISTS if each not in names_taken(look)), None)
    span = look.parsed.span(top)
    opening = re.search(r"(\n[ \t]*)?\{\{(-?)\s*\Z", look.parsed.text[: span.start])
    if not isinstance(parent, nodes.Output) or kept is None or opening is None or not supported(look, *_GATHERING):
        return None
    dash = opening.group(2)
    if opening.group(1) is not None and not dash:
        return None  # what stands before a statement on its line would be taken away
    loop = (
        f"{{%{dash} set {kept} = namespace(list=[]) %}}{{% {head} %}}"
        f"{{% set {kept}.list = {kept}.list + [{item}] %}}{{% endfor %}}"
    )
    place, inside = opening.start(2) - 2, look.parsed.span(listed)
    # Two lists that were put together are no sequence to minijinja before the filter.
    text = f"{loop}{look.parsed.text[place : inside.start]}{kept}.list{pipe(look, listed)}list"
    return edits("Put the list together by a loop", Safety.SAFE, (place, inside.end, text))


_LISTS = ("mapped", "mapped_items")
_GATHERING = ("global.namespace", "statement.set.namespace", "add@list,list")


def _printed(node: nodes.Filter, values: nodes.Expr, join: nodes.Filter, look: Look) -> Fix | None:
    name = _free_name(look)
    condition = None if name is None else _condition(node, name, look)
    if name is None or condition is None:
        return None
    return _loop_of(join, f"for {name} in {_source(values, look)} if {condition}", name, look)


def _free_name(look: Look) -> str | None:
    return next((each for each in _NAMES if each not in names_taken(look)), None)


def _loop_of(join: nodes.Filter, head: str, item: str, look: Look) -> Fix | None:
    """A loop in the place of what a ``join`` gives, in a row that is printed or in a ``set``."""
    if len(join.args) > 1 or join.kwargs or escapes_output(look):
        return None
    mark = operand(join.args[0], look, Level.PRODUCT) if join.args else None
    body = f"{{{{ {item} }}}}"
    if mark is not None and constant(join.args[0]) == "":
        pass
    elif mark is not None and item.isidentifier():
        body = f"{{{{ {item} if loop.first else {mark} ~ {item} }}}}"
    elif mark is not None:  # an item that is longer is not said twice
        body += f"{{{{ {quoted('', look)} if loop.last else {mark} }}}}"
    loop = f"{{% {head} %}}{body}{{% endfor %}}"
    statement, span = look.parent(join), look.parsed.span(join)
    whole = _set_by_loop(join, loop, look)
    if whole is not None:
        return whole
    if isinstance(statement, nodes.Output):
        return _instead_of_tag(span, head, body, look)
    beside = _neighbours(join, look)
    if beside is None:
        return None
    start, end = look.parsed.span(beside[0]).end, look.parsed.span(beside[1]).start
    text = look.parsed.text
    if text[start : span.start].strip() not in _JOINING or text[span.end : end].strip() not in _JOINING:
        return None  # in brackets
    return edits("Print it by a loop", Safety.SAFE, (start, end, f" }}}}{loop}{{{{ "))


def _set_by_loop(join: nodes.Filter, loop: str, look: Look) -> Fix | None:
    """A loop in a block that sets a name; ``trim`` behind the ``join`` gets a statement of its own."""
    value: nodes.Expr = join
    statement, trimmed = look.parent(join), False
    if isinstance(statement, nodes.Filter) and statement.name == "trim" and not statement.args:
        value, statement, trimmed = statement, look.parent(statement), True
    if not isinstance(statement, nodes.Assign) or statement.node is not value:
        return None
    if not isinstance(statement.target, nodes.Name):
        return None
    name, start, end = statement.target.name, look.parsed.span(statement.target).end, look.parsed.span(value).end
    # No engine but jinja2 filters what a block sets.
    after = f" %}}{{% set {name} = {name}{pipe(look, value)}trim" if trimmed else ""
    return edits("Set it by a loop", Safety.SAFE, (start, end, f" %}}{loop}{{% endset{after}"))


def _instead_of_tag(span: Span, head: str, body: str, look: Look) -> Fix | None:
    """A loop instead of the tag that prints an expression, where no white space beside the tag is lost by that."""
    text = look.parsed.text
    opening = re.search(r"(\n[ \t]*)?\{\{(-?)\s*\Z", text[: span.start])
    closing = re.compile(r"\s*(-?)\}\}(\n)?").match(text, span.end)
    if opening is None or closing is None:
        return None  # in brackets
    # `lstrip_blocks` and `trim_blocks` take away what stands before and behind a statement, and not an expression.
    if (opening.group(1) and len(opening.group(1)) > 1 and not opening.group(2)) or (
        closing.group(2) and not closing.group(1)
    ):
        return None
    start, end = opening.start(2) - 2, closing.end(1) + 2
    loop = f"{{%{opening.group(2)} {head} %}}{body}{{% endfor {closing.group(1)}%}}"
    return edits("Print it by a loop", Safety.SAFE, (start, end, loop))


def _neighbours(node: nodes.Expr, look: Look) -> tuple[nodes.Expr, nodes.Expr] | None:
    """What is joined to an expression on its left and on its right, in a row that is printed."""
    row = look.parent(node)
    if isinstance(row, nodes.Concat):
        place = next(number for number, each in enumerate(row.nodes) if each is node)
        pair = (row.nodes[place - 1], row.nodes[place + 1]) if 0 < place < len(row.nodes) - 1 else None
        return pair if isinstance(look.parent(row), nodes.Output) else None
    outer = look.parent(row) if isinstance(row, nodes.Add) and row.right is node else None
    if not isinstance(row, nodes.Add) or not isinstance(outer, nodes.Add) or outer.left is not row:
        return None
    top: nodes.Node = outer
    parent = look.parent(top)
    while isinstance(parent, nodes.Add) and parent.left is top:
        top, parent = parent, look.parent(parent)
    return (row.left, outer.right) if isinstance(parent, nodes.Output) else None
