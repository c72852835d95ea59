"""Items by a number after a dot.

What it does
------------
Finds ``x.0``, and what follows it: ``x.0.name``, ``x.0.0``, ``x.0['name']``.

Why it breaks
-------------
jinja2 takes a number after a dot for an index. Engines that do not know that form, or whose lexer reads ``0.0`` in
it as a number with a fraction, do not load the template.

Example
-------
``{{ messages.0.content }}`` is ``{{ messages[0].content }}``.

Fix safety
----------
Safe: the same index in brackets.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import edits
from portable_tpl.support.spelling import dotted_features

CODE = "PTL212"
IMITATED = True


def _item(node: nodes.Getitem, look: Look) -> None:
    for feature in dotted_features(node, look.parsed, look.kinds(node.node)):
        look.use(feature, node)


def _in_brackets(node: nodes.Getitem, look: Look) -> Fix:
    lexed = look.parsed.lexed
    dot = look.parsed.anchors[node]
    start, end = (lexed.offset(place) for place in (lexed.tokens[dot].start, lexed.tokens[dot + 1].end))
    digits = look.parsed.text[start + 1 : end].strip()
    return edits("Write the index in brackets", Safety.SAFE, (start, end, f"[{digits}]"))


FIX = _in_brackets
VISITS = {nodes.Getitem: _item}
VALID = (
    Example("{{ messages[0].content }}", targets=("mistral.rs", "minja-engine")),
    Example("{{ messages.0.content }}", targets=("minijinja",)),
)
INVALID = (
    Example("{{ messages.0.content }}", targets=("mistral.rs",), fixed="{{ messages[0].content }}"),
    Example("{{ messages[0].content.0['text'] }}", targets=("tgi",), fixed="{{ messages[0].content[0]['text'] }}"),
    Example("{{ [messages].0.0.content }}", targets=("llama.cpp-engine",), fixed="{{ [messages][0].0.content }}"),
)
