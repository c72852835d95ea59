"""Calls of methods and macros, as rules ask about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.checking.base import Look, known_once
from portable_tpl.checking.kinds import TEXT_KINDS, Kinds
from portable_tpl.support.spelling import constant
from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.syntax.walking import names
from portable_tpl.template.types.lattice import kinds as k

_TYPES = (
    ("str", k.STR | k.MARKUP),
    ("dict", k.DICT),
    ("list", k.LIST),
    ("tuple", k.TUPLE),
    ("int", k.INT),
    ("float", k.FLOAT),
)
# Methods by the type that has them, for receivers that no type is known of (a branch that cannot be reached).
_DICT_METHODS = frozenset({"items", "keys", "values", "get", "update", "pop", "setdefault", "popitem", "fromkeys"})
_LIST_METHODS = frozenset({"append", "extend", "insert", "remove", "sort"})


class MethodCall(NamedTuple):
    """``receiver.name(…)``; ``types`` are the Python types that the receiver can have, ``kinds`` its kinds."""

    receiver: nodes.Expr
    name: str
    types: tuple[str, ...]
    kinds: Kinds


def method_call(node: nodes.Call, look: Look) -> MethodCall | None:
    """The call as one of a method of a value; ``None`` where it is another one."""
    callee = node.node
    if not isinstance(callee, nodes.Getattr):
        return None
    receiver = callee.node
    if isinstance(receiver, nodes.Name) and receiver.name in ("loop", "dict"):
        return None
    bits = look.type(receiver).bits
    if bits & k.NAMESPACE and not bits & k.DICT:
        return None
    # Of what can be anything, only the method's name says what it is.
    types = tuple(name for name, mask in _TYPES if bits & mask and not bits & k.NAMESPACE)
    if not types:
        types = ("dict" if callee.attr in _DICT_METHODS else "list" if callee.attr in _LIST_METHODS else "str",)
    return MethodCall(receiver, callee.attr, types, look.kinds(receiver))


def text_kinds(kinds: Kinds) -> Kinds:
    """Those of the kinds that are text."""
    return tuple(kind for kind in kinds if kind in TEXT_KINDS)


def called_macro(node: nodes.Call, look: Look) -> nodes.Macro | None:
    """The one macro of the template that a call is of; ``None`` where it is, or can be, of something else."""
    if not isinstance(node.node, nodes.Name) or not look.type(node.node).bits & k.MACRO:
        return None
    setters = _setters(look).get(node.node.name, ())
    if len(setters) == 1:  # most macros have their name for themselves: no need to resolve it
        return setters[0] if isinstance(setters[0], nodes.Macro) else None
    bindings = resolve_names(look.parsed.tree).resolve(node.node).bindings
    macro = bindings[0].node if len(bindings) == 1 else None
    # What a macro binds for its body, its parameters and `caller`, is bound at the macro, too.
    return macro if isinstance(macro, nodes.Macro) and macro.name == node.node.name else None


@known_once
def _setters(look: Look) -> dict[str, list[nodes.Node]]:
    """The macros and the names of a template, by the name that they set, be it in whatever scope."""
    setters: dict[str, list[nodes.Node]] = {}
    for node in look.parsed.nodes:
        if isinstance(node, nodes.Macro) or (isinstance(node, nodes.Name) and node.ctx != "load"):
            setters.setdefault(node.name, []).append(node)
    return setters


def within(node: nodes.Node, kind: type[nodes.Node], look: Look) -> nodes.Node | None:
    """The nearest node of a kind around this one."""
    parent = look.parent(node)
    while parent is not None and not isinstance(parent, kind):
        parent = look.parent(parent)
    return parent


def as_condition(node: nodes.Node, look: Look) -> bool:
    """Whether only the truth of an expression matters where it stands."""
    parent = look.parent(node)
    if isinstance(parent, (nodes.And, nodes.Or)):
        return as_condition(parent, look)
    if isinstance(parent, nodes.Not):
        return True
    return isinstance(parent, (nodes.If, nodes.CondExpr, nodes.For)) and parent.test is node


def assigned(name: nodes.Name, look: Look) -> list[nodes.Node]:
    """What the template can have assigned to a name where it is read."""
    if not assigned_anywhere(name.name, look):
        return []
    bindings = resolve_names(look.parsed.tree).resolve(name).bindings
    return [binding.value for binding in bindings if binding.value is not None]


def assigned_anywhere(name: str, look: Look) -> list[nodes.Node]:
    """What the template assigns to a name by ``set`` or ``with``, in whatever scope."""
    return _assigned_values(look).get(name, [])


@known_once
def _assigned_values(look: Look) -> dict[str, list[nodes.Node]]:
    values: dict[str, list[nodes.Node]] = {}
    for node in look.parsed.nodes:
        pairs: Iterable[tuple[nodes.Node, nodes.Node]] = ()
        if isinstance(node, nodes.Assign):
            pairs = ((node.target, node.node),)
        elif isinstance(node, nodes.With):
            pairs = zip(node.targets, node.values, strict=True)
        for target, value in pairs:
            for each in names((target,)):
                values.setdefault(each.name, []).append(value)
    return values


def given(node: nodes.Node, look: Look, seen: frozenset[str] = frozenset()) -> bool:
    """Whether text comes from the conversation, whole or a piece of it, and is not put together by the template."""
    while not isinstance(node, nodes.Name):
        inner: nodes.Node | None = None
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            inner = node.node.node
        elif isinstance(node, (nodes.Getattr, nodes.Getitem, nodes.Filter)):
            inner = node.node
        if inner is None:
            return False
        node = inner
    if node.name in seen:
        return True
    values = [each for each in assigned(node, look) if not isinstance(each, (nodes.Name, nodes.Const))]
    return all(given(each, look, seen | {node.name}) for each in values)


def emptiness_asked(node: nodes.Expr, look: Look) -> bool:
    """Whether all that matters of some text is that it is empty or not."""
    if as_condition(node, look):
        return True
    comparison = compared_with(node, look)
    return comparison is not None and comparison[0] in ("eq", "ne") and constant(comparison[1]) == ""


def reads_of(node: nodes.Node, look: Look) -> list[nodes.Node] | None:
    """Where the value of an expression goes: itself, or all reads of the one name that it is assigned to.

    ``None`` where the name is set elsewhere too, so that reads cannot be told apart.
    """
    parent = look.parent(node)
    if not isinstance(parent, nodes.Assign) or not isinstance(parent.target, nodes.Name):
        return [node]
    name = parent.target.name
    uses = [n for n in look.parsed.nodes if n.__class__ is nodes.Name and n.name == name]
    if any(n.ctx != "load" and n is not parent.target for n in uses):
        return None
    return [n for n in uses if n.ctx == "load"]


def only_looked_up(node: nodes.Expr, look: Look) -> bool:
    """Whether a mapping, under whatever name, is not printed: keys are looked up, or it is passed on."""
    reads = reads_of(node, look)
    return bool(reads) and all(_looks_up(read, look) for read in reads or ())


def _looks_up(read: nodes.Node, look: Look) -> bool:
    parent = look.parent(read)
    if isinstance(parent, (nodes.Getitem, nodes.Getattr)):
        return parent.node is read
    if isinstance(parent, nodes.Operand):
        return parent.op in ("in", "notin")
    if isinstance(parent, nodes.Filter):
        return parent.name not in ("string", "default", "d")
    return isinstance(parent, (nodes.Call, nodes.Keyword)) or as_condition(read, look)


def only_compared(node: nodes.Expr, look: Look) -> bool:
    """Whether a piece of text, under whatever name, is only compared with ASCII: no half character equals that."""
    reads = reads_of(node, look)
    return bool(reads) and all(_with_ascii(compared_with(read, look), look) for read in reads or ())


def _with_ascii(comparison: tuple[str, nodes.Expr] | None, look: Look) -> bool:
    if comparison is None or comparison[0] not in ("eq", "ne", "in", "notin"):
        return False
    type_ = look.type(comparison[1])
    if type_.bits & (k.LIST | k.TUPLE) and type_.shape is not None:
        type_ = type_.shape.element
    return type_.only(k.STR) and not type_.bits & k.NON_ASCII


# How operators are written, and what stands for each where it is denied.
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}
_OPPOSITES = {"eq": "ne", "ne": "eq", "lt": "gteq", "gteq": "lt", "gt": "lteq", "lteq": "gt", "in": "notin"}
_TEST_OPERATORS = {
    **dict.fromkeys(("eq", "equalto", "=="), "eq"),
    **dict.fromkeys(("ne", "!="), "ne"),
    **dict.fromkeys(("lt", "lessthan", "<"), "lt"),
    **dict.fromkeys(("gt", "greaterthan", ">"), "gt"),
    **dict.fromkeys(("le", "<="), "lteq"),
    **dict.fromkeys(("ge", ">="), "gteq"),
    "in": "in",
}


def sign_of(test: str, denied: bool) -> str | None:
    """The operator that a test with an argument stands for, or the one that says the opposite."""
    operator = _TEST_OPERATORS.get(test)
    return None if operator is None else SIGNS[_OPPOSITES[operator] if denied else operator]


def comparisons(node: nodes.Compare | nodes.Test) -> Iterator[tuple[str, nodes.Expr, nodes.Expr]]:
    """The operators of a comparison with their sides, or the operator that a test such as ``is eq(1)`` stands for."""
    if isinstance(node, nodes.Test):
        operator = _TEST_OPERATORS.get(node.name)
        if operator is not None and node.args:
            yield operator, node.node, node.args[0]
        return
    left = node.expr
    for operand in node.ops:
        yield operand.op, left, operand.expr
        left = operand.expr


def compared_with(node: nodes.Node, look: Look) -> tuple[str, nodes.Expr] | None:
    """The operator and the other side, where the node is one of the two sides of a comparison."""
    parent = look.parent(node)
    if isinstance(parent, nodes.Operand):
        comparison = look.parent(parent)
        if isinstance(comparison, nodes.Compare) and len(comparison.ops) == 1:
            return parent.op, comparison.expr
        return None
    if isinstance(parent, nodes.Compare) and parent.expr is node and len(parent.ops) == 1:
        return parent.ops[0].op, parent.ops[0].expr
    return None
