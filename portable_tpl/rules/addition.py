"""Sums that an engine makes otherwise.

What it does
------------
Finds ``+`` between kinds of values for which an engine has no sum, or another one.

Why it breaks
-------------
Lists are not joined everywhere, nor is a boolean a number everywhere. And where text was marked as ``safe``, jinja2
escapes the text that is added to it; engines without such marks do not.

Example
-------
``{% set items = items + [x] %}``

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.kinds import Kinds

CODE = "PTL207"
_LISTS = frozenset({"list", "empty-list"})


def _sum(node: nodes.Add, look: Look) -> None:
    if "add" in look.families:
        left, right = look.kinds(node.left), look.kinds(node.right)
        if "markup" in left or "markup" in right:
            # Safe text escapes what is added to it: then it matters what is in the text.
            look.use_by_pair("add", left, right, node)
        else:
            look.use_by_pair("add", _kinds(node.left, look), _kinds(node.right, look), node)


def _kinds(node: nodes.Node, look: Look) -> Kinds:
    return tuple(
        dict.fromkeys("list" if kind in _LISTS else "plain" if kind == "empty" else kind for kind in look.brief(node))
    )


VISITS = {nodes.Add: _sum}
VALID = (Example("{{ 'a' + messages[0].content }}", targets=("minijinja", "hf-jinja", "llama.cpp-engine")),)
INVALID: tuple[Example, ...] = ()
