"""Marks that keep white space.

What it does
------------
Finds ``{%+`` and ``+%}``, ``{#+`` and ``+#}``.

Why it breaks
-------------
They switch ``lstrip_blocks`` and ``trim_blocks`` off for one tag; engines that do not know them do not load the
template, or take the mark for a plus.

Example
-------
``{%+ if true %}``

Fix safety
----------
No fix is offered: write the white space into a text literal, ``{{ '  ' }}``.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.source import Span
from portable_tpl.template.syntax.tokens import Token

CODE = "PTL702"
_MARKS = (
    ("{%+", "layout.plus.left"),
    ("+%}", "layout.plus.right"),
    ("{#+", "layout.plus.comment"),
    ("{{+", "layout.plus.expression"),
    ("+#}", "layout.plus.comment-end"),
)


def _place(token: Token, mark: str) -> Span:
    start, end = token.span
    return Span(start, start + len(mark)) if token.text.startswith(mark) else Span(end - len(mark), end)


def _template(node: nodes.Template, look: Look) -> None:
    text = look.parsed.text
    for mark, feature in _MARKS:
        position = text.find(mark)
        if position >= 0 and look.breaks(feature):
            for token in look.parsed.tokens:
                if token.text.startswith(mark) or token.text.endswith(mark):
                    look.use(feature, node, span=_place(token, mark))
                    break


VISITS = {nodes.Template: _template}
VALID = (Example("{%- if true -%}a{%- endif -%}", targets=("hf-jinja",)),)
INVALID = (Example("{%+ if true %}a{% endif %}", targets=("hf-jinja",)),)
