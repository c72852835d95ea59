"""Values joined to text.

What it does
------------
Finds ``~`` with values that are not text and that a target turns into other text, and text made of such values by
``join`` or ``|string``.

Why it breaks
-------------
``~`` prints its operands first, so that all that holds for printing holds here; some engines also refuse ``none`` and
undefined values.

Example
-------
``{{ 'a' ~ none }}``

Fix safety
----------
Safe for booleans, which are named, for what may be undefined, which gets a default, and for lists and mappings, which
a macro writes as Python does. For a value that can be ``none`` nothing in its place is suggested, which changes the
prompt. Otherwise no fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.rewriting.python_text import PYTHON_STR
from portable_tpl.rewriting.spelling import joined_text
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL606"


def _concat(node: nodes.Concat, look: Look) -> None:
    if "concat" not in look.families:
        return
    if "concat.no-text" in look.families:
        _without_text(node, look)
    marked = [child for child in node.nodes if "markup" in look.kinds(child)]
    for child in node.nodes:
        look.use_by_kind("concat", look.kinds(child), child)
        if isinstance(child, nodes.Const) and isinstance(child.value, float) and child.value.is_integer():
            look.use("concat.whole-float", child)
        if marked and child is not marked[0]:
            look.use_by_kind("concat.markup", look.kinds(child), child)


def _without_text(node: nodes.Concat, look: Look) -> None:
    """The operands that are joined to what is no text, which some engines do not turn to text then.

    Only the first two can be: engines join from left to right, and what two give is text.
    """
    first, second = node.nodes[:2]
    for child, beside in ((first, second), (second, first)):
        if look.type(beside).bits & k.ALL_KINDS & ~_TEXT:
            kinds = tuple(kind for kind in look.kinds(child) if kind not in TEXT_KINDS)
            look.use_by_kind("concat.no-text", kinds, child)


_TEXT = k.STR | k.MARKUP


FIX = joined_text
VISITS = {nodes.Concat: _concat}
VALID = (
    Example("{{ 'a' ~ messages[0].content }}", targets=("hf-jinja",)),
    Example("{{ messages|length ~ '/' ~ messages|length }}", targets=("llama.cpp-engine",)),
)
INVALID = (
    Example(
        "{% for m in messages %}{{ m.role ~ m.nickname ~ '.' }}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for m in messages %}{{ m.role ~ m.nickname|default('') ~ '.' }}{% endfor %}",
    ),
    Example("{{ messages|length ~ messages|length ~ '/' }}", targets=("llama.cpp-engine",)),
    Example("{{ ['a'] ~ true ~ '/' }}", targets=("llama.cpp-engine",), fixed="{{ ['a'] ~ 'True' ~ '/' }}"),
    Example(
        "{{ 'a' ~ tools }}",
        targets=("hf-jinja",),
        fixed=PYTHON_STR.definition(PYTHON_STR.name) + "{{ 'a' ~ python_str(tools) }}",
    ),
)
