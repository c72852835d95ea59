"""A template's text, and places in it."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

# The line ends that jinja2 counts (jinja2.lexer.newline_re); str.splitlines would know more.
_NEWLINE = re.compile(r"\r\n|\r|\n")
DEFAULT_SPECIAL_TOKENS: Mapping[str, str] = {"bos_token": "<s>", "eos_token": "</s>"}

_NO_TEMPLATES: Mapping[str, Template] = MappingProxyType({})
_NO_TOKENS: Mapping[str, str] = MappingProxyType({})


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of character offsets into a template's text."""

    start: int
    end: int

    def contains(self, other: Span) -> bool:
        """Whether ``other`` lies within this span."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True)
class Location:
    """A span as people and editors count: lines and columns from 1, the end column exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int


@dataclass(frozen=True)
class Template:
    """One chat template.

    ``text`` is the source as the container holds it, newlines untouched. ``name`` is ``default`` unless the
    container names its templates. ``path`` is what the user named (``None`` for a string). ``special_tokens``
    are those of the container (``bos_token`` and the like); empty where it names none. ``named`` holds the other
    templates of the same container by name, from which a render with tools picks ``tool_use``; of a container with
    named templates only, which transformers never takes unasked, also the template itself. ``tokenizer`` is the class
    of the container's tokenizer (``""`` where that is not named), ``None`` for a container without a tokenizer.
    ``container`` is, for a template that is a value in a text file (JSON), that file and the line where the value
    begins.
    """

    text: str
    name: str = "default"
    path: str | None = None
    special_tokens: Mapping[str, str] = field(default_factory=lambda: _NO_TOKENS, hash=False)
    named: Mapping[str, Template] = field(
        default_factory=lambda: _NO_TEMPLATES, hash=False, compare=False, repr=False
    )
    tokenizer: str | None = field(default=None, hash=False, compare=False, repr=False)
    container: tuple[str, int] | None = field(default=None, hash=False, compare=False, repr=False)

    @property
    def tokens(self) -> Mapping[str, str]:
        """The special tokens that a render is given, if the caller names no others.

        A tokenizer lacks those that its model does not have, as in transformers; ``<s>`` and ``</s>`` stand in where
        there is no tokenizer at all.
        """
        return self.special_tokens if self.special_tokens or self.tokenizer is not None else DEFAULT_SPECIAL_TOKENS

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the text in UTF-8 (lone surrogates kept)."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _NEWLINE.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character offset."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def locate(self, span: Span) -> Location:
        """The location of a span."""
        line, column = self.position(span.start)
        end_line, end_column = self.position(span.end)
        return Location(line, column, end_line, end_column, span.start, span.end)

    def line_span(self, line: int) -> Span:
        """The span of a line counted from 1, without its line end; an empty one past the last line."""
        if not 1 <= line <= len(self._line_starts):
            return Span(len(self.text), len(self.text))
        start = self._line_starts[line - 1]
        end = self._line_starts[line] if line < len(self._line_starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return Span(start, end)

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings do not travel to other processes as they are.
        mappings = (dict(self.special_tokens), dict(self.named))
        return Template, (self.text, self.name, self.path, *mappings, self.tokenizer, self.container)

    @property
    def label(self) -> str:
        """How reports name this template: its path, with the name where it is not ``default``."""
        base = self.path or "<string>"
        return base if self.name == "default" else f"{base}#{self.name}"
