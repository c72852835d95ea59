"""Upper and lower case of text.

What it does
------------
Finds ``upper``, ``lower``, ``title`` and ``capitalize`` on text for which a target gives another result.

Why it breaks
-------------
Some engines know the case of ASCII letters only. What a word is, and what becomes of the other letters, differs too:
``capitalize`` of ``fOO`` is ``Foo`` in Python and ``FOO`` in JavaScript.

Example
-------
``{{ message.role|capitalize }}`` is portable for roles; of any text it is not.

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.constants import is_harmless, spare_rare
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.rewriting.calls import only_compared

CODE = "PTL902"
_FILTERS = frozenset({"upper", "lower", "title", "capitalize"})
_OTHER_SCRIPTS = frozenset({"unicode", "unicode-spaced"})


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name in _FILTERS:
        if node.node is None:  # of a block: any text
            look.use_by_kind(f"filter.{node.name}", tuple(TEXT_KINDS), node)
            return
        type_ = look.type(node.node)
        if not is_harmless(node.name, type_):
            kinds = look.kinds(node.node)
            if only_compared(node, look):
                kinds = tuple(kind for kind in kinds if kind not in _OTHER_SCRIPTS)
            look.use_by_kind(f"filter.{node.name}", kinds, node, only=TEXT_KINDS, spare=spare_rare(type_))


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages[0].role|upper }}", targets=("hf-jinja", "llama.cpp-engine")),)
INVALID = (Example("{{ messages[0].content|upper }}", targets=("llama.cpp-engine",)),)
