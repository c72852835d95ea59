"""Lengths of text.

What it does
------------
Finds ``length`` of text that can hold other scripts, where the number itself matters.

Why it breaks
-------------
Python counts characters, JavaScript UTF-16 units, llama.cpp bytes: ``'é😀'|length`` is 2, 3 and 6.

Example
-------
``{% if message.content|length > 100 %}``

Fix safety
----------
No fix is offered. ``{% if text|length > 0 %}`` is portable, and so is ``{% if text %}``.
"""

from __future__ import annotations

import re

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.conversation import Tier
from portable_tpl.rewriting.calls import given, reads_of
from portable_tpl.rules.filter_input import emptiness

CODE = "PTL901"
_WIDE = re.compile("[\U00010000-\U0010ffff]")  # what no engine but Python counts as one
_OTHER_SCRIPTS = frozenset({"unicode", "unicode-spaced"})


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name not in ("length", "count") or node.node is None:
        return
    kinds = look.kinds(node.node)
    if _OTHER_SCRIPTS.isdisjoint(kinds) or emptiness(node, look) or _offset(node, look):
        return
    if not any(map(_WIDE.search, look.type(node.node).texts or ())) and not given(node.node, look):
        # What a template has put together, a type or a name, is in ASCII nearly always.
        look.least = Tier.EXTENDED
    look.use_by_kind(f"filter.{node.name}", kinds, node, only=_OTHER_SCRIPTS)
    look.least = Tier.ORDINARY


def _offset(node: nodes.Filter, look: Look) -> bool:
    """Whether the length serves only to cut text: an engine that counts otherwise cuts by the same count."""
    value: nodes.Node = node
    parent = look.parent(value)
    while isinstance(parent, (nodes.Add, nodes.Sub)):
        value, parent = parent, look.parent(parent)
    reads = reads_of(value, look)
    return bool(reads) and all(isinstance(look.parent(read), nodes.Slice) for read in reads or ())


VISITS = {nodes.Filter: _filter}
VALID = (Example("{% if messages[0].content|length > 0 %}x{% endif %}", targets=("hf-jinja",)),)
INVALID = (Example("{{ messages[0].content|length }}", targets=("llama.cpp-engine",)),)
