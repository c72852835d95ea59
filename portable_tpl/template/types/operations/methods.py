"""What the methods of Python's own values give."""

from __future__ import annotations

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Machine
from portable_tpl.template.types.requests.contents import keys, values

_SPACE = k.LEADING_SPACE | k.TRAILING_SPACE


_SAME_TEXT = {"strip", "lstrip", "rstrip", "upper", "lower", "capitalize", "title", "casefold", "swapcase"}


_STRIPPED = {"strip": _SPACE, "lstrip": k.LEADING_SPACE, "rstrip": k.TRAILING_SPACE}
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
    if bits & k.ANY_TEXT:
        result = text_method(pool, pool.keep(holder, k.ANY_TEXT), name, arguments)
    if bits & k.DICT:
        result = pool.join(result, dict_method(machine, pool.keep(holder, k.DICT), name, arguments))
    if bits & (k.LIST | k.TUPLE | k.RANGE):
        if name in ("index", "count"):
            result = pool.join(result, pool.type(k.INT))
        elif name == "copy":
            result = pool.join(result, pool.keep(holder, k.LIST))
        # append, extend, insert, pop, remove, clear, reverse and sort are refused by the sandbox.
    if bits & k.ALL_KINDS & ~(k.ANY_TEXT | k.DICT | k.LIST | k.TUPLE | k.RANGE):
        result = ANY
    return result


def text_method(pool: Pool, holder: Type, name: str, arguments: list[Type]) -> Type:
    """What a method of a text gives."""
    bits = holder.bits
    if not arguments and name in _SAME_TEXT and holder.texts is not None:
        return pool.of_texts(getattr(text, name)() for text in holder.texts)
    kinds = 0
    if bits & k.STR:
        kinds |= k.STR
    if bits & k.MARKUP:
        kinds |= k.MARKUP
    facts = bits & k.TEXT_FACTS
    if name in _STRIPPED:
        plain = not arguments or arguments[0].only(k.NONE)
        rare = bits & k.RARELY_EMPTY if bits & k.EMPTY_STR else k.RARELY_EMPTY  # white space alone is as rare
        return pool.type(kinds | rare | (facts & ~_STRIPPED[name] if plain else facts | _SPACE))
    if name in _SAME_TEXT:
        return pool.type(bits & k.ANY_TEXT | facts)
    if name in _FREE_TEXT:
        return pool.type(kinds | k.TEXT_FACTS)
    if name in _NUMBERS:
        return pool.type(k.INT | k.NEGATIVE)
    if name in _TESTS:
        return pool.type(k.BOOL)
    if name in _LISTS or name in _TRIPLES:
        return split_text(pool, holder, name, arguments)
    return pool.type(k.OTHER)


def split_text(pool: Pool, holder: Type, name: str, arguments: list[Type]) -> Type:
    """The list that ``split`` and its kin give."""
    facts = holder.bits & k.TEXT_FACTS | _SPACE
    whole = bool(arguments) and name != "splitlines"
    plain = not whole or not arguments[0].bits & k.ANY_TEXT
    bits = (k.STR if holder.bits & k.STR else 0) | (k.MARKUP if holder.bits & k.MARKUP else 0)
    piece = pool.type((k.TEXT_STR if plain and name != "splitlines" and bits == k.STR else bits) | facts)
    if name in _TRIPLES:
        return pool.type(k.FULL_TUPLE, None, None, pool.shape((piece, piece, piece), None, 3))
    if plain:
        return pool.sequence(k.LIST, piece)
    return pool.type(k.FULL_LIST, None, None, pool.shape((), piece, 1))


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
        return pool.dict_of(k.DICT, {}, ANY)
    return NEVER if name in ("pop", "popitem", "update", "clear", "setdefault") else ABSENT


def _view_bits(holder: Type) -> int:
    return k.FULL_VIEW if not holder.bits & (k.DICT & ~k.FULL_VIEW >> 2) else k.VIEW


def item_pair(pool: Pool, holder: Type) -> Type:
    """A pair of key and value."""
    return pool.type(k.FULL_TUPLE, None, None, pool.shape((keys(pool, holder), values(pool, holder)), None, 2))


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
    if not item.bits & k.UNDEFINED:
        return item
    default = arguments[1] if len(arguments) > 1 else pool.type(k.NONE)
    return pool.join(pool.keep(item, k.ALL_KINDS & ~k.UNDEFINED | k.ALL_FACTS), default)
