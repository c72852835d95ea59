"""Tests with an argument.

What it does
------------
Finds ``is divisibleby(2)``, ``is eq(1)``, ``is in [1]`` and the like where a target cannot read them.

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

from portable_tpl.rules._base import Example, Look

CODE = "PTL402"
_WITH_BRACKETS = re.compile(r"\bis\s+(?:not\s+)?[\w.]+\s*\(")


def _test(node: nodes.Test, look: Look) -> None:
    if not node.args:
        return
    plain, bare = f"test.{node.name}", f"test.{node.name}.bare"
    if look.breaks(plain) or look.breaks(bare):
        look.use(plain if _WITH_BRACKETS.search(look.parsed.source(node)) else bare, node)


VISITS = {nodes.Test: _test}
VALID = (Example("{% if messages|length is divisibleby(2) %}x{% endif %}", targets=("minijinja",)),)
INVALID = (
    Example(
        "{% if messages|length is divisibleby(2) %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% if messages|length % 2 == 0 %}x{% endif %}",
    ),
)
