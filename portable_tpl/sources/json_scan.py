"""Find a string literal in JSON text, and spell its replacement as the file spells.

The text must have been accepted by :func:`json.loads` before: these scanners do not check it again.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_LITERAL = re.compile(_STRING, re.DOTALL)
_STRUCTURE = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[^\s,\]}]+")
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ASTRAL = 0x10000


def skip_space(text: str, position: int) -> int:
    """The offset of the next character that is not JSON white space."""
    match = _SPACE.match(text, position)
    return match.end() if match else position


def end_of(text: str, start: int) -> int:
    """The offset just behind the JSON value that starts at ``start``."""
    if text[start] not in '"[{':
        match = _SCALAR.match(text, start)
        return match.end() if match else start
    depth = 0
    for match in _STRUCTURE.finditer(text, start):
        first = match[0][0]
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth -= 1
        if depth == 0:
            return match.end()
    return len(text)


def members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Key, start and end of each value of the object at ``start``, duplicates included, in order."""
    position = skip_space(text, start + 1)
    while (key := _LITERAL.match(text, position)) is not None:
        value = skip_space(text, skip_space(text, key.end()) + 1)
        end = end_of(text, value)
        yield json.loads(key[0]), value, end
        position = skip_space(text, end)
        if text[position] == ",":
            position = skip_space(text, position + 1)


def items(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Start and end of each item of the array at ``start``."""
    position = skip_space(text, start + 1)
    while text[position] != "]":
        end = end_of(text, position)
        yield position, end
        position = skip_space(text, end)
        if text[position] == ",":
            position = skip_space(text, position + 1)


def member(text: str, start: int, key: str) -> tuple[int, int] | None:
    """Start and end of the value of a key of the object at ``start``; the last one where the key is repeated."""
    extent = None
    for name, value, end in members(text, start):
        if name == key:
            extent = (value, end)
    return extent


def speller(text: str, start: int, end: int) -> Callable[[str], str]:
    """A function that writes a string literal in the manner of the literal at ``[start, end)``.

    What the new string has in common with the old one at its beginning and its end keeps its very characters. Any
    other character is spelt as the old literal spells it most often; one that is not in there is escaped only where
    JSON requires it, or, if it is not ASCII, where the file escapes such characters.
    """
    return partial(_spell, text, start, end)  # no closure: containers travel to other processes


def _spell(text: str, start: int, end: int, new: str) -> str:
    pieces = [match[0] for match in _CHARACTER.finditer(text, start + 1, end - 1)]
    values = [_value(piece) for piece in pieces]
    style = _style(text, pieces, values)
    head = _common(values, new)
    tail = _common(values[head:][::-1], new[head:][::-1])
    middle = new[head : len(new) - tail]
    kept = pieces[len(pieces) - tail :]
    return '"' + "".join((*pieces[:head], *map(style, middle), *kept)) + '"'


def _value(piece: str) -> str:
    """The character that a piece of a literal stands for."""
    if len(piece) == 1:
        return piece
    value: str = json.loads(f'"{piece}"')
    return value


def _common(left: list[str], right: str) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _style(text: str, pieces: list[str], values: list[str]) -> Callable[[str], str]:
    habits: dict[str, Counter[str]] = {}
    for piece, value in zip(pieces, values, strict=True):
        habits.setdefault(value, Counter())[piece] += 1
    known = {value: counts.most_common(1)[0][0] for value, counts in habits.items()}
    escapes = [piece for piece in pieces if piece.startswith("\\u")] or re.findall(r"\\u[0-9a-fA-F]{4}", text)
    upper = any(re.search("[A-F]", piece) for piece in escapes) and not any(
        re.search("[a-f]", piece[2:]) for piece in escapes
    )
    ascii_only = _escapes_unicode(pieces, text)

    def spell(character: str) -> str:
        if character in known:
            return known[character]
        if character in _SHORT:
            return _SHORT[character]
        code = ord(character)
        if code >= 0x20 and (code < 0x7F or not ascii_only) and not 0xD800 <= code < 0xE000:
            return character
        return _escape(code, upper)

    return spell


def _escapes_unicode(pieces: list[str], text: str) -> bool:
    """Whether the file writes characters outside ASCII as ``\\uXXXX``; the literal's own habit comes first."""
    if any(not piece.isascii() for piece in pieces):
        return False
    if any(not _value(piece).isascii() for piece in pieces if piece.startswith("\\u")):
        return True
    return text.removeprefix("\ufeff").isascii() and bool(re.search(r"\\u(?!00[0-7])[0-9a-fA-F]{4}", text))


def _escape(code: int, upper: bool) -> str:
    if code >= _ASTRAL:
        high, low = divmod(code - _ASTRAL, 0x400)
        return _escape(0xD800 + high, upper) + _escape(0xDC00 + low, upper)
    return f"\\u{code:04X}" if upper else f"\\u{code:04x}"
