"""Marks that keep white space.

What it does
------------
Finds ``{%+`` and ``+%}``.

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

CODE = "PTL702"
_MARKS = (
    ("{%+", "layout.plus"),
    ("+%}", "layout.plus.right"),
    ("{#+", "layout.plus.comment"),
    ("{{+", "layout.plus.expression"),
)


def _template(node: nodes.Template, look: Look) -> None:
    text = look.parsed.text
    for mark, feature in _MARKS:
        position = text.find(mark)
        if position >= 0 and look.breaks(feature):
            for token in look.parsed.tokens:
                if token.text.startswith(mark) or (token.text == mark):
                    look.use(feature, node, span=Span(token.span.start, token.span.start + len(mark)))
                    break


VISITS = {nodes.Template: _template}
VALID = (Example("{%- if true -%}a{%- endif -%}", targets=("hf-jinja",)),)
INVALID = (Example("{%+ if true %}a{% endif %}", targets=("hf-jinja",)),)
