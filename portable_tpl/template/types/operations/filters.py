"""What filters give: jinja2's own, and transformers' ``tojson``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes
from jinja2.filters import FILTERS as PYTHON_FILTERS

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, NEVER, Type
from portable_tpl.template.types.machine import Env, Machine
from portable_tpl.template.types.operations import text_filters as texts
from portable_tpl.template.types.operations.kind_tests import assume_test
from portable_tpl.template.types.operations.members import attribute_of, item_of
from portable_tpl.template.types.operations.methods import item_pair
from portable_tpl.template.types.requests.contents import ITERABLE, elements, may_be_empty

_SIZED = k.ANY_TEXT | k.LIST | k.TUPLE | k.DICT | k.VIEW | k.RANGE | k.LOOP | k.UNDEFINED


def filtered(machine: Machine, node: nodes.Filter, env: Env) -> Type:
    """``value|name(arguments)``."""
    if node.node is None:
        value = machine.block_text
    else:
        value = machine.evaluate(node.node, env)
        if value is NEVER:
            return NEVER
    arguments = [machine.evaluate(argument, env) for argument in node.args]
    keywords: dict[str, Type] = {}
    for keyword in node.kwargs:
        keywords[str(keyword.key)] = machine.types[id(keyword)] = machine.evaluate(keyword.value, env)
    if any(type_ is NEVER for type_ in (*arguments, *keywords.values())) or not machine.unpacks(node, env):
        return NEVER
    apply = FILTERS.get(node.name)
    if apply is None:
        # The reference refuses a filter that it does not have, where a conversation gets to it.
        return ANY if node.name in PYTHON_FILTERS or node.name in machine.provided else NEVER
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return ANY  # with arguments that are not known
    allowed = _ALLOWED.get(node.name)
    if allowed is not None and value.bits & k.ALL_KINDS & ~allowed:
        value = machine.pool.keep(value, allowed)
        if node.node is not None:
            machine.narrow(env, node.node, value)
        if value is NEVER:
            return NEVER
    return apply(machine, node, value, arguments, keywords)


def _length(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    bits = value.bits
    if value.texts is not None and not bits & k.ALL_KINDS & ~k.STR:
        return pool.of_numbers(map(len, value.texts))
    result = 0
    if bits & (k.EMPTY | k.UNDEFINED):
        result |= 1 << 4
    if bits & k.TRUTHY:
        result |= 1 << 5
    if result == 1 << 4:
        return pool.number(0)
    shape = value.shape
    listed = shape is not None and not bits & k.ALL_KINDS & ~(k.LIST | k.TUPLE)
    if listed and shape is not None and shape.tail is None and shape.items and shape.least == len(shape.items):
        return pool.number(shape.least)
    return pool.type(result)


def _default(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    default = arguments[0] if arguments else keywords.get("default_value", pool.text(""))
    boolean = arguments[1] if len(arguments) > 1 else keywords.get("boolean")
    if boolean is not None and boolean.bits & k.TRUTHY:
        kept = pool.keep(value, k.TRUTHY)
        return pool.join(kept, default) if value.bits & k.FALSY else kept
    if not value.bits & k.UNDEFINED:
        return value
    return pool.join(pool.keep(value, k.ALL_KINDS & ~k.UNDEFINED), default)


def _list(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    if value.only(k.LIST):
        return value
    element = elements(pool, value)
    if value.only(k.TUPLE) and value.shape is not None:
        return pool.type(value.bits >> 2, None, None, value.shape)
    return pool.sequence(k.LIST if may_be_empty(value) else k.FULL_LIST, element)


def _sorted(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    return pool.sequence(k.LIST if may_be_empty(value) else k.FULL_LIST, elements(pool, value))


def _iterator(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return _each(machine, value, elements(machine.pool, value))


def _each(machine: Machine, value: Type, element: Type) -> Type:
    """What goes through all of a value: empty only where that is."""
    least = 0 if may_be_empty(value) else 1
    return machine.pool.type(k.ITERATOR, None, None, machine.pool.shape((), element, least))


def _reverse(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    result = NEVER
    if value.bits & k.ANY_TEXT:
        result = pool.type(value.bits & (k.ANY_TEXT | k.TEXT_FACTS) | (k.LEADING_SPACE | k.TRAILING_SPACE))
    if value.bits & k.ALL_KINDS & ~k.ANY_TEXT:
        # What cannot be gone through backwards is made a list first.
        result = pool.join(result, pool.sequence(k.ITERATOR | k.LIST, elements(pool, pool.keep(value, ~k.ANY_TEXT))))
    return result


def _items(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    pair = item_pair(pool, value) if value.bits & k.DICT else NEVER
    return _each(machine, value, pair)


def _dictsort(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    return pool.sequence(k.LIST if may_be_empty(value) else k.FULL_LIST, item_pair(pool, value))


def _end(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``first`` and ``last``, ``random``, ``min`` and ``max``."""
    pool = machine.pool
    shape = value.shape
    if node.name == "first" and shape is not None and shape.items and value.only(k.LIST | k.TUPLE):
        item = shape.items[0]
    else:
        item = elements(pool, value)
    return pool.join(item, ABSENT) if may_be_empty(value) else item


def _map(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    element = elements(pool, value)
    if element is NEVER:
        return pool.sequence(k.ITERATOR, NEVER)
    if "attribute" in keywords:
        mapped = _attribute_path(machine, element, keywords["attribute"])
        if "default" in keywords and mapped.bits & k.UNDEFINED:
            mapped = pool.join(pool.keep(mapped, k.ALL_KINDS & ~k.UNDEFINED), keywords["default"])
    elif arguments and arguments[0].texts and len(arguments[0].texts) == 1:
        name = next(iter(arguments[0].texts))
        inner = nodes.Filter(node, name, [], [], None, None)
        apply = FILTERS.get(name)
        mapped = ANY if apply is None else apply(machine, inner, element, arguments[1:], keywords)
    else:
        mapped = ANY
    return _each(machine, value, mapped)


def _attribute_path(machine: Machine, element: Type, names: Type) -> Type:
    if names.texts is None or len(names.texts) != 1:
        return ANY
    value = element
    for step in next(iter(names.texts)).split("."):
        index = machine.pool.number(int(step)) if step.isdigit() else machine.pool.text(step)
        value = item_of(machine, machine.pool.keep(value, ~k.UNDEFINED), index)
    return value


def _select(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    """``select`` and ``reject``: the elements that pass a test (or do not)."""
    element = elements(machine.pool, value)
    wanted = node.name == "select"
    return machine.pool.sequence(k.ITERATOR, _passing(machine, element, arguments, wanted))


def _passing(machine: Machine, element: Type, arguments: list[Type], wanted: bool) -> Type:
    pool = machine.pool
    if not arguments:
        return pool.keep(element, k.TRUTHY if wanted else k.FALSY)
    texts = arguments[0].texts
    if texts is None or len(texts) != 1:
        return element
    return assume_test(machine, next(iter(texts)), element, arguments[1:], wanted)


def _selectattr(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    element = elements(pool, value)
    names = arguments[0].texts if arguments else None
    if element is NEVER or names is None or len(names) != 1:
        return pool.sequence(k.ITERATOR, element)
    (name,) = names
    element = pool.keep(element, ~k.UNDEFINED)
    if "." not in name and element.only(k.DICT) and name not in dir(dict):
        field = attribute_of(machine, element, name)
        passed = _passing(machine, field, arguments[1:], node.name == "selectattr")
        element = pool.with_field(element, name, passed)
    return pool.sequence(k.ITERATOR, element)


def _batch(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    element = pool.join_all((elements(pool, value), *arguments[1:], *keywords.values()))
    return pool.sequence(k.ITERATOR, pool.sequence(k.LIST, element))


def _groupby(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    group = pool.sequence(k.FULL_LIST, elements(pool, value))
    return pool.sequence(k.LIST, pool.type(k.FULL_TUPLE, None, None, pool.shape((ANY, group), None, 2)))


def _int(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    result = pool.type(k.INT | k.NEGATIVE | (k.BIG if value.bits & (k.ANY_TEXT | k.FLOAT | k.BIG) else 0))
    return pool.join_all((result, *arguments[:1], *(keywords[name] for name in ("default",) if name in keywords)))


def _float(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    pool = machine.pool
    return pool.join_all((pool.type(k.FLOAT | k.NEGATIVE | k.BIG), *arguments[:1]))


def _number(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    bits = (k.FLOAT if value.bits & k.FLOAT or node.name == "round" else 0) | k.INT
    return machine.pool.type(bits | k.NEGATIVE | value.bits & k.BIG)


def _count(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return machine.pool.type(k.INT)


def _sum(machine: Machine, node: Any, value: Type, arguments: list[Type], keywords: dict[str, Type]) -> Type:
    return ANY if arguments or keywords else machine.pool.type(k.INT | k.FLOAT | k.NEGATIVE | k.BIG)


Apply = Callable[[Machine, Any, Type, list[Type], dict[str, Type]], Type]
FILTERS: dict[str, Apply] = {
    **dict.fromkeys(("upper", "lower", "title", "capitalize"), texts.changed_text),
    **dict.fromkeys(("wordwrap", "filesizeformat", "urlencode", "pprint", "urlize", "xmlattr"), texts.text),
    **dict.fromkeys(("safe", "escape", "e", "forceescape"), texts.markup),
    **dict.fromkeys(("indent", "format", "center"), texts.kept_text),
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
    "join": texts.join,
    "list": _list,
    "map": _map,
    "replace": texts.replace,
    "reverse": _reverse,
    "sort": _sorted,
    "string": texts.string,
    "striptags": texts.text,
    "sum": _sum,
    "tojson": texts.tojson,
    "trim": texts.trim,
    "truncate": texts.truncate,
    "unique": _iterator,
    "wordcount": _count,
}

_ALLOWED: dict[str, int] = {
    **dict.fromkeys(("length", "count"), _SIZED),
    # Generators (map, select, unique, batch, items, …) raise only when they are read, if ever.
    **dict.fromkeys(("list", "join", "sort", "groupby", "sum", "first", "min", "max"), ITERABLE),
    "last": k.ANY_TEXT | k.LIST | k.TUPLE | k.DICT | k.VIEW | k.RANGE | k.UNDEFINED,
    "reverse": ITERABLE,
    "dictsort": k.DICT,
    "tojson": k.NONE | k.NUMBER | k.ANY_TEXT | k.LIST | k.TUPLE | k.DICT,
    "abs": k.NUMBER,
    "round": k.NUMBER,
}
