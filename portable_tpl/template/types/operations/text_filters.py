"""What filters give that make or change a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER, Type
from portable_tpl.template.types.machine import Machine
from portable_tpl.template.types.requests.contents import as_text, elements

Apply = Callable[[Machine, Any, Type, list[Type], dict[str, Type]], Type]


def text(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """Any text."""
    return machine.pool.type(k.STR | k.TEXT_FACTS)


def changed_text(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``upper``, ``lower``, ``title``, ``capitalize``: a text of the same length."""
    pool = machine.pool
    text = as_text(pool, value) if node.name == "title" else _soft(machine, value)
    if text.texts is not None:
        method = getattr(str, node.name)
        return pool.of_texts(method(one) for one in text.texts)
    return pool.type(text.bits)


def _soft(machine: Machine, value: Type) -> Type:
    """``soft_str``: the text of a value; markup stays markup."""
    pool = machine.pool
    if not value.bits & k.ALL_KINDS & ~k.ANY_TEXT:
        return value
    text = as_text(pool, pool.keep(value, k.ALL_KINDS & ~k.MARKUP))
    return pool.join(text, pool.keep(value, k.MARKUP)) if value.bits & k.MARKUP else text


def string(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``string``: the text of a value; markup stays markup."""
    return _soft(machine, value)


def trim(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``trim``: no white space at the ends; with an argument, other characters."""
    pool = machine.pool
    text = _soft(machine, value)
    if text.texts is not None and not arguments and not keywords:
        return pool.of_texts(one.strip() for one in text.texts)
    bits = text.bits
    if bits & k.TEXT_STR and not bits & k.EMPTY_STR:
        bits |= k.EMPTY_STR | k.RARELY_EMPTY  # text of nothing but white space is rare
    if bits & k.MARKUP:
        bits |= k.MARKUP
    space = k.LEADING_SPACE | k.TRAILING_SPACE
    return pool.type(bits | space if arguments or keywords else bits & ~space)


def tojson(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``tojson`` as transformers has it: JSON, with nothing escaped for HTML."""
    bits = k.TEXT_STR | value.bits & (k.NON_ASCII | k.HTML_CHARS)
    if value.bits & (k.LIST | k.TUPLE | k.DICT):
        bits |= k.NON_ASCII | k.HTML_CHARS
    if arguments or keywords:
        bits |= k.NEWLINE | k.NON_ASCII | k.HTML_CHARS
    return machine.pool.type(bits)


def join(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``join``: one text from many."""
    pool = machine.pool
    element = elements(pool, value)
    facts = as_text(pool, element).bits if element is not NEVER else 0
    if arguments:
        facts |= as_text(pool, arguments[0]).bits
    facts |= sum(type_.bits & k.TEXT_FACTS for type_ in keywords.values() if not facts & type_.bits & k.TEXT_FACTS)
    if keywords:
        facts |= k.TEXT_FACTS
    return pool.type(k.STR | facts & k.TEXT_FACTS)


def markup(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``safe`` and ``escape``: markup."""
    text = as_text(machine.pool, value)
    bits = text.bits & k.TEXT_FACTS | (k.MARKUP if text.bits & (k.STR & k.EMPTY) else k.TEXT_STR << 2)
    return machine.pool.type(bits)


def kept_text(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """A text whose markup stays markup: ``replace``, ``indent``, ``truncate``, ``format``."""
    text = _soft(machine, value)
    kinds = (k.STR if text.bits & k.STR else 0) | (k.MARKUP if text.bits & k.MARKUP else 0)
    facts = text.bits
    for type_ in (*arguments, *keywords.values()):
        facts |= as_text(machine.pool, type_).bits
    extra = k.LEADING_SPACE | k.TRAILING_SPACE | k.NEWLINE
    return machine.pool.type(kinds | facts & k.TEXT_FACTS | extra)


def replace(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """A plain text, even from markup."""
    text = kept_text(machine, node, value, arguments, keywords)
    return machine.pool.type(k.STR | text.bits & k.TEXT_FACTS)


def truncate(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """What is short enough is given back as it is, be it a text or not."""
    return machine.pool.join(value, kept_text(machine, node, value, arguments, keywords))
