"""Results as JSON data and back: any frozen dataclass of the model, whatever fields it has.

A dataclass becomes an object with its fields and, under ``is``, its class's name; tuples become lists, enumerations
their values. Reading goes by the classes' annotations, so that a field that is added needs no line here.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_CLASS = "is"


def to_plain(value: Any) -> Any:
    """A value of the model as JSON data."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {each.name: to_plain(getattr(value, each.name)) for each in fields(value) if each.init}
        return {_CLASS: type(value).__name__, **plain}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def from_plain(kind: type[_T], data: Any) -> _T:
    """The value that :func:`to_plain` wrote; raises ``ValueError``, ``KeyError`` or ``TypeError`` for other data."""
    value: _T = _read(kind, data)
    return value


def _read(kind: Any, data: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read_union(arguments, data)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(_read(arguments[0], item) for item in data)
        return tuple(_read(each, item) for each, item in zip(arguments, data, strict=True))
    if origin is list:
        return [_read(arguments[0], item) for item in data]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _read(arguments[1], item) for key, item in data.items()}
    if origin is Literal or not isinstance(kind, type):
        return data
    if is_dataclass(kind):
        if data[_CLASS] != kind.__name__:
            raise ValueError(f"expected {kind.__name__}, found {data[_CLASS]!r}")
        known = _hints(kind)
        return kind(**{name: _read(known[name], item) for name, item in data.items() if name != _CLASS})
    if issubclass(kind, tuple):  # one with names
        return kind(*(_read(each, item) for each, item in zip(_hints(kind).values(), data, strict=True)))
    return kind(data) if issubclass(kind, Enum) else data


def _read_union(kinds: tuple[Any, ...], data: Any) -> Any:
    if data is None:
        return None
    chosen = [kind for kind in kinds if kind is not type(None)]
    if isinstance(data, dict) and _CLASS in data and len(chosen) > 1:
        chosen = [kind for kind in chosen if getattr(kind, "__name__", "") == data[_CLASS]]
    return _read(chosen[0], data)


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)
