"""A comment that is not understood.

What it does
------------
Finds ``portable-tpl:`` comments that ask for something unknown, or that name a rule that does not exist.

Why it breaks
-------------
Such a comment suppresses nothing, or less than its author thinks.

Example
-------
``{#- portable-tpl: ignore[PTL1O1] the letter O -#}``

Fix safety
----------
No fix is offered: what was meant is not known.
"""

from __future__ import annotations

from portable_tpl.checking.base import Example

CODE = "PTL002"
VISITS = {}  # type: ignore[var-annotated]  # portable_tpl.checking.suppressing finds it
VALID = (Example("{# portable-tpl is a tool #}{{ messages[0].content }}"),)
INVALID = (
    Example("{{ messages[0].content }}{# portable-tpl: ignore[PTL9999] no such rule #}"),
    Example("{{ messages[0].content }}{# portable-tpl: please do not look #}"),
)
