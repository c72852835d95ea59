"""Tests with an argument.

What it does
------------
Finds ``is divisibleby(2)``, ``is divisibleby 2``, ``is eq(1)``, ``is in [1]``, ``is string()`` and the like where a
target cannot read them.

Why it breaks
-------------
Some engines know tests without arguments only, and do not load the template.

Example
-------
``{% if loop.index is divisibleby(2) %}`` is ``{% if loop.index % 2 == 0 %}``.

Fix safety
----------
Safe: the operator says the same.
"""

from __future__ import annotations

import re

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.calls import comparisons, sign_of
from portable_tpl.rewriting.expressions import Level, operand, replace
from portable_tpl.support.spelling import test_features

CODE = "PTL402"


def _test(node: nodes.Test, look: Look) -> None:
    def fix() -> Fix | None:
        return _operator(node, look)

    forms = tuple(test_features(node, look.parsed))
    if node.args or node.kwargs:
        # Where the form that stands here is known to work, it does not matter that another one does not.
        bare = FeatureId.of("test", node.name, "bare")
        look.use(FeatureId.of("test", node.name), node, fix, unless=bare if bare in forms else None)
    for form in forms:
        look.use(form, node, fix)
    for operator, left, right in comparisons(node):
        if operator in ("eq", "ne"):
            look.use_by_pair("test.eq", look.brief(left), look.brief(right), node)


def _operator(node: nodes.Test, look: Look) -> Fix | None:
    if node.args is None or len(node.args) != 1:
        return None
    parent = look.parent(node)
    negated = isinstance(parent, nodes.Not) and re.match(r"\s*is\s+not\b", _after(node, look)) is not None
    sign = sign_of(node.name, negated)
    if node.name == "divisibleby":
        left, right = (operand(each, look, Level.POWER) for each in (node.node, node.args[0]))
        text = f"{left} % {right} {'!=' if negated else '=='} 0"
    elif sign is not None:
        text = f"{operand(node.node, look, Level.SUM)} {sign} {operand(node.args[0], look, Level.SUM)}"
    else:
        return None
    whole: nodes.Expr = parent if negated and isinstance(parent, nodes.Not) else node
    return replace(whole, text, Level.COMPARISON, look, "Use the operator")


def _after(node: nodes.Test, look: Look) -> str:
    """The template from the end of what is tested."""
    return look.parsed.text[look.parsed.span(node.node).end :].lstrip(" )\t\n")


VISITS = {nodes.Test: _test}
VALID = (Example("{% if messages|length is divisibleby(2) %}x{% endif %}", targets=("minijinja",)),)
INVALID = (
    Example(
        "{% if messages|length is divisibleby(2) %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% if messages|length % 2 == 0 %}x{% endif %}",
    ),
    Example(
        "{% if messages[0].role is not eq 'user' %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% if messages[0].role != 'user' %}x{% endif %}",
    ),
    Example("{% if messages is sameas tools %}x{% endif %}", targets=("minja-engine",)),
)
