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
Safe: the words are printed by name, ``{{ 'True' if x else 'False' }}``, or with ``is true`` where the value can be
something else too.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example
from portable_tpl.rewriting.printing import printed
from portable_tpl.rewriting.spelling import spelled

CODE = "PTL602"
_ONLY = frozenset({"true", "false"})


VISITS = {nodes.Output: printed(_ONLY, spelled)}
VALID = (Example("{{ 'True' if tools else 'False' }}", targets=("hf-jinja",)),)
INVALID = (
    Example(
        "{{ add_generation_prompt }}",
        targets=("hf-jinja",),
        fixed="{{ 'True' if add_generation_prompt else 'False' }}",
    ),
)
