"""JSON text that is escaped for HTML.

What it does
------------
Finds ``tojson|e`` and other filters after ``tojson`` that a target leaves out.

Why it breaks
-------------
minijinja's ``tojson`` gives text that counts as safe, and ``e`` does nothing to safe text; the reference's
gives plain text, whose quotes become ``&#34;``.

Example
-------
``{{ tool|tojson|e }}``

Fix safety
----------
No fix is offered: the template most likely meant not to escape at all.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look

CODE = "PTL306"
_AFTER = {"e": "then-escape", "escape": "then-escape", "safe": "then-safe"}
_TEXT_FILTERS = frozenset({"string", "replace", "trim", "upper", "lower", "indent"})


def _filter(node: nodes.Filter, look: Look) -> None:
    inner = node.node
    if isinstance(inner, nodes.Filter) and inner.name == "tojson":
        if node.name in _TEXT_FILTERS:
            look.use("filter.tojson.then-string", node)
        elif node.name in _AFTER:
            look.use(f"filter.tojson.{_AFTER[node.name]}", node)


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages|tojson }}", targets=("minijinja",)),)
INVALID = (Example("{{ messages|tojson|e }}", targets=("minijinja",)),)
