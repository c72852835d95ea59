"""Methods that print something else than in Python.

What it does
------------
Finds methods whose result depends on the text in a way that engines see differently: the case of letters, words,
white space of other scripts, an index or a number of characters.

Why it breaks
-------------
The engine has the method, and it is a little different: ``"they're".title()`` is ``They'Re`` in Python and
``They're`` in minijinja; upper case of ``ß``, or what counts as white space, depends on the library.

Example
-------
``{{ message.role.title() }}``

Fix safety
----------
Safe where a filter says the same on the reference and the targets agree on it; otherwise no fix is offered.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import MethodCall, compared_with, emptiness_asked, method_call, text_kinds
from portable_tpl.rewriting.methods import rewrite
from portable_tpl.support.spelling import constant

CODE = "PTL103"
_STRIPS = ("strip", "lstrip", "rstrip")
_MINUS_ONE_OR_ZERO = (-1, 0)


def _call(node: nodes.Call, look: Look) -> None:
    call = method_call(node, look)
    if call is None or "str" not in call.types or (look.breaks(f"method.str.{call.name}") and not call.kinds):
        return
    name = call.name
    if name == "split":
        if node.args:
            name = _split_part(node, look)
        else:
            return
    elif name in _STRIPS and node.args:
        return
    elif name == "find":
        comparison = compared_with(node, look)
        if comparison is not None and constant(comparison[1]) in _MINUS_ONE_OR_ZERO:
            name = "find.as-test"
    if name in _STRIPS and emptiness_asked(node, look):
        look.least = Tier.EXTENDED  # it takes text of nothing but odd spaces
    look.use_by_kind(f"method.str.{name}", text_kinds(call.kinds), node, lambda: _better(node, call, look))
    look.least = Tier.ORDINARY


def _better(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    """The filter of the same name, where the targets agree on it more than on the method."""
    name = "trim" if call.name == "strip" else call.name
    broken = look.families.get(f"filter.{name}", {})
    return None if any(kind in broken for kind in call.kinds) else rewrite(node, call, look)


def _split_part(node: nodes.Call, look: Look) -> str:
    parent = look.parent(node)
    if isinstance(parent, nodes.Getitem) and parent.node is node:
        return {0: "split.first", -1: "split.last"}.get(constant(parent.arg), "split")  # type: ignore[call-overload, no-any-return]
    return "split"


VISITS = {nodes.Call: _call}
VALID = (Example("{{ messages[0].content.upper() }}", targets=("minijinja",)),)
INVALID = (Example("{{ messages[0].content.title() }}", targets=("minijinja",)),)
