"""Names that an engine does not read as names.

What it does
------------
Finds attributes that are called like words of the language (``x.in``, ``x.is``, ``x.for``), and names in another
script, and names after a number (``1. name``), where a target cannot read them.

Why it breaks
-------------
Behind a dot any word is a name for jinja2, and a name may hold letters of any script. Engines that know their words
wherever they stand, or ASCII letters only, do not load the template.

Example
-------
``{{ filters.in }}`` is ``{{ filters['in'] }}``.

Fix safety
----------
Safe for attributes: the same key in brackets. No fix is offered for names.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.expressions import edits
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL213"
_OPERATORS = frozenset({"in", "if", "not", "is", "or", "and"})


def _attribute(node: nodes.Getattr, look: Look) -> None:
    if isinstance(node.node, nodes.Const) and not isinstance(node.node.value, (str, bool)):
        look.use("attr.of-number", node)
    feature = "attr.keyword" if node.attr in _OPERATORS else FeatureId.of("name", "reserved", node.attr)
    if not look.use(feature, node) and not node.attr.isascii():
        look.use("name.unicode", node)


def _in_brackets(node: nodes.Node, look: Look) -> Fix | None:
    if not isinstance(node, nodes.Getattr) or not look.type(node.node).only(k.DICT):
        return None
    start, end = look.parsed.span(node.node).end, look.parsed.span(node).end
    text = look.parsed.text[start:end].partition(".")[0]
    return edits("Write the key in brackets", Safety.SAFE, (start, end, f"{text}['{node.attr}']"))


def _template(_node: nodes.Template, look: Look) -> None:
    if look.parsed.text.isascii():
        return  # as nearly all templates
    for node in look.parsed.nodes:
        if isinstance(node, nodes.Name) and not node.name.isascii():
            look.use("name.unicode", node)


FIX = _in_brackets
VISITS = {nodes.Getattr: _attribute, nodes.Template: _template}
VALID = (Example("{{ messages[0].format }}{{ messages[0]['in'] }}", targets=("minja-engine", "minijinja")),)
INVALID = (
    Example("{{ messages[0].in }}", targets=("minja-engine",), fixed="{{ messages[0]['in'] }}"),
    Example("{% set é = 1 %}{{ é }}", targets=("hf-jinja",)),
)
