"""Markup in JSON text that an engine escapes.

What it does
------------
Finds ``tojson`` of values that can hold ``<``, ``>``, ``&`` or ``'``, or text in another script, for targets
that write such characters as ``\\u003c`` or otherwise.

Why it breaks
-------------
``tojson`` was made for HTML: jinja2's own and minijinja's escape these four characters. The reference's does
not, so that a tool's description "the user's city" gives other tokens.

Example
-------
``{{ tools|tojson }}``

Fix safety
----------
Safe for markup: ``replace`` takes the escapes back, and changes nothing where there are none; where the escapes are
an error, a macro does that. It is for templates that must do without a ``tojson`` of the deployment's own; see
``provided`` in the configuration.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.inner_kinds import leaf_kinds
from portable_tpl.rewriting.calls import as_condition, compared_with
from portable_tpl.rewriting.helper_macros import JSON, UNDO
from portable_tpl.rewriting.json import is_undone, plain_json
from portable_tpl.support.spelling import constant

CODE = "PTL305"
_TEXT = ("html", "plain", "word", "empty", "spaced", "lines", "unicode", "unicode-spaced", "markup")
_MARKUP = ("html", "markup")
_JSON_TEXT = JSON.definition(JSON.name)


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name == "tojson" and (as_condition(node, look) or _is_compared_with_json(node, look)):
        return  # JSON is never empty, and two texts of it are equal or not, however they are written
    if node.name == "tojson" and node.node is not None and "filter.tojson" in look.families:
        kinds = tuple(kind for kind in leaf_kinds(look.type(node.node)) if kind in _TEXT)
        if "html" in kinds and is_undone(node, look):
            kinds = tuple(kind for kind in kinds if kind not in _MARKUP)
        look.use_by_kind("filter.tojson", kinds, node, lambda: plain_json(node, look))
    elif node.name == "map" and node.node is not None and node.args and constant(node.args[0]) == "tojson":
        inside = look.type(node.node).shape
        if inside is not None:
            look.use_by_kind(
                "filter.tojson", tuple(kind for kind in leaf_kinds(inside.element) if kind in _TEXT), node
            )


def _is_compared_with_json(node: nodes.Filter, look: Look) -> bool:
    comparison = compared_with(node, look)
    return (
        comparison is not None
        and comparison[0] in ("eq", "ne")
        and isinstance(comparison[1], nodes.Filter)
        and comparison[1].name == "tojson"
        and (comparison[1].args, comparison[1].kwargs) == (node.args, node.kwargs)
    )


VISITS = {nodes.Filter: _filter}
VALID = (
    Example("{{ messages[0]|tojson == messages[-1]|tojson }}", targets=("minijinja",)),
    Example("{{ messages|length|tojson }}", targets=("minijinja",)),
    Example("{{ tools|tojson }}", targets=("hf-jinja",)),
)
INVALID = (
    Example("{{ tools|tojson }}", targets=("minijinja",), fixed="{{ tools|tojson" + UNDO + " }}"),
    Example("{{ tools|tojson }}", targets=("minijinja-strict",), fixed=_JSON_TEXT + "{{ json_text(tools) }}"),
    Example("{{ tools|tojson(sort_keys=true) }}", targets=("minijinja",)),
    Example("{{ tools|map('tojson')|join('\\n') if tools }}", targets=("minijinja",)),
)
