"""Parts of loop that an engine does not have.

What it does
------------
Finds ``loop.cycle``, ``loop.changed``, ``loop.depth`` and the like where a target has no such part.

Why it breaks
-------------
A part that is missing is undefined: it prints nothing, and to call it is an error.

Example
-------
``{{ loop.cycle('a', 'b') }}`` is ``{{ ['a', 'b'][loop.index0 % 2] }}``.

Fix safety
----------
No fix is offered yet.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.rules._base import Example, Look

CODE = "PTL505"


def _attribute(node: nodes.Getattr, look: Look) -> None:
    if isinstance(node.node, nodes.Name) and node.node.name == "loop":
        look.use(f"loop.{node.attr}", node)


VISITS = {nodes.Getattr: _attribute}
VALID = (Example("{% for m in messages %}{{ loop.index }}{% endfor %}", targets=("hf-jinja",)),)
INVALID = (Example("{% for m in messages %}{{ loop.cycle('a', 'b') }}{% endfor %}", targets=("hf-jinja",)),)
