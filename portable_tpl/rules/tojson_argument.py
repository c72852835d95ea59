"""Arguments of tojson that an engine does not take.

What it does
------------
Finds ``ensure_ascii``, ``separators``, ``sort_keys`` and forms of ``indent`` that a target does not take.

Why it breaks
-------------
The reference's ``tojson`` is Python's ``json.dumps`` with its arguments. Engines bring a filter of their own, which
mostly knows ``indent`` only.

Example
-------
``{{ tools|tojson(ensure_ascii=false) }}``

Fix safety
----------
Safe for arguments that only repeat the reference's default, such as ``ensure_ascii=false``: they are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.support.spelling import constant

CODE = "PTL304"


def _filter(node: nodes.Filter, look: Look) -> None:
    if node.name == "tojson":
        for variant in _variants(node):
            look.use(f"filter.tojson.{variant}", node, lambda: _without_defaults(node, look))


def _variants(node: nodes.Filter) -> Iterator[str]:
    if node.args:
        yield "indent.positional" if len(node.args) > 1 else "positional"
    for keyword in _keywords(node):
        value = constant(keyword.value)
        if keyword.key == "indent":
            yield from _indent(value)
        elif keyword.key == "separators" and isinstance(keyword.value, nodes.List):
            yield "separators-list"
        elif keyword.key == "sort_keys" and value is False:
            yield "sort_keys-false"
        else:
            yield keyword.key


_DEFAULTS = {"ensure_ascii": False, "indent": None, "separators": None, "sort_keys": False}


def _without_defaults(node: nodes.Filter, look: Look) -> Fix | None:
    """``tojson`` without the arguments that only say what the reference does anyway."""
    if node.args or node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
        return None
    kept = [keyword for keyword in _keywords(node) if not _is_default(keyword)]
    if len(kept) == len(node.kwargs):
        return None
    arguments = ", ".join(look.parsed.source(keyword) for keyword in kept)
    match = re.compile(r"[\s)]*\|\s*tojson(\s*\()").match(look.parsed.text, look.parsed.span(node.node).end)
    if match is None:
        return None
    end = look.parsed.span(node).end
    text = f"({arguments})" if arguments else ""
    return Fix("Leave out what is the default", Safety.SAFE, (Edit(match.start(1), end, text),))


def _is_default(keyword: nodes.Keyword) -> bool:
    if keyword.key == "separators" and isinstance(keyword.value, (nodes.Tuple, nodes.List)):
        return [constant(item) for item in keyword.value.items] == [", ", ": "]
    return keyword.key in _DEFAULTS and constant(keyword.value) is _DEFAULTS[keyword.key]


def _keywords(node: nodes.Filter) -> list[nodes.Keyword]:
    return cast("list[nodes.Keyword]", node.kwargs)


def _indent(value: object) -> Iterator[str]:
    if value is None:
        yield "indent.none"
    elif isinstance(value, str):
        yield "indent.text"
    else:
        yield "indent.zero" if value == 0 else "indent"
        yield "indent.empty"


VISITS = {nodes.Filter: _filter}
VALID = (Example("{{ messages|tojson(indent=2) }}", targets=("minijinja",)),)
INVALID = (
    Example(
        "{{ tools|tojson(ensure_ascii=false) }}",
        targets=("minijinja",),
        fixed="{{ tools|tojson }}",
    ),
    Example("{{ tools|tojson(sort_keys=true) }}", targets=("minijinja",)),
)
