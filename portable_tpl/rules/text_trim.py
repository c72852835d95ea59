"""White space of other scripts at the ends of text.

What it does
------------
Finds ``trim`` on text that can begin or end with white space beyond ASCII.

Why it breaks
-------------
Python strips all that Unicode calls white space (the wide space of Chinese and Japanese, the no-break space);
engines in C++ strip what ASCII has.

Example
-------
``{{ message.content|trim }}``

Fix safety
----------
No fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.conversation import Tier
from portable_tpl.rewriting.calls import emptiness_asked

CODE = "PTL903"
_SPACES = frozenset({"unicode-spaced"})


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name == "trim" and node.node is not None and not node.args:
        if emptiness_asked(node, look):
            look.least = Tier.EXTENDED  # it takes text of nothing but such spaces
        look.use_by_kind("filter.trim", look.kinds(node.node), node, only=_SPACES)
        look.least = Tier.ORDINARY


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages[0].content|trim }}", targets=("hf-jinja", "minijinja")),)
INVALID = (Example("{{ messages[0].content|trim }}", targets=("llama.cpp-engine",)),)
