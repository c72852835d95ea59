"""Output that break and continue throw away.

What it does
------------
Finds ``{% break %}`` and ``{% continue %}`` after something was printed in the same turn of the loop.

Why it breaks
-------------
In some engines a statement gives its output when it ends; one that is left by ``break`` or ``continue`` gives none.
@huggingface/jinja loses all that the turn has printed, llama.cpp what the innermost block has.

Example
-------
``{% for m in messages %}{{ m.content }}{% if m.last %}{% break %}{% endif %}{% endfor %}``

Fix safety
----------
No fix is offered: put the ``if`` around what follows instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look

CODE = "PTL502"
_PRINTS = (nodes.Output, nodes.For, nodes.CallBlock, nodes.FilterBlock, nodes.If)


def _jump(node: nodes.Break | nodes.Continue, look: Look) -> None:
    name = "break" if isinstance(node, nodes.Break) else "continue"
    if not (look.breaks(f"statement.{name}.after-output") or look.breaks(f"statement.{name}.after-output-in-block")):
        return
    inner = True
    child: nodes.Node = node
    parent = look.parent(node)
    while parent is not None:
        if _printed_before(child, parent, look):
            look.use(f"statement.{name}.{'after-output-in-block' if inner else 'after-output'}", node)
        if isinstance(parent, nodes.For):
            return
        inner = inner and isinstance(parent, nodes.Template)
        child, parent = parent, look.parent(parent)


def _printed_before(child: nodes.Node, parent: nodes.Node, look: Look) -> bool:
    """Whether a statement before ``child``, in the same body of ``parent``, can have printed something."""
    for body in (getattr(parent, "body", None), getattr(parent, "else_", None)):
        if isinstance(body, list) and any(item is child for item in body):
            return any(_prints(item, look) for item in _before(body, child))
    return False


def _before(body: Sequence[nodes.Node], child: nodes.Node) -> Sequence[nodes.Node]:
    return body[: next(index for index, item in enumerate(body) if item is child)]


def _prints(node: nodes.Node, look: Look) -> bool:
    if isinstance(node, nodes.Output):
        return look.types.reachable(node) and any(
            not isinstance(child, nodes.TemplateData) or child.data for child in node.nodes
        )
    if isinstance(node, _PRINTS):
        return any(_prints(child, look) for child in node.find_all(nodes.Output))
    return False


VISITS = {nodes.Break: _jump, nodes.Continue: _jump}
VALID = (
    Example(
        "{% for m in messages %}{% if m.role == 'x' %}{% continue %}{% endif %}a{% endfor %}", targets=("hf-jinja",)
    ),
    Example(
        "{% for m in messages %}a{% if m.role == 'user' %}{% continue %}{% endif %}b{% endfor %}",
        targets=("llama.cpp-engine",),
    ),
)
INVALID = (
    Example(
        "{% for m in messages %}a{% if m.role == 'user' %}{% continue %}{% endif %}b{% endfor %}",
        targets=("hf-jinja",),
    ),
    Example(
        "{% for m in messages %}{% if m.role == 'user' %}a{% continue %}{% endif %}b{% endfor %}",
        targets=("llama.cpp-engine",),
    ),
)
