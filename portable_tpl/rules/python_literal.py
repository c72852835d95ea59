"""Literals in Python's spelling.

What it does
------------
Finds ``True``, ``False`` and ``None`` where an engine knows only ``true``, ``false`` and ``none``.

Why it breaks
-------------
Jinja takes both spellings; an engine that knows one takes the other for an undefined name, which is false.

Example
-------
``{% if add_generation_prompt == True %}``

Fix safety
----------
Safe: the lower-case words are the same literals in Jinja.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.rewriting.expressions import Level, replace

CODE = "PTL201"
IMITATED = True
_SPELLINGS = {True: "True", False: "False", None: "None"}


def _constant(node: nodes.Const, look: Look) -> None:
    value = node.value
    if value is not None and not isinstance(value, bool):
        return
    spelling = _SPELLINGS[value]
    if look.breaks(f"literal.{spelling}") and look.parsed.source(node) == spelling:
        fix = replace(node, spelling.lower(), Level.ATOM, look, f"Write {spelling.lower()}")
        look.use(f"literal.{spelling}", node, lambda: fix)


VISITS = {nodes.Const: _constant}
VALID = (Example("{{ 1 if true else 2 }}"),)
INVALID: tuple[Example, ...] = ()
