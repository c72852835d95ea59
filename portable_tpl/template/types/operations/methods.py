"""What the methods of Python's own values give."""

from __future__ import annotations

from portable_tpl.template.types.lattice.kinds import (
    ALL_FACTS,
    ALL_KINDS,
    ANY_TEXT,
    BOOL,
    DICT,
    FULL_LIST,
    FULL_TUPLE,
    FULL_VIEW,
    INT,
    LEADING_SPACE,
    LIST,
    MARKUP,
    NEGATIVE,
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
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Machine
from portable_tpl.template.types.requests.contents import keys, values

_SPACE = LEADING_SPACE | TRAILING_SPACE


_SAME_TEXT = {"strip", "lstrip", "rstrip", "upper", "lower", "capitalize", "title", "casefold", "swapcase"}


_STRIPPED = {"strip": _SPACE, "lstrip": LEADING_SPACE, "rstrip": TRAILING_SPACE}
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
    if name in _STRIPPED:
        plain = not arguments or arguments[0].only(NONE)
        return pool.type(kinds | (facts & ~_STRIPPED[name] if plain else facts | _SPACE))
    if name in _SAME_TEXT:
        return pool.type(bits & ANY_TEXT | facts)
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
    shape = holder.shape
    if shape is None or shape.fields is None:
        return ANY
    texts = arguments[0].texts
    if texts is None:
        item = pool.join_all((*shape.fields.values(), shape.rest, ABSENT))
    else:
        item = pool.join_all(machine.field(shape, text) for text in texts)
    return got_item(pool, item, arguments)


def got_item(pool: Pool, item: Type, arguments: list[Type]) -> Type:
    """What ``get`` gives where the item, if there is one, is ``item``."""
    if not item.bits & UNDEFINED:
        return item
    default = arguments[1] if len(arguments) > 1 else pool.type(NONE)
    return pool.join(pool.keep(item, ALL_KINDS & ~UNDEFINED | ALL_FACTS), default)
