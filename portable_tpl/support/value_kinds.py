"""The kinds of values, as the support table names them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MARKUP = frozenset("<>&'")
_WHITE = " \t\n\r\x0b\x0c"


def kinds_within(value: Any) -> Iterator[str]:
    """The kinds (of ``compat/data/kinds.json``) of a JSON value and of what is inside it."""
    if isinstance(value, str):
        yield from _text_kinds(value)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif value is None:
        yield "none"
    elif isinstance(value, int):
        yield "zero" if value == 0 else "int"
        if value < 0:
            yield "negative"
    elif isinstance(value, float):
        yield "float"
    elif isinstance(value, list):
        yield "list" if value else "empty-list"
        for item in value:
            yield from kinds_within(item)
    elif isinstance(value, dict):
        yield "dict" if value else "empty-dict"
        for key, item in value.items():
            yield from kinds_within(key)
            yield from kinds_within(item)


def _text_kinds(text: str) -> Iterator[str]:
    if not text:
        yield "empty"
        return
    yield "plain"
    if text.isascii() and text.isalpha() and text.islower():
        yield "word"
    if _MARKUP & set(text):
        yield "html"
    if text != text.strip():
        yield "unicode-spaced" if text.strip(_WHITE) != text.strip() else "spaced"
    if "\n" in text:
        yield "lines"
    if not text.isascii():
        yield "unicode"
