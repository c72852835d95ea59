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
Safe for ``loop.cycle``, which becomes an index into a list. Otherwise no fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.expressions import Level, replace

CODE = "PTL505"


def _attribute(node: nodes.Getattr, look: Look) -> None:
    if isinstance(node.node, nodes.Name) and node.node.name == "loop":
        look.use(f"loop.{node.attr}", node, lambda: _cycle(node, look))


def _cycle(node: nodes.Getattr, look: Look) -> Fix | None:
    call = look.parent(node)
    if node.attr != "cycle" or not isinstance(call, nodes.Call) or call.kwargs or not call.args:
        return None
    values = ", ".join(look.parsed.source(argument) for argument in call.args)
    text = f"[{values}][loop.index0 % {len(call.args)}]"
    return replace(call, text, Level.ATOM, look, "Take the value by the loop's index")


VISITS = {nodes.Getattr: _attribute}
VALID = (Example("{% for m in messages %}{{ loop.index }}{% endfor %}", targets=("hf-jinja",)),)
INVALID = (
    Example(
        "{% for m in messages %}{{ loop.cycle('a', 'b') }}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for m in messages %}{{ ['a', 'b'][loop.index0 % 2] }}{% endfor %}",
    ),
)
