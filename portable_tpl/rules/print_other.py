"""Other values printed as text.

What it does
------------
Finds tuples, ranges, iterators, namespaces, numbers with a fraction and undefined values where they are printed and a
target prints something else.

Why it breaks
-------------
There is no text that these must have; each engine prints what its own language would.

Example
-------
``{{ messages|map(attribute='role') }}`` prints an address in jinja2.

Fix safety
----------
No fix is offered: print what is inside.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.rewriting.printing import printed

CODE = "PTL605"
_OTHERS = frozenset(
    {
        "undefined",
        "zero",
        "int",
        "negative",
        "float",
        "markup",
        "tuple",
        "view",
        "range",
        "iterator",
        "namespace",
        "macro",
    }
)
VISITS = {nodes.Output: printed(_OTHERS | TEXT_KINDS)}
VALID = (Example("{{ messages|length }}", targets=("hf-jinja",)),)
INVALID = (Example("{{ range(3) }}", targets=("minijinja",)),)
