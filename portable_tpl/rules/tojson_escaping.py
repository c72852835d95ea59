"""Markup in JSON text that an engine escapes.

What it does
------------
Finds ``tojson`` of values that can hold ``<``, ``>``, ``&`` or ``'``, or text in another script, for targets
that write such characters as ``\\u003c`` or otherwise.

Why it breaks
-------------
``tojson`` was made for HTML: jinja2's own and minijinja's escape these four characters. The reference's does
not, so that a tool's description "the user's city" gives other tokens.

Example
-------
``{{ tools|tojson }}``

Fix safety
----------
No fix is offered: what a deployment makes of ``tojson`` is for it to set; many replace the filter.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.rules._base import Example, Look
from portable_tpl.rules._json import leaf_kinds

CODE = "PTL305"
_TEXT = ("html", "plain", "word", "empty", "spaced", "lines", "unicode", "unicode-spaced", "markup")


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name == "tojson" and node.node is not None and "filter.tojson" in look.families:
        kinds = tuple(kind for kind in leaf_kinds(look.type(node.node)) if kind in _TEXT)
        look.use_by_kind("filter.tojson", kinds, node)


VISITS = {nodes.Filter: _filter}
VALID = (
    Example("{{ messages|length|tojson }}", targets=("minijinja",)),
    Example("{{ tools|tojson }}", targets=("hf-jinja",)),
)
INVALID = (Example("{{ tools|tojson }}", targets=("minijinja",)),)
