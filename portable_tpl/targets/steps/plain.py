"""Anything that callers put into messages, as the plain data that templates are shown.

Source of facts: ``_plain_template_data`` in ``transformers/utils/chat_template_utils.py``, version 5.24.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from portable_tpl.model.conversation import Json

_SCALARS = (str, int, float, bool)
_PLAIN_SCALARS = frozenset((str, int, float, bool, type(None)))


def is_plain(value: Any) -> bool:
    """Whether :func:`plain_data` would only copy the value, which a template, that changes nothing, does not need."""
    kind = type(value)
    if kind in _PLAIN_SCALARS:
        return True
    if kind is dict:
        for key, item in value.items():
            if type(key) not in _PLAIN_SCALARS or not (type(item) in _PLAIN_SCALARS or is_plain(item)):
                return False
        return True
    if kind is list or kind is tuple:
        for item in value:  # noqa: SIM110 - a loop takes half the time of all()
            if not (type(item) in _PLAIN_SCALARS or is_plain(item)):
                return False
        return True
    return False


def plain_data(value: Any) -> Json:
    """The value rebuilt from plain JSON types; an object of any other kind becomes ``"<TypeName>"``.

    Enums and other subclasses of text and numbers become their base type; mappings, dataclasses and pydantic models
    become dicts; a number of numpy becomes Python's.
    """
    if value is None or type(value) in _SCALARS:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Mapping):
        return {plain_data(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_data(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain_data(item) for item in value)
    if _is_numpy_scalar(value):
        return plain_data(value.item())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if callable(getattr(value, "model_dump", None)):
        return plain_data(value.model_dump())
    return f"<{type(value).__name__}>"


def _is_numpy_scalar(value: object) -> bool:
    """Whether numpy would call it ``numpy.generic``, told without importing numpy."""
    return any(base.__module__ == "numpy" and base.__name__ == "generic" for base in type(value).__mro__)
