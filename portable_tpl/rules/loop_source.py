"""Loops over values that an engine does not loop over.

What it does
------------
Finds loops over text, undefined values and others that a target does not take, or takes otherwise.

Why it breaks
-------------
A loop over text runs over its characters in Python; several engines refuse. A loop over an undefined value runs zero
times in jinja2 and is an error elsewhere.

Example
-------
``{% for part in message.content %}`` where the content can be text.

Fix safety
----------
No fix is offered: ask ``is string`` first; for values that may be missing, loop over ``(x or [])``.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.rules._base import Example, Look

CODE = "PTL503"


def _for(node: nodes.For, look: Look) -> None:
    look.use_by_kind("for", look.kinds(node.iter), node.iter)


VISITS = {nodes.For: _for}
VALID = (Example("{% for m in messages %}x{% endfor %}", targets=("hf-jinja", "llama.cpp-engine", "minijinja")),)
INVALID = (Example("{% for c in messages[0].role %}{{ c }}{% endfor %}", targets=("hf-jinja",)),)
