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
Safe: the source is written with ``\\n``, as the reference reads it.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.model.source import Span

CODE = "PTL701"


def _template(node: nodes.Template, look: Look) -> None:
    text = look.parsed.text
    position = text.find("\r")
    if position < 0:
        return
    windows = text.startswith("\r\n", position)
    only_last = windows and position == len(text) - 2
    feature = "layout.final-newline.crlf" if only_last else "layout.crlf" if windows else "layout.cr"
    # From the first to the last of them: each line between can print one.
    look.use(feature, node, lambda: _fix(text), Span(position, _last_line_end(text)))


def _last_line_end(text: str) -> int:
    position = text.rfind("\r")
    return position + (2 if text.startswith("\r\n", position) else 1)


def _fix(text: str) -> Fix:
    edits: list[Edit] = []
    position = text.find("\r")
    while position >= 0:
        end = position + (2 if text.startswith("\r\n", position) else 1)
        edits.append(Edit(position, end, "\n"))
        position = text.find("\r", end)
    return Fix("Write line ends as \\n", Safety.SAFE, tuple(edits))


VISITS = {nodes.Template: _template}
VALID = (Example("a\nb", targets=("minijinja",)),)
INVALID = (Example("a\r\nb", targets=("minijinja",), fixed="a\nb"),)
