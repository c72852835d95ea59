"""The template as a row of tokens that, joined, are its exact text; and its comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jinja2.lexer import reverse_operators

from portable_tpl.model.source import Span
from portable_tpl.template.syntax.lexing import Lexed


class Token(NamedTuple):
    """A piece of the template's text.

    ``kind`` is as in jinja2's ``Environment.lex``: ``data``, ``variable_begin``, ``variable_end``, ``block_begin``,
    ``block_end``, ``raw_begin``, ``raw_end``, ``name``, ``operator``, ``string``, ``integer``, ``float`` and
    ``whitespace``; a ``comment`` is one token with its delimiters. White space that does not get into the output,
    since a ``-``, trim_blocks, lstrip_blocks or the end of the file drops it, is ``whitespace`` too.
    """

    kind: str
    text: str
    span: Span


class Comment(NamedTuple):
    """A comment: the text between its delimiters and signs, and the span of all of it."""

    text: str
    span: Span


def lossless(text: str, lexed: Lexed) -> tuple[Token, ...]:
    """All tokens of a template that was cut without an error."""
    return tuple(_with_gaps(text, lexed))


def _with_gaps(text: str, lexed: Lexed) -> Iterator[Token]:
    pieces = [(token.start, token.end, token.type) for token in lexed.tokens[:-1]]  # the last one marks the end
    pieces += [(trivia.start, trivia.end, trivia.kind) for trivia in lexed.trivia]
    position = 0
    for raw_start, raw_end, kind in sorted(pieces):
        start, end = lexed.offset(raw_start), lexed.offset(raw_end)
        if position < start:
            yield Token("whitespace", text[position:start], Span(position, start))
        yield Token("operator" if kind in reverse_operators else kind, text[start:end], Span(start, end))
        position = end
    if position < len(text):
        yield Token("whitespace", text[position:], Span(position, len(text)))


def comments(text: str, lexed: Lexed) -> tuple[Comment, ...]:
    """The comments of a template, in order; one without an end (a bare ``{#`` at the very end) is none."""
    out = []
    for trivia in lexed.trivia:
        if trivia.kind == "comment":
            start, end = lexed.offset(trivia.start), lexed.offset(trivia.end)
            if text.endswith("#}", start + 2, end):
                out.append(Comment(_inner(text[start + 2 : end - 2]), Span(start, end)))
    return tuple(out)


def _inner(body: str) -> str:
    if body[:1] in ("-", "+"):
        body = body[1:]
    return body[:-1] if body[-1:] in ("-", "+") else body
