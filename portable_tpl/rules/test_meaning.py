"""Tests that an engine answers otherwise.

What it does
------------
Finds tests on kinds of values for which a target gives another answer: ``none is iterable``, text ``is sequence``,
``true is number``.

Why it breaks
-------------
What counts as a sequence or as iterable is Python's business: text and mappings do, ``none`` does not. minijinja says
the opposite of all three.

Example
-------
``{% if tools is iterable and tools|length > 0 %}`` fails without tools in minijinja; ``{% if tools %}`` works.

Fix safety
----------
Safe: the idiom above becomes ``{% if tools %}``; elsewhere another test that answers alike for all values that can
arrive, or the same one with the kinds of values named that engines do not agree on.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.kinds import kinds_of
from portable_tpl.checking.visibility import visible_kinds
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.test_rewrites import rewrite
from portable_tpl.support.spelling import is_negated

CODE = "PTL403"


def _test(node: nodes.Test, look: Look) -> None:
    family = FeatureId.of("test", node.name)
    if node.name == "defined" and is_negated(node, look.parsed):
        family = FeatureId.of("test", "defined", "not")
    if family in look.families:
        kinds = kinds_of(look.type(node.node), visible_kinds(node, look))
        look.use_by_kind(family, kinds, node, lambda: rewrite(node, look))


VISITS = {nodes.Test: _test}
_PARTS = "{% for p in m.content %}{{ p.text }}{% endfor %}{% elif m.content is none %}"
VALID = (
    Example(
        "{% for m in messages %}{% if m.content is iterable and m.content is not string %}"
        + _PARTS
        + "null{% endif %}{% endfor %}",
        targets=("hf-jinja",),
    ),
    Example("{% if messages[0].content is string %}x{% endif %}", targets=("minijinja",)),
    Example(
        "{% if messages[0].content is sequence and messages[0].content is not string"
        " and messages[0].content is not mapping %}x{% endif %}",
        targets=("minijinja",),
    ),
)
INVALID = (
    Example(
        "{% for m in messages %}{% if m.notes is string %}{{ m.notes }}{% elif m.notes is iterable %}"
        "{% for p in m.notes %}{{ p.text }}{% endfor %}{% else %}no notes{% endif %}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for m in messages %}{% if m.notes is string %}{{ m.notes }}"
        "{% elif m.notes is undefined or m.notes is iterable %}"
        "{% for p in m.notes %}{{ p.text }}{% endfor %}{% else %}no notes{% endif %}{% endfor %}",
    ),
    Example(
        "{% if tools is iterable %}x{% endif %}",
        targets=("minijinja",),
        fixed="{% if tools is not none %}x{% endif %}",
    ),
    Example(
        "{% if tools is iterable and tools|length > 0 %}x{% endif %}",
        targets=("minijinja",),
        fixed="{% if tools %}x{% endif %}",
    ),
    Example(
        "{% for m in messages %}{% if m.metadata is iterable and m.metadata is mapping %}x{% endif %}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for m in messages %}{% if m.metadata is mapping %}x{% endif %}{% endfor %}",
    ),
    Example(
        "{% if messages[0].content is sequence %}x{% endif %}",
        targets=("minijinja",),
        fixed="{% if messages[0].content is string or messages[0].content is sequence %}x{% endif %}",
    ),
)
