"""Booleans printed as text.

What it does
------------
Finds values that can be true or false where they are printed.

Why it breaks
-------------
jinja2 prints Python's ``True`` and ``False``; JavaScript's engines print ``true`` and ``false``.

Example
-------
``{{ add_generation_prompt }}``

Fix safety
----------
Safe where the value is a boolean for certain: ``{{ 'True' if x else 'False' }}`` prints the same everywhere.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.findings import Fix
from portable_tpl.rules._base import Example, Look
from portable_tpl.rules._expressions import Level, operand, replace
from portable_tpl.rules._printing import printed

CODE = "PTL602"
_ONLY = frozenset({"true", "false"})


def _fix(node: nodes.Expr, look: Look) -> Fix | None:
    if not set(look.kinds(node)) <= _ONLY:
        return None
    text = f"'True' if {operand(node, look, Level.OR)} else 'False'"
    return replace(node, text, Level.CONDITIONAL, look, "Print the words")


VISITS = {nodes.Output: printed(_ONLY, _fix)}
VALID = (Example("{{ 'True' if tools else 'False' }}", targets=("hf-jinja",)),)
INVALID = (
    Example(
        "{{ add_generation_prompt }}",
        targets=("hf-jinja",),
        fixed="{{ 'True' if add_generation_prompt else 'False' }}",
    ),
)
