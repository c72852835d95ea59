"""Tests given to select and selectattr.

What it does
------------
Finds names of tests, and what they are compared with, in ``select``, ``reject``, ``selectattr`` and
``rejectattr``, that a target does not take there.

Why it breaks
-------------
An engine may know a test after ``is`` and not by name, or take text only as what to compare with.

Example
-------
``{{ messages|selectattr('tool_calls', 'defined')|list }}``

Fix safety
----------
Safe where a loop goes through what is let through: ``{% for x in values if x.y is defined %}`` says the same. Safe
where pieces are joined with nothing between them: ``map(attribute='y', default='')`` gives no text for what is not
there. No fix is offered elsewhere.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.rewriting.sifting import sifted_by_attribute
from portable_tpl.support.spelling import constant

CODE = "PTL404"
_FILTERS = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
_NUMBERS = frozenset({"int", "zero", "negative", "float"})


def _filter(node: nodes.Filter, look: Look) -> None:
    place = _FILTERS.get(node.name)
    if place is None:
        return
    if place and node.args and "." in str(constant(node.args[0])) and isinstance(constant(node.args[0]), str):
        look.use(f"filter.{node.name}.path", node)
    if len(node.args) <= place:
        return
    test = constant(node.args[place])
    if not isinstance(test, str):
        return
    if test == "equalto" and place and len(node.args) > 2:
        kinds = look.kinds(node.args[2])
        if any(kind in TEXT_KINDS for kind in kinds):
            look.use(f"filter.{node.name}.equalto", node)
        if any(kind in _NUMBERS for kind in kinds):
            look.use(f"filter.{node.name}.equalto-number", node)
        if any(kind not in TEXT_KINDS and kind not in _NUMBERS for kind in kinds):
            look.use(f"filter.{node.name}.equalto-other", node)
    else:
        look.use(f"filter.{node.name}.{test}", node, lambda: sifted_by_attribute(node, look) if place else None)


VISITS = {nodes.Filter: _filter}
VALID = (
    Example("{{ messages|selectattr('role', 'equalto', 'user')|list|length }}", targets=("minijinja", "hf-jinja")),
)
INVALID = (
    Example(
        "{% set text = messages[0].content|selectattr('text', 'defined')|map(attribute='text')|join('')|trim %}"
        "{{ text }}",
        targets=("llama.cpp-engine",),
        fixed="{% set text %}{% for item in (messages[0].content or []) if item.text is defined %}{{ item.text }}"
        "{% endfor %}{% endset %}{% set text = text|trim %}{{ text }}",
    ),
    Example(
        "{% for m in messages if m.content is not string %}"
        "{{ m.content|selectattr('text', 'defined')|map(attribute='text')|join }}{% endfor %}",
        targets=("llama.cpp-engine",),
        fixed="{% for m in messages if m.content is not string %}"
        "{{ m.content|map(attribute='text', default='')|join }}{% endfor %}",
    ),
    Example("{{ messages|selectattr('tool_calls', 'defined')|list|length }}", targets=("llama.cpp-engine",)),
    Example(
        "{% for m in messages|rejectattr('tool_calls', 'defined') %}{{ m.role }}{% endfor %}",
        targets=("llama.cpp-engine",),
        fixed="{% for m in messages if m.tool_calls is not defined %}{{ m.role }}{% endfor %}",
    ),
)
