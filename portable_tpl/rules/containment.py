"""Containment that an engine answers otherwise.

What it does
------------
Finds ``in`` and ``not in`` on kinds of values for which an engine gives another answer or none.

Why it breaks
-------------
``in`` on an undefined name is false in the reference and an error elsewhere; engines differ on ``none`` in a list, on
numbers in text, and on what ``in`` means for a mapping.

Example
-------
``{% if 'x' in message.nope %}``

Fix safety
----------
Safe where only texts are looked through, keys among them: ``x is string and x in ['a', 'b']``, and where a template
keeps a list of the values that it saw: ``x|default(-1) not in seen``. Elsewhere a value that may be absent is
asked for first: ``x is defined and x in values``.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.support import repeatable, supported, widest
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import comparisons
from portable_tpl.rewriting.expressions import Level, operand, replace
from portable_tpl.rewriting.lists import seen_before
from portable_tpl.rewriting.test_rewrites import text_first
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER

CODE = "PTL206"
_LISTS = (nodes.List, nodes.Tuple)


def _text_first(node: nodes.Compare | nodes.Test, look: Look) -> Fix | None:
    """``x is string and x in ['a', 'b']``, where all that is looked through is text, as the keys of JSON are."""
    if not isinstance(node, nodes.Compare) or len(node.ops) != 1:
        return None
    left, right = node.expr, node.ops[0].expr
    if isinstance(right, _LISTS):
        texts_only = all(isinstance(constant(each), str) for each in right.items)
    else:
        texts_only = _has_text_keys(right, look)
    if not texts_only:
        return None
    return None if isinstance(left, nodes.Const) else text_first(node, left, look, denied=node.ops[0].op == "notin")


def _has_text_keys(node: nodes.Expr, look: Look) -> bool:
    """Whether something is a mapping all of whose keys are text."""
    type_ = widest(look, node)
    fields = None if type_.shape is None else type_.shape.fields
    return type_.only(k.DICT) and fields is not None and all(isinstance(key, str) for key in fields)


def _fix(node: nodes.Compare | nodes.Test, look: Look) -> Fix | None:
    return _text_first(node, look) or seen_before(node, look) or _defined_first(node, look)


def _defined_first(node: nodes.Compare | nodes.Test, look: Look) -> Fix | None:
    """``x is defined and x in values``, where no undefined value is among those."""
    if not isinstance(node, nodes.Compare) or len(node.ops) != 1 or not repeatable(node.expr):
        return None
    values = look.type(node.ops[0].expr)
    element = NEVER if values.shape is None else values.shape.element
    if not values.only(k.LIST | k.TUPLE | k.DICT) or (element.bits & k.UNDEFINED and not values.only(k.DICT)):
        return None
    if "undefined" not in look.kinds(node.expr) or not supported(look, "test.defined.value"):
        return None
    value, rest = operand(node.expr, look), look.parsed.source(node)
    if node.ops[0].op == "notin":
        return replace(node, f"{value} is undefined or {rest}", Level.OR, look, "Ask whether it is defined")
    return replace(node, f"{value} is defined and {rest}", Level.AND, look, "Ask whether it is defined")


FIX = _fix


def _comparison(node: nodes.Compare | nodes.Test, look: Look) -> None:
    for operator, left, right in comparisons(node):
        if operator in ("in", "notin"):
            if "none" in look.kinds(left) and isinstance(right, _LISTS):
                look.use("in.literal-tuple" if isinstance(right, nodes.Tuple) else "in.literal-list", node)
                if any(constant(item) is None for item in right.items):
                    look.use("in.none-in-list", node)
            else:
                look.use_by_pair("in", look.brief(left), look.brief(right), node)


VISITS = {nodes.Compare: _comparison, nodes.Test: _comparison}
_SEEN = (
    "{{% set ns = namespace(ids=[]) %}}{{% for m in messages %}}{{% if m.role == 'tool' and {} not in ns.ids %}}"
    "{{{{ m.content }}}}{{% set ns.ids = ns.ids + [{}] %}}{{% endif %}}{{% endfor %}}"
)
_DEFAULTED = "m.tool_call_id|default(-1)"
VALID = (Example("{% if messages[0].role in ['user', 'tool'] %}x{% endif %}", targets=("hf-jinja", "minijinja")),)
INVALID = (
    Example(
        "{% if messages[0].nickname in ['a'] %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% if messages[0].nickname is string and messages[0].nickname in ['a'] %}x{% endif %}",
    ),
    Example(
        "{% set known = {'a': 1} %}{% if messages[0].nickname in known %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% set known = {'a': 1} %}"
        "{% if messages[0].nickname is string and messages[0].nickname in known %}x{% endif %}",
    ),
    Example(_SEEN.format("m.tool_call_id", "m.tool_call_id"), ("hf-jinja",), _SEEN.format(*2 * (_DEFAULTED,))),
    Example(
        "{% set known = messages|map(attribute='role')|list %}{% if messages[0].nickname in known %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% set known = messages|map(attribute='role')|list %}"
        "{% if messages[0].nickname is defined and messages[0].nickname in known %}x{% endif %}",
    ),
    Example("{% if none in ['a'] %}x{% endif %}", targets=("hf-jinja",)),
)
