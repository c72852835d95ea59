"""JSON text that any reader accepts, whatever a hostile conversation holds."""

from __future__ import annotations

import json
import math
import re
from typing import Any

# Lone surrogates have no UTF-8, and C1 controls steer some terminals; JSON has an escape for both.
_TO_ESCAPE = re.compile("[\x7f-\x9f\ud800-\udfff]")
_NOT_SHOWN = re.compile(r"[^ -~]")


def dumps(data: Any, *, indent: int | None = 2) -> str:
    """Strict JSON text (no ``NaN``, no lone surrogate) of JSON data, keys in the order given.

    Infinity, which a reader makes of ``1e999``, is written as just that; NaN, which JSON cannot say, as ``null``.
    """
    separators = (",", ":") if indent is None else None
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    except ValueError:
        marked = json.dumps(_finite(data), ensure_ascii=False, indent=indent, separators=separators)
        text = marked.replace(f'"{_INFINITY}"', "1e999").replace(f'"-{_INFINITY}"', "-1e999")
    return _TO_ESCAPE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def json_line(data: Any) -> str:
    """JSON on one line in which every character prints: JSON's own escapes stand for those that would not."""
    return _NOT_SHOWN.sub(_escape_unprintable, dumps(data, indent=None))


# A private-use text that no conversation holds by chance; it only has to survive between two lines of this module.
_INFINITY = "\U0010fff0portable-tpl infinity\U0010fff1"


def _finite(data: Any) -> Any:
    if isinstance(data, float) and not math.isfinite(data):
        return None if math.isnan(data) else (_INFINITY if data > 0 else f"-{_INFINITY}")
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data


def _escape_unprintable(match: re.Match[str]) -> str:
    char = match[0]
    if char.isprintable():
        return char
    return json.dumps(char)[1:-1]
