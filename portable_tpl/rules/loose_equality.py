"""Comparisons that an engine answers otherwise.

What it does
------------
Finds ``==`` and ``!=`` between values of kinds that an engine compares by other rules than Python.

Why it breaks
-------------
In JavaScript ``'' == false`` and ``undefined == null`` are true, and a list is equal only to itself.

Example
-------
``{% if system_message != false %}`` loses an empty system message in @huggingface/jinja.

Fix safety
----------
Safe for ``none``, and for ``true`` and ``false`` where no number can arrive: ``is false`` is strict everywhere. Two
messages are compared as JSON: ``message|tojson == messages[-1]|tojson``. Otherwise ask for the kind first
(``is string``, ``is defined``), or for the length.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.inner_kinds import inner_kinds
from portable_tpl.checking.kinds import Kinds
from portable_tpl.rewriting.calls import comparisons
from portable_tpl.rewriting.equality import strict_or_json

CODE = "PTL204"
_CONTAINERS = frozenset({"list", "dict", "empty-list", "empty-dict", "tuple"})
_DEEP = {"list": "deep-list", "dict": "deep-dict"}


def _comparison(node: nodes.Compare, look: Look) -> None:
    for operator, left, right in comparisons(node):
        if operator in ("eq", "ne") and "eq" in look.families:
            look.use_by_pair("eq", _kinds(left, look), _kinds(right, look), node)


FIX = strict_or_json


def _kinds(node: nodes.Node, look: Look) -> Kinds:
    kinds = look.brief(node)
    if "dict" in kinds or "list" in kinds:
        inside = inner_kinds(look.type(node))
        if not _CONTAINERS.isdisjoint(inside):
            kinds += tuple(deep for kind, deep in _DEEP.items() if kind in kinds)
    return kinds


VISITS = {nodes.Compare: _comparison}
VALID = (Example("{% if messages[0].role == 'user' %}x{% endif %}", targets=("hf-jinja",)),)
INVALID = (
    Example("{% if messages[0].content == [] %}x{% endif %}", targets=("hf-jinja",)),
    Example(
        "{% set s = messages[0].content if tools else false %}{% if s != false %}x{% endif %}",
        targets=("hf-jinja",),
        fixed="{% set s = messages[0].content if tools else false %}{% if s is not false %}x{% endif %}",
    ),
    Example(
        "{% for m in messages %}{% if m == messages[-1] %}x{% endif %}{% endfor %}",
        targets=("hf-jinja",),
        fixed="{% for m in messages %}{% if m|tojson == messages[-1]|tojson %}x{% endif %}{% endfor %}",
    ),
)
