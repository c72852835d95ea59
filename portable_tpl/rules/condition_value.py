"""Values whose truth an engine sees otherwise.

What it does
------------
Finds conditions on kinds of values that are true in one engine and false in another; and values of ``and``, ``or``
and ``if`` without ``else`` where they are printed, compared or passed on.

Why it breaks
-------------
A namespace is always true in the reference and false or an error elsewhere; so are macros and functions. An ``if``
without ``else`` gives an undefined value, which not every engine can join to text.

Example
-------
``{% if namespace_object %}``

Fix safety
----------
Safe for a key that has the name of a method: ``schema['items']`` becomes ``schema.get('items')``, if both branches
print the same where the key is absent. Nothing is offered elsewhere.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.rewriting.calls import as_condition, reads_of
from portable_tpl.rewriting.mapping import by_get
from portable_tpl.support.spelling import condition_features
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL211"
_LOGIC = (nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Test)


def _statement(node: nodes.If, look: Look) -> None:
    _truth(node.test, look)


def _loop(node: nodes.For, look: Look) -> None:
    if node.test is not None:
        _truth(node.test, look)


def _truth(node: nodes.Node, look: Look) -> None:
    """The leaves of a condition; what ``and``, ``or`` and ``not`` hold is looked at where these are visited."""
    if "truthy" in look.families and not isinstance(node, _LOGIC):
        look.use_by_kind("truthy", look.kinds(node), node, lambda: by_get(node, look))


def _not(node: nodes.Not, look: Look) -> None:
    if "not" in look.families and not isinstance(node.node, _LOGIC):
        look.use_by_kind("not", look.kinds(node.node), node)


def _choice(node: nodes.And | nodes.Or, look: Look) -> None:
    name = "and" if isinstance(node, nodes.And) else "or"
    _truth(node.left, look)
    reads = reads_of(node, look)  # under a name, what matters is what is asked of that
    if reads is not None and all(as_condition(read, look) for read in reads):
        _truth(node.right, look)
    elif look.type(node).bits & k.ALL_KINDS & ~k.BOOL:  # the value is seen: it is one of the operands
        look.use_by_kind(f"{name}.value", look.brief(node.left), node)
        look.use(f"{name}.value", node)


def _conditional(node: nodes.CondExpr, look: Look) -> None:
    _truth(node.test, look)
    for feature in condition_features(node, look.parsed):
        look.use(feature, node)


VISITS = {
    nodes.If: _statement,
    nodes.For: _loop,
    nodes.Not: _not,
    nodes.And: _choice,
    nodes.Or: _choice,
    nodes.CondExpr: _conditional,
}
VALID = (
    Example("{% if messages and not tools %}x{% endif %}", targets=("hf-jinja", "llama.cpp-engine")),
    Example("{{ 'x' if messages and (tools or documents) else 'y' }}", targets=("mistral.rs", "minja-engine")),
)
INVALID = (
    Example("{% set ns = namespace() %}{% if ns %}x{% endif %}", targets=("minijinja",)),
    Example("{{ messages[0].role and messages[0].content }}", targets=("mistral.rs", "minja-engine")),
    Example(
        "{% set p = {'type': 'array'} %}{% if p['items'] %}{% endif %}",
        targets=("llama.cpp-engine",),
        fixed="{% set p = {'type': 'array'} %}{% if p.get('items') %}{% endif %}",
    ),
)
