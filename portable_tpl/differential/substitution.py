"""Rewriting one construct of a template into the value that it has on the reference."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from jinja2 import nodes

from portable_tpl.differential.tracer import Piece, Trace
from portable_tpl.source import Span
from portable_tpl.template.parsing import ParsedTemplate

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LONGEST = 8000
_KEYWORDS = {True: "true", False: "false", None: "none"}


def literal(value: Any) -> str | None:
    """A value as every engine's literal; ``None`` where some engine has no word for it."""
    if value is None or isinstance(value, bool):
        return _KEYWORDS[value]
    if isinstance(value, str):
        if any(character < " " and character not in _ESCAPES for character in value):
            return None
        return '"' + "".join(_ESCAPES.get(character, character) for character in value) + '"'
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    if isinstance(value, float):
        text = json.dumps(value)
        plain = math.isfinite(value) and "e" not in text
        return text if plain and value >= 0 else f"({text})" if plain else None
    parts = [literal(item) for item in (value if isinstance(value, list) else value.values())]
    if not all(part is not None for part in parts):
        return None
    if isinstance(value, list):
        return "[" + ", ".join(map(str, parts)) + "]"
    keys = [literal(key) for key in value]
    if not all(key is not None for key in keys):
        return None
    return "{" + ", ".join(f"{key}: {part}" for key, part in zip(keys, parts, strict=True)) + "}"


class Rewriter:
    """Templates in which one expression is replaced by the value that a trace saw."""

    def __init__(self, parsed: ParsedTemplate, trace: Trace) -> None:
        self._parsed = parsed
        self._trace = trace
        self._numbers = {id(node): number for number, node in enumerate(parsed.nodes)}
        self._printed: dict[int, set[str]] = {}
        _collect(trace.pieces, self._printed)

    def values(self, node: nodes.Node) -> list[Any]:
        """The values that an expression had, where JSON has words for all of them."""
        told = self._trace.values.get(self._numbers[id(node)], [])
        return [each["value"] for each in told if "value" in each] if all("value" in each for each in told) else []

    def evaluated(self, node: nodes.Node) -> bool:
        """Whether the trace came by an expression."""
        number = self._numbers[id(node)]
        return number in self._trace.values or number in self._printed

    def by_value(self, node: nodes.Node) -> str | None:
        """The template with an expression replaced by its value; ``None`` where it had none, or several."""
        told = self._trace.values.get(self._numbers[id(node)], [])
        if len(told) != 1 or "value" not in told[0]:
            return None
        text = literal(told[0]["value"])
        return None if text is None else self._replaced(node, text)

    def by_text(self, node: nodes.Node) -> str | None:
        """The template with a printed expression replaced by the text that it printed, white space marks kept."""
        printed = self._printed.get(self._numbers[id(node)], set())
        if len(printed) != 1:
            return None
        text = literal(next(iter(printed)))
        return None if text is None else self._replaced(node, text)

    def _replaced(self, node: nodes.Node, text: str) -> str | None:
        span = self._parsed.span(node)
        if len(text) > _LONGEST or span.start >= span.end:
            return None
        return replaced(self._parsed.text, [(span, text)])


def replaced(text: str, edits: Iterable[tuple[Span, str]]) -> str:
    """A text with some spans replaced; the spans do not overlap."""
    out: list[str] = []
    position = 0
    for span, new in sorted(edits):
        out += [text[position : span.start], new]
        position = span.end
    return "".join([*out, text[position:]])


def _collect(pieces: Sequence[Piece], printed: dict[int, set[str]]) -> None:
    for piece in pieces:
        printed.setdefault(piece.node, set()).add(piece.text)
        _collect(piece.inner, printed)
