"""What calls give: methods, jinja2's and transformers' global functions, and macros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from portable_tpl.template.inference.kinds import (
    ALL_FACTS,
    ALL_KINDS,
    ANY_TEXT,
    BOOL,
    DICT,
    FULL_LIST,
    FULL_TUPLE,
    FULL_VIEW,
    FUNCTION,
    INT,
    LEADING_SPACE,
    LIST,
    MACRO,
    MARKUP,
    METHOD,
    NAMESPACE,
    NEGATIVE,
    NEWLINE,
    NONE,
    OTHER,
    RANGE,
    STR,
    TEXT_FACTS,
    TEXT_STR,
    TRAILING_SPACE,
    TUPLE,
    UNDEFINED,
    VIEW,
)
from portable_tpl.template.inference.lattice import ABSENT, ANY, NEVER, Pool, Type
from portable_tpl.template.inference.machine import Env, Machine
from portable_tpl.template.inference.macros import call_macro
from portable_tpl.template.inference.members import _HAS_ATTRIBUTES
from portable_tpl.template.inference.operators import keys, values

_SPACE = LEADING_SPACE | TRAILING_SPACE
_MOST_CALLS = 16

_SAME_TEXT = {"strip", "lstrip", "rstrip", "upper", "lower", "capitalize", "title", "casefold", "swapcase"}
_FREE_TEXT = {
    "replace", "format", "format_map", "join", "center", "ljust", "rjust", "zfill", "expandtabs", "translate",
    "removeprefix", "removesuffix",
}  # fmt: skip
_NUMBERS = {"find", "rfind", "index", "rindex", "count"}
_TESTS = {
    "startswith", "endswith", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower",
    "isnumeric", "isprintable", "isspace", "istitle", "isupper",
}  # fmt: skip
_LISTS = {"split", "rsplit", "splitlines"}
_TRIPLES = {"partition", "rpartition"}


def call(machine: Machine, node: nodes.Call, env: Env) -> Type:
    """``callee(arguments)``."""
    callee = node.node
    if callee.__class__ is nodes.Name and callee.name not in env and callee.name in GLOBALS:
        machine.types[id(callee)] = machine.pool.type(FUNCTION)
        return GLOBALS[callee.name](machine, node, env)
    if callee.__class__ is nodes.Getattr or callee.__class__ is nodes.Getitem:
        name = getattr(callee, "attr", None) or getattr(getattr(callee, "arg", None), "value", None)
        if isinstance(name, str):
            return _method_call(machine, node, callee, name, env)
    function = machine.evaluate(callee, env)
    arguments = _arguments(machine, node, env)
    if arguments is None or not function.bits & (MACRO | FUNCTION | METHOD | OTHER):
        return NEVER
    result = NEVER
    if function.bits & MACRO:
        result = call_macro(machine, function, node, arguments)
    if function.bits & (FUNCTION | METHOD | OTHER):
        result = ANY
    if function.bits & ALL_KINDS & ~(MACRO | FUNCTION | METHOD | OTHER):
        machine.narrow(env, callee, machine.pool.keep(function, MACRO | FUNCTION | METHOD | OTHER))
    machine.forget_attributes(env)
    return result


def _arguments(machine: Machine, node: Any, env: Env) -> list[Type] | None:
    """The types of the positional and then the keyword arguments; ``None`` where one of them cannot be."""
    result = []
    for argument in (*node.args, *node.kwargs):
        value = argument.value if argument.__class__ is nodes.Keyword else argument
        type_ = machine.evaluate(value, env)
        if type_ is NEVER:
            return None
        if value is not argument:
            machine.types[id(argument)] = type_
        result.append(type_)
    for argument in (node.dyn_args, node.dyn_kwargs):
        if argument is not None and machine.evaluate(argument, env) is NEVER:
            return None
    return result


def _method_call(machine: Machine, node: nodes.Call, callee: Any, name: str, env: Env) -> Type:
    found = machine.evaluate(callee, env)
    if found is NEVER:
        return NEVER
    arguments = _arguments(machine, node, env)
    if arguments is None or not found.bits & (METHOD | MACRO | FUNCTION | OTHER):
        return NEVER
    pool = machine.pool
    holder = machine.types.get(id(callee.node), ANY)
    now = machine.known(callee.node, env)
    if callee.node.__class__ is nodes.Name:
        now = machine.lookup(env, callee.node.name)
    if now is not None:
        holder = now
    result = NEVER
    if found.bits & METHOD:
        able = 0
        for kind, names in _HAS_ATTRIBUTES:
            if name in names:
                able |= kind
        if holder.bits & NAMESPACE or holder.bits & (1 << 27) or holder.bits & OTHER:
            return ANY
        apt = pool.keep(holder, able | (DICT if callee.__class__ is nodes.Getitem else 0))
        if apt is not holder:
            holder = apt
            machine.narrow(env, callee.node, holder)
        result = method_result(machine, holder, name, arguments)
    if found.bits & MACRO:
        result = pool.join(result, call_macro(machine, found, node, arguments))
        machine.forget_attributes(env)
    return pool.join(result, ANY) if found.bits & (FUNCTION | OTHER) else result


def method_result(machine: Machine, holder: Type, name: str, arguments: list[Type]) -> Type:
    """What ``holder.name(arguments)`` gives, where ``holder`` has that method."""
    pool = machine.pool
    bits = holder.bits
    result = NEVER
    if bits & ANY_TEXT:
        result = text_method(pool, pool.keep(holder, ANY_TEXT), name, arguments)
    if bits & DICT:
        result = pool.join(result, dict_method(machine, pool.keep(holder, DICT), name, arguments))
    if bits & (LIST | TUPLE | RANGE):
        if name in ("index", "count"):
            result = pool.join(result, pool.type(INT))
        elif name == "copy":
            result = pool.join(result, pool.keep(holder, LIST))
        # append, extend, insert, pop, remove, clear, reverse and sort are refused by the sandbox.
    if bits & ALL_KINDS & ~(ANY_TEXT | DICT | LIST | TUPLE | RANGE):
        result = ANY
    return result


def text_method(pool: Pool, holder: Type, name: str, arguments: list[Type]) -> Type:
    """What a method of a text gives."""
    bits = holder.bits
    if not arguments and name in _SAME_TEXT and holder.texts is not None:
        return pool.of_texts(getattr(text, name)() for text in holder.texts)
    kinds = 0
    if bits & STR:
        kinds |= STR
    if bits & MARKUP:
        kinds |= MARKUP
    facts = bits & TEXT_FACTS
    if name in _SAME_TEXT:
        gone = 0
        if not arguments or arguments[0].only(NONE):
            gone = {"strip": _SPACE, "lstrip": LEADING_SPACE, "rstrip": TRAILING_SPACE}.get(name, 0)
        if arguments and not gone and name.endswith("strip"):
            facts |= _SPACE
        if not name.endswith("strip"):
            kinds = bits & ANY_TEXT
        elif not bits & (TEXT_STR | TEXT_STR << 2):
            kinds &= ~(TEXT_STR | TEXT_STR << 2)
        return pool.type(kinds | facts & ~gone)
    if name in _FREE_TEXT:
        return pool.type(kinds | TEXT_FACTS)
    if name in _NUMBERS:
        return pool.type(INT | NEGATIVE)
    if name in _TESTS:
        return pool.type(BOOL)
    if name in _LISTS or name in _TRIPLES:
        return split_text(pool, holder, name, arguments)
    return pool.type(OTHER)


def split_text(pool: Pool, holder: Type, name: str, arguments: list[Type]) -> Type:
    """The list that ``split`` and its kin give."""
    facts = holder.bits & TEXT_FACTS | _SPACE
    whole = bool(arguments) and name != "splitlines"
    plain = not whole or not arguments[0].bits & ANY_TEXT
    bits = (STR if holder.bits & STR else 0) | (MARKUP if holder.bits & MARKUP else 0)
    piece = pool.type((TEXT_STR if plain and name != "splitlines" and bits == STR else bits) | facts)
    if name in _TRIPLES:
        return pool.type(FULL_TUPLE, None, None, pool.shape((piece, piece, piece), None, 3))
    if plain:
        return pool.sequence(LIST, piece)
    return pool.type(FULL_LIST, None, None, pool.shape((), piece, 1))


def dict_method(machine: Machine, holder: Type, name: str, arguments: list[Type]) -> Type:
    """What a method of a dict gives; those that change it are refused by the sandbox."""
    pool = machine.pool
    if name == "get" and arguments:
        return _get(machine, holder, arguments)
    if name == "items":
        return pool.sequence(_view_bits(holder), item_pair(pool, holder))
    if name == "keys":
        return pool.sequence(_view_bits(holder), keys(pool, holder))
    if name == "values":
        return pool.sequence(_view_bits(holder), values(pool, holder))
    if name == "copy":
        return holder
    if name == "fromkeys":
        return pool.dict_of(DICT, {}, ANY)
    return NEVER if name in ("pop", "popitem", "update", "clear", "setdefault") else ABSENT


def _view_bits(holder: Type) -> int:
    return FULL_VIEW if not holder.bits & (DICT & ~FULL_VIEW >> 2) else VIEW


def item_pair(pool: Pool, holder: Type) -> Type:
    """A pair of key and value."""
    return pool.type(FULL_TUPLE, None, None, pool.shape((keys(pool, holder), values(pool, holder)), None, 2))


def _get(machine: Machine, holder: Type, arguments: list[Type]) -> Type:
    pool = machine.pool
    default = arguments[1] if len(arguments) > 1 else pool.type(NONE)
    shape = holder.shape
    if shape is None or shape.fields is None:
        return ANY
    texts = arguments[0].texts
    if texts is None:
        found = pool.join_all((*shape.fields.values(), shape.rest, ABSENT))
    else:
        found = pool.join_all(machine.field(shape, text) for text in texts)
    if found.bits & UNDEFINED:
        return pool.join(pool.keep(found, ALL_KINDS & ~UNDEFINED | ALL_FACTS), default)
    return found


def _namespace(machine: Machine, node: nodes.Call, env: Env) -> Type:
    arguments = _arguments(machine, node, env)
    if arguments is None:
        return NEVER
    site = id(node)
    for keyword, type_ in zip(node.kwargs, arguments[len(node.args) :], strict=True):
        machine.write_attribute(site, keyword.key, type_, late=False)
    for argument in arguments[: len(node.args)]:
        if argument.shape is not None and argument.shape.fields is not None:
            for name, type_ in argument.shape.fields.items():
                machine.write_attribute(site, name, type_, late=False)
    return machine.pool.type(NAMESPACE, None, None, machine.pool.shape(refs=frozenset((site,))))


def _raise(machine: Machine, node: nodes.Call, env: Env) -> Type:
    _arguments(machine, node, env)
    return NEVER


def _range(machine: Machine, node: nodes.Call, env: Env) -> Type:
    arguments = _arguments(machine, node, env)
    if arguments is None:
        return NEVER
    return machine.pool.sequence(RANGE, machine.pool.type(INT | NEGATIVE))


def _dict(machine: Machine, node: nodes.Call, env: Env) -> Type:
    arguments = _arguments(machine, node, env)
    if arguments is None:
        return NEVER
    pool = machine.pool
    fields = {keyword.key: type_ for keyword, type_ in zip(node.kwargs, arguments[len(node.args) :], strict=True)}
    result = pool.dict_of(DICT if not fields else FULL_DICT_BIT, fields)
    for argument in arguments[: len(node.args)]:
        if argument.only(DICT) and not fields:
            result = argument
        else:
            result = pool.join(result, pool.dict_of(DICT, {}, ANY))
    return result


FULL_DICT_BIT = 1 << 17


def _strftime(machine: Machine, node: nodes.Call, env: Env) -> Type:
    if _arguments(machine, node, env) is None:
        return NEVER
    return machine.pool.type(STR | TEXT_FACTS)


def _other(machine: Machine, node: nodes.Call, env: Env) -> Type:
    return NEVER if _arguments(machine, node, env) is None else ANY


GLOBALS: dict[str, Callable[[Machine, nodes.Call, Env], Type]] = {
    "namespace": _namespace,
    "raise_exception": _raise,
    "range": _range,
    "dict": _dict,
    "strftime_now": _strftime,
    "lipsum": _other,
    "cycler": _other,
    "joiner": _other,
}
