"""What filters give: jinja2's own, and transformers' ``tojson``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from portable_tpl.template.inference.calls import item_pair
from portable_tpl.template.inference.guards import assume_test
from portable_tpl.template.inference.kinds import (
    ALL_KINDS,
    ANY_TEXT,
    BIG,
    DICT,
    EMPTY,
    FALSY,
    FLOAT,
    FULL_LIST,
    FULL_TUPLE,
    HTML_CHARS,
    INT,
    ITERATOR,
    LEADING_SPACE,
    LIST,
    LOOP,
    MARKUP,
    NEGATIVE,
    NEWLINE,
    NON_ASCII,
    NONE,
    NUMBER,
    RANGE,
    STR,
    TEXT_FACTS,
    TEXT_STR,
    TRAILING_SPACE,
    TRUTHY,
    TUPLE,
    UNDEFINED,
    VIEW,
)
from portable_tpl.template.inference.lattice import ABSENT, ANY, NEVER, Type
from portable_tpl.template.inference.machine import Env, Machine
from portable_tpl.template.inference.members import attribute_of, item_of
from portable_tpl.template.inference.operators import ITERABLE, as_text, elements

Apply = Callable[[Machine, Any, Type, list[Type], dict[str, Type]], Type]

_SIZED = ANY_TEXT | LIST | TUPLE | DICT | VIEW | RANGE | LOOP | UNDEFINED


def filtered(machine: Machine, node: nodes.Filter, env: Env) -> Type:
    """``value|name(arguments)``."""
    if node.node is None:
        value = machine.pool.type(STR | TEXT_FACTS)
    else:
        value = machine.evaluate(node.node, env)
        if value is NEVER:
            return NEVER
    arguments = [machine.evaluate(argument, env) for argument in node.args]
    keywords: dict[str, Type] = {}
    for keyword in node.kwargs:
        keywords[str(keyword.key)] = machine.types[id(keyword)] = machine.evaluate(keyword.value, env)
    if any(type_ is NEVER for type_ in (*arguments, *keywords.values())):
        return NEVER
    apply = FILTERS.get(node.name)
    if apply is None:
        return ANY
    allowed = _ALLOWED.get(node.name)
    if allowed is not None and value.bits & ALL_KINDS & ~allowed:
        value = machine.pool.keep(value, allowed)
        if node.node is not None:
            machine.narrow(env, node.node, value)
        if value is NEVER:
            return NEVER
    return apply(machine, node, value, arguments, keywords)


def _text(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return machine.pool.type(STR | TEXT_FACTS)


def _changed_text(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
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
    if not value.bits & ALL_KINDS & ~ANY_TEXT:
        return value
    text = as_text(pool, pool.keep(value, ALL_KINDS & ~MARKUP))
    return pool.join(text, pool.keep(value, MARKUP)) if value.bits & MARKUP else text


def _string(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return _soft(machine, value)


def _trim(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    text = _soft(machine, value)
    if text.texts is not None and not arguments and not keywords:
        return pool.of_texts(one.strip() for one in text.texts)
    bits = text.bits
    if bits & STR:
        bits |= STR if bits & TEXT_STR else 0
    if bits & MARKUP:
        bits |= MARKUP
    space = LEADING_SPACE | TRAILING_SPACE
    return pool.type(bits | space if arguments or keywords else bits & ~space)


def _length(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    bits = value.bits
    if value.texts is not None and not bits & ALL_KINDS & ~STR:
        return pool.of_numbers(map(len, value.texts))
    result = 0
    if bits & (EMPTY | UNDEFINED):
        result |= 1 << 4
    if bits & TRUTHY:
        result |= 1 << 5
    if result == 1 << 4:
        return pool.number(0)
    shape = value.shape
    if shape is not None and shape.tail is None and shape.items and shape.least == len(shape.items):
        if not bits & ALL_KINDS & ~(LIST | TUPLE):
            return pool.number(shape.least)
    return pool.type(result)


def _tojson(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    bits = TEXT_STR | value.bits & (NON_ASCII | HTML_CHARS)
    if value.bits & (LIST | TUPLE | DICT):
        bits |= NON_ASCII | HTML_CHARS
    if arguments or keywords:
        bits |= NEWLINE | NON_ASCII | HTML_CHARS
    return machine.pool.type(bits)


def _default(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    default = arguments[0] if arguments else keywords.get("default_value", pool.text(""))
    boolean = arguments[1] if len(arguments) > 1 else keywords.get("boolean")
    if boolean is not None and boolean.bits & TRUTHY:
        kept = pool.keep(value, TRUTHY)
        return pool.join(kept, default) if value.bits & FALSY else kept
    if not value.bits & UNDEFINED:
        return value
    return pool.join(pool.keep(value, ALL_KINDS & ~UNDEFINED), default)


def _join(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    element = elements(pool, value)
    facts = as_text(pool, element).bits if element is not NEVER else 0
    if arguments:
        facts |= as_text(pool, arguments[0]).bits
    facts |= sum(type_.bits & TEXT_FACTS for type_ in keywords.values() if not facts & type_.bits & TEXT_FACTS)
    if keywords:
        facts |= TEXT_FACTS
    return pool.type(STR | facts & TEXT_FACTS)


def _list(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    if value.only(LIST):
        return value
    element = elements(pool, value)
    if value.only(TUPLE) and value.shape is not None:
        return pool.type(value.bits >> 2, None, None, value.shape)
    full = not value.bits & (EMPTY | UNDEFINED | ITERATOR)
    return pool.sequence(FULL_LIST if full else LIST, element)


def _sorted(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    full = not value.bits & (EMPTY | UNDEFINED | ITERATOR)
    return pool.sequence(FULL_LIST if full else LIST, elements(pool, value))


def _iterator(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return machine.pool.sequence(ITERATOR, elements(machine.pool, value))


def _reverse(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    result = NEVER
    if value.bits & ANY_TEXT:
        result = pool.type(value.bits & (ANY_TEXT | TEXT_FACTS) | (LEADING_SPACE | TRAILING_SPACE))
    if value.bits & ALL_KINDS & ~ANY_TEXT:
        # What cannot be gone through backwards is made a list first.
        result = pool.join(result, pool.sequence(ITERATOR | LIST, elements(pool, pool.keep(value, ~ANY_TEXT))))
    return result


def _items(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    pair = item_pair(pool, value) if value.bits & DICT else NEVER
    return pool.sequence(ITERATOR, pair)


def _dictsort(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    return pool.sequence(LIST, item_pair(pool, value))


def _end(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``first`` and ``last``, ``random``, ``min`` and ``max``."""
    pool = machine.pool
    shape = value.shape
    if node.name == "first" and shape is not None and shape.items and value.only(LIST | TUPLE):
        found = shape.items[0]
    else:
        found = elements(pool, value)
    return pool.join(found, ABSENT) if value.bits & (EMPTY | UNDEFINED | ITERATOR) else found


def _map(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    element = elements(pool, value)
    if element is NEVER:
        return pool.sequence(ITERATOR, NEVER)
    if "attribute" in keywords:
        found = _attribute_path(machine, element, keywords["attribute"])
        if "default" in keywords and found.bits & UNDEFINED:
            found = pool.join(pool.keep(found, ALL_KINDS & ~UNDEFINED), keywords["default"])
    elif arguments and arguments[0].texts and len(arguments[0].texts) == 1:
        name = next(iter(arguments[0].texts))
        inner = nodes.Filter(node, name, [], [], None, None)
        apply = FILTERS.get(name)
        found = ANY if apply is None else apply(machine, inner, element, arguments[1:], keywords)
    else:
        found = ANY
    return pool.sequence(ITERATOR, found)


def _attribute_path(machine: Machine, element: Type, names: Type) -> Type:
    if names.texts is None or len(names.texts) != 1:
        return ANY
    found = element
    for step in next(iter(names.texts)).split("."):
        index = machine.pool.number(int(step)) if step.isdigit() else machine.pool.text(step)
        found = item_of(machine, machine.pool.keep(found, ~UNDEFINED), index)
    return found


def _select(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``select`` and ``reject``: the elements that pass a test (or do not)."""
    element = elements(machine.pool, value)
    wanted = node.name == "select"
    return machine.pool.sequence(ITERATOR, _passing(machine, element, arguments, wanted))


def _passing(machine: Machine, element: Type, arguments: list[Type], wanted: bool) -> Type:
    pool = machine.pool
    if not arguments:
        return pool.keep(element, TRUTHY if wanted else FALSY)
    texts = arguments[0].texts
    if texts is None or len(texts) != 1:
        return element
    return assume_test(machine, next(iter(texts)), element, arguments[1:], wanted)


def _selectattr(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    element = elements(pool, value)
    names = arguments[0].texts if arguments else None
    if element is NEVER or names is None or len(names) != 1:
        return pool.sequence(ITERATOR, element)
    (name,) = names
    element = pool.keep(element, ~UNDEFINED)
    if "." not in name and element.only(DICT) and name not in dir(dict):
        field = attribute_of(machine, element, name)
        passed = _passing(machine, field, arguments[1:], node.name == "selectattr")
        element = pool.with_field(element, name, passed)
    return pool.sequence(ITERATOR, element)


def _batch(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    element = pool.join_all((elements(pool, value), *arguments[1:], *keywords.values()))
    return pool.sequence(ITERATOR, pool.sequence(LIST, element))


def _groupby(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    group = pool.sequence(FULL_LIST, elements(pool, value))
    return pool.sequence(LIST, pool.type(FULL_TUPLE, None, None, pool.shape((ANY, group), None, 2)))


def _int(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    result = pool.type(INT | NEGATIVE | (BIG if value.bits & (ANY_TEXT | FLOAT | BIG) else 0))
    return pool.join_all((result, *arguments[:1], *(keywords[k] for k in ("default",) if k in keywords)))


def _float(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    return pool.join_all((pool.type(FLOAT | NEGATIVE | BIG), *arguments[:1]))


def _number(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    bits = (FLOAT if value.bits & FLOAT or node.name == "round" else 0) | INT
    return machine.pool.type(bits | NEGATIVE | value.bits & BIG)


def _count(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return machine.pool.type(INT)


def _markup(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    text = as_text(machine.pool, value)
    bits = text.bits & TEXT_FACTS | (MARKUP if text.bits & (STR & EMPTY) else TEXT_STR << 2)
    return machine.pool.type(bits)


def _kept_text(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """A text whose markup stays markup: ``replace``, ``indent``, ``truncate``, ``format``."""
    text = _soft(machine, value)
    kinds = (STR if text.bits & STR else 0) | (MARKUP if text.bits & MARKUP else 0)
    facts = text.bits
    for type_ in (*arguments, *keywords.values()):
        facts |= as_text(machine.pool, type_).bits
    extra = LEADING_SPACE | TRAILING_SPACE | NEWLINE
    return machine.pool.type(kinds | facts & TEXT_FACTS | extra)


def _replace(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """A plain text, even from markup."""
    text = _kept_text(machine, node, value, arguments, keywords)
    return machine.pool.type(STR | text.bits & TEXT_FACTS)


def _truncate(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """What is short enough is given back as it is, be it a text or not."""
    return machine.pool.join(value, _kept_text(machine, node, value, arguments, keywords))


def _sum(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return ANY if arguments or keywords else machine.pool.type(INT | FLOAT | NEGATIVE | BIG)


FILTERS: dict[str, Apply] = {
    **dict.fromkeys(("upper", "lower", "title", "capitalize"), _changed_text),
    **dict.fromkeys(("wordwrap", "filesizeformat", "urlencode", "pprint", "urlize", "xmlattr"), _text),
    **dict.fromkeys(("safe", "escape", "e", "forceescape"), _markup),
    **dict.fromkeys(("indent", "format", "center"), _kept_text),
    **dict.fromkeys(("length", "count"), _length),
    **dict.fromkeys(("default", "d"), _default),
    **dict.fromkeys(("first", "last", "random", "min", "max"), _end),
    **dict.fromkeys(("select", "reject"), _select),
    **dict.fromkeys(("selectattr", "rejectattr"), _selectattr),
    **dict.fromkeys(("batch", "slice"), _batch),
    **dict.fromkeys(("abs", "round"), _number),
    "attr": lambda machine, node, value, arguments, keywords: ANY,
    "dictsort": _dictsort,
    "float": _float,
    "groupby": _groupby,
    "int": _int,
    "items": _items,
    "join": _join,
    "list": _list,
    "map": _map,
    "replace": _replace,
    "reverse": _reverse,
    "sort": _sorted,
    "string": _string,
    "striptags": _text,
    "sum": _sum,
    "tojson": _tojson,
    "trim": _trim,
    "truncate": _truncate,
    "unique": _iterator,
    "wordcount": _count,
}

_ALLOWED: dict[str, int] = {
    **dict.fromkeys(("length", "count"), _SIZED),
    # Generators (map, select, unique, batch, items, …) raise only when they are read, if ever.
    **dict.fromkeys(("list", "join", "sort", "groupby", "sum", "first", "min", "max"), ITERABLE),
    "last": ANY_TEXT | LIST | TUPLE | DICT | VIEW | RANGE | UNDEFINED,
    "reverse": ITERABLE,
    "dictsort": DICT,
    "tojson": NONE | NUMBER | ANY_TEXT | LIST | TUPLE | DICT,
    "abs": NUMBER,
    "round": NUMBER,
}
