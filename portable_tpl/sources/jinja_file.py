"""A raw template file: ``.jinja``, ``.jinja2``, ``.j2`` or any other text file."""

from __future__ import annotations

from portable_tpl.sources._container import NO_TOKENS, Container, Slot, SpecialTokens, TextDocument, assemble
from portable_tpl.sources._files import read_text

SUFFIXES = (".jinja", ".jinja2", ".j2")


def slot(path: str, text: str, name: str = "default") -> Slot:
    """The slot of a raw file's text: all of it, newlines and byte order mark included.

    transformers reads the file as UTF-8, so a byte order mark is the template's first character there (and is
    printed); it stays one here.
    """
    return Slot(name, text, TextDocument(path, "jinja", text), 0, len(text))


def open_jinja(path: str, tokens: SpecialTokens = NO_TOKENS) -> Container:
    """Open a raw template file."""
    return assemble(path, "jinja", [slot(path, read_text(path))], tokens)
