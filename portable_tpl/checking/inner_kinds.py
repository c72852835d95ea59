"""The kinds of values that are inside of lists and mappings, which print, compare and become JSON with them."""

from __future__ import annotations

from portable_tpl.checking.kinds import Kinds, kinds_of
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import Type

_INSIDE = k.LIST | k.TUPLE | k.DICT | k.VIEW
_MOST_LEVELS = 8
_leaves: dict[int, tuple[Type, Kinds]] = {}


def leaf_kinds(type_: Type) -> Kinds:
    """The kinds of all values in a value, itself and the keys of its mappings included."""
    entry = _leaves.get(id(type_))
    if entry is None or entry[0] is not type_:
        if len(_leaves) > 10_000:
            _leaves.clear()
        kinds: dict[str, None] = {}
        _collect(type_, kinds, set(), 0)
        entry = _leaves[id(type_)] = (type_, tuple(kinds))
    return entry[1]


def inner_kinds(type_: Type) -> Kinds:
    """The kinds of values that are directly in a list or a mapping."""
    shape = type_.shape
    if shape is None:
        return ()
    # What has keys that are known has few others, which only the template at hand reads: mostly text.
    inner = [shape.element, *(shape.fields.values() or (shape.rest,) if shape.fields is not None else ())]
    return tuple(dict.fromkeys(kind for each in inner for kind in kinds_of(each)))


def _collect(type_: Type, kinds: dict[str, None], seen: set[int], level: int) -> None:
    if id(type_) in seen or level > _MOST_LEVELS:
        return
    seen.add(id(type_))
    # A key that is absent is not printed: what is undefined counts at the top only.
    kinds.update(dict.fromkeys(kind for kind in kinds_of(type_) if level == 0 or kind != "undefined"))
    shape = type_.shape
    if shape is None or not type_.bits & _INSIDE:
        return
    if shape.items is not None:
        _collect(shape.element, kinds, seen, level + 1)
    if shape.fields is not None:
        for inner in shape.fields.values():
            _collect(inner, kinds, seen, level + 1)
        _collect(shape.rest, kinds, seen, level + 1)
