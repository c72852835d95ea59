"""A comment that suppresses nothing.

What it does
------------
Finds ``portable-tpl: ignore`` comments that suppress no finding, neither for the targets asked for nor for any other
that was measured.

Why it breaks
-------------
It breaks nothing yet: but what such a comment once excused is gone, and it will hide the next defect on its line.

Example
-------
``{#- portable-tpl: ignore[PTL101] the deployment has pycompat -#}`` on a line without a method.

Fix safety
----------
Safe where the comment has a line to itself and its delimiters take no white space with them: it is removed.
"""

from __future__ import annotations

from portable_tpl.checking.base import Example

CODE = "PTL001"
VISITS = {}  # type: ignore[var-annotated]  # portable_tpl.checking.suppressing finds it, once all other findings are known
VALID = (Example("{{ messages[0].content.strip() }}{# portable-tpl: ignore[PTL101] only for pycompat #}"),)
INVALID = (
    Example("{{ messages[0].content }}{# portable-tpl: ignore[PTL101] only for pycompat #}"),
    Example(
        "{# portable-tpl: ignore-file[PTL101] old #}\n{{ messages[0].content }}", fixed="{{ messages[0].content }}"
    ),
)
