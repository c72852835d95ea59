"""Windows line ends in the template.

What it does
------------
Finds carriage returns in the template's source.

Why it breaks
-------------
jinja2 turns ``\\r\\n`` and ``\\r`` into ``\\n`` before it reads a template; other engines leave them, and print them.

Example
-------
A template that was saved on Windows.

Fix safety
----------
Safe: the line ends that can be printed are written with ``\\n``, as the reference reads them. Those that a dash takes
away stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.model.source import Span

CODE = "PTL701"

_LINE_END = re.compile(r"\r\n?")
# White space beside a dash, which every engine takes away with the line ends in it (``layout.crlf.dash``).
_TAKEN_AWAY = re.compile(r"(?<=-[%}#]\})\s+|\s+(?=\{[%{#]-)")


def _template(node: nodes.Template, look: Look) -> None:
    text = look.parsed.text
    if "\r" not in text:
        return
    ends = list(_printed(node, look))
    if not ends:
        return
    position = ends[0].start
    windows = text.startswith("\r\n", position)
    only_last = windows and position == len(text) - 2
    feature = "layout.final-newline.crlf" if only_last else "layout.crlf" if windows else "layout.cr"
    # From the first to the last of them: each line between can print one.
    look.use(feature, node, lambda: _fix(ends), Span(position, ends[-1].end))


def _printed(node: nodes.Template, look: Look) -> Iterator[Span]:
    """The line ends with a carriage return, but not those in tags and comments, nor those that a dash takes away."""
    text = look.parsed.text
    silent = list(_in_tags(look))
    # A dash in a literal or in a raw block takes nothing away.
    if "raw" not in text and not any("\r" in look.parsed.source(each) for each in node.find_all(nodes.Const)):
        silent = sorted([*silent, *(Span(*each.span()) for each in _TAKEN_AWAY.finditer(text))])
    end, number = 0, 0
    for match in _LINE_END.finditer(text):
        while number < len(silent) and silent[number].start <= match.start():
            end = max(end, silent[number].end)
            number += 1
        if match.start() >= end:
            yield Span(*match.span())


def _in_tags(look: Look) -> Iterator[Span]:
    """The comments, and the white space between the words of tags."""
    inside = False
    for token in look.parsed.tokens:
        if token.kind in ("variable_begin", "block_begin"):
            inside = True
        elif token.kind in ("variable_end", "block_end"):
            inside = False
        if token.kind == "comment" or (inside and token.kind == "whitespace"):
            yield token.span


def _fix(ends: list[Span]) -> Fix:
    return Fix("Write line ends as \\n", Safety.SAFE, tuple(Edit(start, end, "\n") for start, end in ends))


VISITS = {nodes.Template: _template}
VALID = (
    Example("a\nb", targets=("minijinja",)),
    Example("a\r\n{%- if true -%}\r\nb{% endif %}", targets=("minijinja", "hf-jinja")),
    Example("{#\r\n#}{% if\r\n true %}{{ 1\r\n}}{% endif %}", targets=("minijinja", "hf-jinja")),
)
INVALID = (
    Example("a\r\nb", targets=("minijinja",), fixed="a\nb"),
    Example("a\r\n{{- 'b\\n' }}\r\n", targets=("hf-jinja",), fixed="a\r\n{{- 'b\\n' }}\n"),
    Example("{{- 'a\r\n {{-' }}", targets=("hf-jinja",), fixed="{{- 'a\n {{-' }}"),
)
