"""Text formatted with %.

What it does
------------
Finds ``'%s' % value``.

Why it breaks
-------------
``%`` on text is Python's; in other engines it is the remainder of a division, and an error on text.

Example
-------
``{{ 'Hello %s' % name }}`` is ``{{ 'Hello ' ~ name }}`` everywhere.

Fix safety
----------
Safe where the format has only ``%s``, or ``%d`` for what is a whole number for certain: the pieces are joined
with ``~``.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.template_text import joined, percent_pieces
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL202"


def _modulo(node: nodes.Mod, look: Look) -> None:
    if not look.type(node.left).bits & (k.STR | k.MARKUP):
        return

    def fix() -> Fix | None:
        return _joined(node, look)

    if isinstance(node.right, nodes.Tuple):
        look.use("mod.format.literal-tuple", node, fix)
    elif isinstance(node.right, nodes.Dict):
        look.use("mod.format.dict", node)
    else:
        look.use_by_kind("mod.format", look.kinds(node.right), node, fix)
    pattern = constant(node.left)
    if isinstance(pattern, str) and "%(" not in pattern and pattern.count("%s") < pattern.count("%"):
        look.use("mod.format.spec", node)


def _joined(node: nodes.Mod, look: Look) -> Fix | None:
    pieces = percent_pieces(node, look)
    return None if pieces is None else joined(node, pieces, look)


VISITS = {nodes.Mod: _modulo}
VALID = (Example("{{ 7 % 2 }}"), Example("{{ 'a ' ~ messages[0].content }}"))
INVALID = (
    Example("{{ 'a %s' % messages[0].content }}", fixed="{{ 'a ' ~ messages[0].content }}"),
    Example(
        "{{ '%s-%s' % (messages[0].role, messages[0].content) }}",
        fixed="{{ messages[0].role ~ '-' ~ messages[0].content }}",
    ),
)
