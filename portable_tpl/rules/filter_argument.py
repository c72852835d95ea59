"""Arguments of filters that an engine does not take.

What it does
------------
Finds arguments of filters, by place or by name, that a target does not know. (``tojson`` has a rule of its own.)

Why it breaks
-------------
Engines take fewer arguments than jinja2, or other names for them; some fail, some take no notice.

Example
-------
``{{ text|replace('a', 'b', 1) }}``

Fix safety
----------
Safe where the same argument can be given in another form that the targets take.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.constants import is_harmless
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.expressions import edits
from portable_tpl.support.spelling import constant, filter_features

CODE = "PTL302"
# Arguments after the usual ones, by their place.
_BY_PLACE = {
    "batch": ("", "second"),
    "dictsort": ("first", "second", "third"),
    "int": ("default", "base"),
    "float": ("default",),
    "indent": ("", "first", "blank"),
    "join": ("", "attribute"),
    "round": ("", "method"),
    "sort": ("first", "second", "third"),
    "sum": ("attribute",),
    "trim": ("chars",),
    "unique": ("case", "attribute"),
    "replace": ("", "", "count"),
    "reject": ("", "argument"),
    "select": ("", "argument"),
}
_BY_NAME = {"case_sensitive": "case", "fill_with": "fill", "d": "keyword", "default_value": "keyword"}


def _filter(node: nodes.Filter, look: Look) -> None:
    name = node.name
    for form in filter_features(node, look.parsed):
        look.use(form, node)
    if name == "tojson":
        return
    if name == "dictsort" and look.breaks("filter.dictsort.as-list") and _is_listed(node, look):
        look.use("filter.dictsort.as-list", node)
    if node.args or node.kwargs:
        for variant in _default(node) if name in ("default", "d") else _variants(node):
            feature = FeatureId.of("filter", "default" if name == "d" else name, variant)
            look.use(feature, node, lambda: _by_place(node, look))
            if node.node is not None and not is_harmless(name, look.type(node.node)):
                look.use_by_kind(feature, look.kinds(node.node), node)
    elif name in ("default", "d"):
        look.use("filter.default.empty", node)
    elif name in ("select", "reject", "indent"):
        look.use(f"filter.{name}.empty", node)


def _is_listed(node: nodes.Filter, look: Look) -> bool:
    """Whether more is made of pairs in order than a loop over names for both, or a question for their number."""
    parent = look.parent(node)
    if isinstance(parent, nodes.For):
        return not isinstance(parent.target, nodes.Tuple)
    if isinstance(parent, nodes.Filter):
        return parent.name not in ("length", "count")
    return isinstance(parent, nodes.Getitem) and parent.node is node


def _default(node: nodes.Filter) -> Iterator[str]:
    if node.args and isinstance(node.args[0], (nodes.List, nodes.Dict)):
        yield "list" if isinstance(node.args[0], nodes.List) else "dict"
    if len(node.args) > 1:
        yield "boolean-false" if constant(node.args[1]) is False else "boolean"
    for keyword in node.kwargs:
        yield "boolean-keyword" if keyword.key == "boolean" else "keyword"


def _variants(node: nodes.Filter) -> Iterator[str]:
    name = node.name
    if name == "format":
        if node.kwargs:
            yield "keyword"
        pattern = constant(node.node)
        if isinstance(pattern, str) and pattern.count("%s") < pattern.count("%"):
            yield "spec"
        return
    if name == "map":
        yield from _map(node)
        return
    if name in ("selectattr", "rejectattr") and len(node.args) == 1:
        yield "truth"
    if name == "indent" and node.args and isinstance(constant(node.args[0]), str):
        yield "text"
    places = _BY_PLACE.get(name, ())
    for variant in places[: len(node.args)]:
        if variant:
            yield variant
    for keyword in node.kwargs:
        if keyword.key == "attribute" and "." in str(constant(keyword.value)):
            yield "path"
        yield _BY_NAME.get(str(keyword.key), str(keyword.key))


def _by_place(node: nodes.Filter, look: Look) -> Fix | None:
    """``default(x, boolean=true)`` and ``default(default_value=x)`` with arguments by place."""
    order = {"default": ("default_value", "boolean"), "d": ("default_value", "boolean")}.get(node.name, ())
    names = [keyword.key for keyword in node.kwargs]
    if not names or tuple(names) != order[len(node.args) : len(node.args) + len(names)]:
        return None
    changes = []
    for keyword in node.kwargs:
        start = look.parsed.span(keyword).start
        changes.append((start, look.parsed.span(keyword.value).start, ""))
    return edits("Give the argument by place", Safety.SAFE, *changes)


def _map(node: nodes.Filter) -> Iterator[str]:
    for keyword in node.kwargs:
        if keyword.key == "default":
            yield "default"
        elif keyword.key == "attribute":
            path = constant(keyword.value)
            if isinstance(path, int):
                yield "index"
            elif isinstance(path, str) and "." in path:
                yield "path"


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages[0].content|replace('a', 'b') }}", targets=("minijinja", "hf-jinja")),)
INVALID = (
    Example("{{ messages[0].content|replace('a', 'b', 1) }}", targets=("minijinja@3.0.5",)),
    Example(
        "{{ messages[0].nope|default('x', boolean=true) }}",
        targets=("minijinja",),
        fixed="{{ messages[0].nope|default('x', true) }}",
    ),
)
