"""JSON data as minijinja literals, so that the engine gets values of its own.

A Python dict or list that is handed to minijinja's binding keeps its Python methods, and a Rust user's failure would
stay hidden. Numbers are what ``serde_json``, the parser of Rust servers, makes of them: an integer that fits neither
64 bits with a sign nor without one becomes a float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

# minijinja's parser gives up on expressions nested deeper than 150; what is deeper is built up in steps.
_DEEPEST = 50
_STEP = "ptl_deep_"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# `{% set %}` refuses these, and no other way in is left that keeps values native.
_RESERVED = frozenset({"true", "True", "false", "False", "none", "None", "loop", "self"})
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def assignments(context: Mapping[str, Any]) -> str:
    """Template text that sets every variable of a context and prints nothing.

    Names that no template can write, or that minijinja reserves, are left out. Raises :class:`ValueError` for what
    has no native form: lone surrogates and numbers that are not finite.
    """
    return "".join(
        assignment(name, value)
        for name, value in context.items()
        if _IDENTIFIER.match(name) and name not in _RESERVED
    )


def assignment(name: str, value: Any) -> str:
    """Template text that sets one variable; see :func:`assignments`."""
    steps: list[str] = []
    last = f"{{% set {name} = {_literal(value, 0, steps)} %}}"
    return "".join(steps) + last


def _literal(value: Any, depth: int, steps: list[str]) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "none"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(int(value)) if _SMALLEST <= value <= _LARGEST else _number(float(value))
    if isinstance(value, float):
        return _number(value)
    if depth >= _DEEPEST and value:
        return _step(value, steps)
    depth += 1
    if isinstance(value, Mapping):
        pairs = [f"{_text(str(key))}:{_literal(item, depth, steps)}" for key, item in value.items()]
        return "{" + ",".join(pairs) + "}"
    return "[" + ",".join([_literal(item, depth, steps) for item in value]) + "]"


def _step(value: Any, steps: list[str]) -> str:
    inner = _literal(value, 0, steps)
    name = f"{_STEP}{len(steps) + 1}"
    steps.append(f"{{% set {name} = {inner} %}}")
    return name


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"a Rust program cannot hold the lone surrogate {value[error.start]!r}") from None
    return encode_basestring(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a JSON number")
    return repr(value)
