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
Safe for a ``continue`` at the end of an ``if`` right in a loop: what follows goes into its ``else``. Elsewhere no fix
is offered.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.rewriting.expressions import edits

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


def _in_else(node: nodes.Break | nodes.Continue, look: Look) -> Fix | None:
    """``{% else %}`` for ``{% continue %}{% endif %}``, and the ``{% endif %}`` at the end of the loop."""
    branch = look.parent(node)
    loop = None if branch is None else look.parent(branch)
    if not isinstance(node, nodes.Continue) or not isinstance(branch, nodes.If) or not isinstance(loop, nodes.For):
        return None
    if branch.body[-1] is not node or branch.elif_ or branch.else_ or loop.else_ or branch not in loop.body:
        return None
    text = look.parsed.text
    start, end = look.parsed.span(node).start, look.parsed.span(branch).end
    last = text.rindex("{%", start, look.parsed.span(loop).end)
    opening, closing, left = text[start + 2], text[end - 3], text[last + 2]
    if "+" in (opening, closing, left):
        return None
    before, after, outer = (mark if mark == "-" else "" for mark in (opening, closing, left))
    return edits(
        "Put what follows into an else",
        Safety.SAFE,
        (start, end, f"{{%{before} else {after}%}}"),
        (last, last, f"{{%{outer} endif %}}"),
    )


FIX = _in_else
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
        fixed="{% for m in messages %}a{% if m.role == 'user' %}{% else %}b{% endif %}{% endfor %}",
    ),
    Example(
        "{% for m in messages %}{% if m.role == 'user' %}a{% continue %}{% endif %}b{% endfor %}",
        targets=("llama.cpp-engine",),
        fixed="{% for m in messages %}{% if m.role == 'user' %}a{% else %}b{% endif %}{% endfor %}",
    ),
    Example(
        "{% for m in messages %}\n {%- if m.role == 'user' %}\na\n{%- continue %}\n {% endif -%}\n b\n{%- endfor %}",
        targets=("llama.cpp-engine",),
        fixed="{% for m in messages %}\n {%- if m.role == 'user' %}\na\n{%- else -%}\n b\n{%- endif %}{%- endfor %}",
    ),
)
