"""Dates in formats that an engine does not know.

What it does
------------
Finds directives in ``strftime_now('…')`` that a target leaves as they are or prints otherwise.

Why it breaks
-------------
``strftime_now`` is not Jinja's: each deployment writes its own, with as many directives as its authors thought of.
@huggingface/jinja knows ``%Y %m %d %b %B %H %M``.

Example
-------
``{{ strftime_now('%A, %-d %B') }}``

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

import re

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.support.spelling import constant

CODE = "PTL802"
_DIRECTIVE = re.compile(r"%(-?)(.)", re.DOTALL)


def _call(node: nodes.Call, look: Look) -> None:
    if not isinstance(node.node, nodes.Name) or node.node.name != "strftime_now" or not node.args:
        return
    pattern = constant(node.args[0])
    if isinstance(pattern, str):
        for dash, letter in dict.fromkeys(_DIRECTIVE.findall(pattern)):
            look.use("global.strftime_now.no-padding" if dash else f"global.strftime_now.{letter}", node)


VISITS = {nodes.Call: _call}
VALID = (Example("{{ strftime_now('%Y-%m-%d') }}", targets=("hf-jinja", "llama.cpp-engine", "minijinja")),)
INVALID = (Example("{{ strftime_now('%A') }}", targets=("hf-jinja",)),)
