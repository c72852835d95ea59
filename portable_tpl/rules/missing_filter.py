"""Filters that an engine does not have.

What it does
------------
Finds filters, and names of filters given to ``map``, that a target does not have.

Why it breaks
-------------
Each engine has its own list of filters. One that is missing is an error when the template is loaded, or when the filter
is reached.

Example
-------
``{{ values|sum }}``

Fix safety
----------
Safe where another filter is the same one (``d`` is ``default``, ``count`` is ``length``, ``e`` is ``escape``).
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.rules._base import Example, Look
from portable_tpl.rules._calls import constant

CODE = "PTL301"


def _filter(node: nodes.Filter, look: Look) -> None:
    look.use(f"filter.{node.name}", node)
    if node.name == "map":
        name = constant(node.args[0]) if node.args else nodes
        if isinstance(name, str):
            special = look.use(f"filter.map.{name}", node) if name in ("tojson", "string") else False
            if not special:
                look.use("filter.map.filter", node)
            if len(node.args) > 1:
                look.use("filter.map.filter-arguments", node)


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages[0].content|trim|upper }}", targets=("minijinja", "hf-jinja", "llama.cpp-engine")),)
INVALID = (
    Example("{{ [1, 2]|sum }}", targets=("hf-jinja",)),
    Example("{{ nope|d('x') }}", targets=("hf-jinja",), fixed="{{ nope|default('x') }}"),
)
