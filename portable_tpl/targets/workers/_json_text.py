"""The JSON text of minijinja's own ``tojson``, in the style of servers that write their own filter.

A filter in Python never sees the value itself: the binding hands it 1.0 as 1. So the engine's own filter writes the
text, and this changes only its style; numbers keep every digit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

# Newer versions put a blank behind each mark.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[,:] ?|[^",:]+', re.DOTALL)
_HTML_ESCAPE = re.compile(r"\\(?:u00(3c|3e|26|27)|.)", re.DOTALL)
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


class _Number(str):
    """A number as it was spelled."""

    __slots__ = ()


def restyled(
    text: str, *, ensure_ascii: bool = False, sort_keys: bool = False, separators: Sequence[str] | None = None
) -> str:
    """The same JSON with ``, `` and ``: `` between things and without HTML escapes; indented text stays indented.

    ``separators``: what to put there instead, as ``json.dumps`` takes it.
    """
    if sort_keys:
        text = _sorted_keys(text)
    pretty = "\n" in text
    item, key = separators or ("," if pretty else ", ", ": ")
    marks = {",": item, ":": key}
    out: list[str] = []
    for piece in _PIECE.findall(text):
        if piece.startswith('"'):
            out.append(_plain(piece))
        elif piece[0] in marks:
            out.append(marks[piece[0]])
        else:
            out.append(piece)
    result = "".join(out)
    return _NOT_ASCII.sub(_escape, result) if ensure_ascii else result


def _plain(piece: str) -> str:
    return _HTML_ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[0], piece)


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def _sorted_keys(text: str) -> str:
    value = json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    second_line = text.partition("\n")[2]
    indent = len(second_line) - len(second_line.lstrip(" ")) if "\n" in text else None
    return _written(value, indent, 0)


def _written(value: Any, indent: int | None, level: int) -> str:
    if isinstance(value, _Number):
        return str(value)
    if not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        colon = ":" if indent is None else ": "
        items = [
            json.dumps(key, ensure_ascii=False) + colon + _written(value[key], indent, level + 1)
            for key in sorted(value)
        ]
    else:
        items = [_written(item, indent, level + 1) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if indent is None:
        return opening + ",".join(items) + closing
    inner, outer = "\n" + " " * indent * (level + 1), "\n" + " " * indent * level
    return opening + inner + f",{inner}".join(items) + outer + closing
