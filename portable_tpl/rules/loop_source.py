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
from portable_tpl.checking.branches import spared_loop
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.lists import or_nothing
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL503"
_NOTHING = ("undefined", "empty")
_ABSENT = ("undefined",)
_CHARACTERS = TEXT_KINDS - {"empty"}


def _for(node: nodes.For, look: Look) -> None:
    if isinstance(node.iter, nodes.CondExpr):
        look.use("for.condexpr" if node.iter.expr2 is not None else "for.condexpr.no-else", node.iter)
    if isinstance(node.test, nodes.CondExpr) and not look.parsed.source(node.test).startswith("("):
        look.use("for.if.condexpr", node.test)
    kinds = look.kinds(node.iter)
    if not look.types.of(node).bits & (k.TEXT_STR | k.TEXT_MARKUP):
        kinds = tuple(kind for kind in kinds if kind not in _CHARACTERS)  # the reference fails with any character
    present = tuple(kind for kind in kinds if kind not in _ABSENT)
    look.use_by_kind("for", present, node.iter, lambda: _fix(node, look))
    if len(present) < len(kinds):
        look.use_by_kind("for", _ABSENT, node.iter, lambda: _fix(node, look), spare=spared_loop(node, look))


def _fix(node: nodes.For, look: Look) -> Fix | None:
    broken = look.families.get("for", {})
    if _prints_each(node) and any(kind in broken for kind in look.kinds(node.iter) if kind in _CHARACTERS):
        return None  # the reference prints something for each character
    return or_nothing(node.iter, look.families.get("for", {}), look, _NOTHING)


def _prints_each(node: nodes.For) -> bool:
    """Whether each turn prints something whatever its item is, or the item itself and not a part of it."""
    item = node.target.name if isinstance(node.target, nodes.Name) else None
    for statement in node.body:
        for each in statement.nodes if isinstance(statement, nodes.Output) else ():
            if isinstance(each, nodes.TemplateData):
                if each.data.strip():
                    return True
                continue
            while isinstance(each, nodes.Filter) and each.node is not None:
                each = each.node
            if isinstance(each, nodes.Name) and each.name in (item, "loop"):
                return True
    return False


VISITS = {nodes.For: _for}
_PARTS = "{% if m.content is iterable and m.content is not string %}{% for p in m.content %}{{ p.text }}{% endfor %}"
VALID = (
    Example("{% for m in messages %}x{% endfor %}", targets=("hf-jinja", "llama.cpp-engine", "minijinja")),
    Example("{% for m in messages %}" + _PARTS + "{% else %}{{ m.content }}{% endif %}{% endfor %}", ("hf-jinja",)),
)
INVALID = (
    Example(
        "{% for m in messages %}{% for p in m.content or [] %}{{ p.text ~ '' }}{% endfor %}{% endfor %}",
        targets=("hf-jinja",),
    ),
    Example("{% for c in messages[0].role %}{{ c }},{% endfor %}", targets=("hf-jinja",)),
    Example(
        "{% for c in messages[0].role %}{{ c.text }}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for c in ([] if messages[0].role is string else messages[0].role) %}{{ c.text }}{% endfor %}",
    ),
)
