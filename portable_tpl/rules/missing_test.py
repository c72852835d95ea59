"""Tests that an engine does not have.

What it does
------------
Finds ``is …`` with tests that a target does not have.

Why it breaks
-------------
Each engine has its own list of tests; one that is missing is an error when it is reached.

Example
-------
``{% if x is callable %}``

Fix safety
----------
Safe where another form says the same (``is eq(x)`` is ``== x``).
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look

CODE = "PTL401"


def _test(node: nodes.Test, look: Look) -> None:
    if not node.args:
        look.use(f"test.{node.name}", node)


VISITS = {nodes.Test: _test}
VALID = (Example("{% if messages is defined and messages is not none %}x{% endif %}", targets=("hf-jinja",)),)
INVALID = (Example("{% if messages[0].content is float %}x{% endif %}", targets=("hf-jinja",)),)
