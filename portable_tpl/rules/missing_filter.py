"""Filters that an engine does not have.

What it does
------------
Finds filters, and names of filters given to ``map``, that a target does not have.

Why it breaks
-------------
Each engine has its own list of filters. One that is missing is an error when the template is loaded, or when
the filter is reached.

Example
-------
``{{ values|sum }}``

Fix safety
----------
Safe where another filter is the same one (``d`` is ``default``, ``count`` is ``length``, ``e`` is ``escape``), and
for ``select`` and ``reject`` where a loop can ask instead: ``{% for x in values if x not in others %}``.
"""

from __future__ import annotations

import re

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import edits
from portable_tpl.rewriting.sifting import mapped, sifted
from portable_tpl.rewriting.template_text import by_filter
from portable_tpl.support.spelling import constant

CODE = "PTL301"
_BY_TEST = ("select", "reject")  # what was measured of the very test says more than what was of the filter
_SAME = {"d": "default", "default": "d", "count": "length", "length": "count", "e": "escape", "escape": "e"}


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name in _BY_TEST and node.args and isinstance(constant(node.args[0]), str):
        narrower = f"filter.{node.name}.{constant(node.args[0])}"
        look.use(f"filter.{node.name}", node, lambda: sifted(node, look), unless=narrower)
        return
    look.use(f"filter.{node.name}", node, lambda: _renamed(node, look))
    if node.name == "map":
        name = constant(node.args[0]) if node.args else nodes
        if isinstance(name, str):
            special = (
                look.use(f"filter.map.{name}", node, lambda: mapped(node, look))
                if name in ("tojson", "string")
                else False
            )
            if not special and not look.use("filter.map.filter", node, lambda: mapped(node, look)):
                look.use(f"filter.{name}", node, lambda: mapped(node, look))
            if len(node.args) > 1:
                look.use("filter.map.filter-arguments", node)


def _renamed(node: nodes.Filter, look: Look) -> Fix | None:
    """The same filter under its other name; what ``format`` fills in, joined."""
    if node.name == "format":
        return by_filter(node, look)
    other = _SAME.get(node.name)
    if other is None or node.node is None or look.breaks(f"filter.{other}"):
        return None
    end = look.parsed.span(node.node).end
    match = re.compile(rf"[\s)]*\|\s*({node.name})\b").match(look.parsed.text, end)
    return None if match is None else edits(f"Write {other}", Safety.SAFE, (*match.span(1), other))


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages[0].content|trim|upper }}", targets=("minijinja", "hf-jinja", "llama.cpp-engine")),)
INVALID = (
    Example("{{ [1, 2]|sum }}", targets=("hf-jinja",)),
    Example(
        "{% for role in ['user', 'tool']|reject('in', ['tool']) %}{{ role }}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for role in ['user', 'tool'] if role not in ['tool'] %}{{ role }}{% endfor %}",
    ),
    Example(
        "{{ 'Tools: ' + names|reject('equalto', 'x')|join(', ') + '.' }}",
        targets=("hf-jinja",),
        fixed="{{ 'Tools: ' }}{% for item in (names or []) if item != 'x' %}{{ item if loop.first else ', ' ~ item }}"
        "{% endfor %}{{ '.' }}",
    ),
    Example(
        "{% set all = names|map('trim')|join(', ') %}{{ all }}",
        targets=("hf-jinja",),
        fixed="{% set all %}{% for item in (names or []) %}{{ item|trim }}{{ '' if loop.last else ', ' }}"
        "{% endfor %}{% endset %}{{ all }}",
    ),
    Example(
        "{{- names|map('trim')|join(', ') }}",
        targets=("hf-jinja",),
        fixed="{%- for item in (names or []) %}{{ item|trim }}{{ '' if loop.last else ', ' }}{% endfor %}",
    ),
    Example("{{ nope|d('x') }}", targets=("hf-jinja",), fixed="{{ nope|default('x') }}"),
)
