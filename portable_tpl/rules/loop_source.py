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
Safe where only an undefined value breaks: ``(x or [])`` loops over nothing. For text, ask ``is string`` first.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.expressions import Level, operand, replace

CODE = "PTL503"
_NOTHING = ("undefined", "empty")


def _for(node: nodes.For, look: Look) -> None:
    if isinstance(node.iter, nodes.CondExpr):
        look.use("for.condexpr" if node.iter.expr2 is not None else "for.condexpr.no-else", node.iter)
    look.use_by_kind("for", look.kinds(node.iter), node.iter, lambda: _or_nothing(node, look))


def _or_nothing(node: nodes.For, look: Look) -> Fix | None:
    """A loop over what may be undefined or text, which in the reference prints nothing, or a character a turn.

    That nothing is printed for characters, the proof has to show.
    """
    broken = [kind for kind in look.kinds(node.iter) if kind in look.families.get("for", {})]
    nothing = any(kind in _NOTHING for kind in broken)
    text = f"{operand(node.iter, look, Level.AND)} or []" if nothing else operand(node.iter, look, Level.OR)
    if any(kind in TEXT_KINDS and kind not in _NOTHING for kind in broken):
        if not repeatable(node.iter) or not supported(look, "test.string.value", "condexpr", "or.value"):
            return None
        text = f"([] if {operand(node.iter, look)} is string else {text})"
        return replace(node.iter, text, Level.ATOM, look, "Loop over no characters")
    if not nothing:
        return None
    return replace(node.iter, f"({text})", Level.ATOM, look, "Loop over nothing where there is nothing")


VISITS = {nodes.For: _for}
VALID = (Example("{% for m in messages %}x{% endfor %}", targets=("hf-jinja", "llama.cpp-engine", "minijinja")),)
INVALID = (
    Example(
        "{% for c in messages[0].role %}{{ c.text }}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for c in ([] if messages[0].role is string else messages[0].role) %}{{ c.text }}{% endfor %}",
    ),
)
