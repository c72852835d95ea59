"""Arguments of methods that an engine does not take.

What it does
------------
Finds arguments of Python methods beyond the usual: characters to strip, the number of splits or replacements, a tuple
of prefixes, format specifications, calls without the argument that engines expect; and methods of mappings that can
have a key of that name.

Why it breaks
-------------
An engine that has the method may know fewer of its arguments. Some fail; others take no notice and print other text:
``@huggingface/jinja`` strips all white space for ``.lstrip('\\n')``, and ``mapping.items()`` fails there where the
mapping has a key ``items``, as the parameters of a tool may.

Example
-------
``{{ content.replace('a', 'b', 1) }}``

Fix safety
----------
Safe where a filter or an operator says the same; otherwise no fix is offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Fix
from portable_tpl.requests.tools import SHADOWING_NAMES
from portable_tpl.rewriting.calls import MethodCall, compared_with, method_call, text_kinds
from portable_tpl.rewriting.methods import rewrite
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL102"
_STRIPS = ("strip", "lstrip", "rstrip")
_AFFIXES = ("startswith", "endswith")
_SPEC = re.compile(r"\{[^{}]*:")
# What a method is called with when it has this many arguments.
_SPECIAL = {
    "startswith": ("start", 2),
    "endswith": ("start", 2),
    "find": ("start", 2),
    "replace": ("count", 3),
    "rsplit": ("maxsplit", 2),
}


def _call(node: nodes.Call, look: Look) -> None:
    call = method_call(node, look)
    if call is None:
        return

    def fix() -> Fix | None:
        return rewrite(node, call, look)

    if "str" in call.types:
        texts = () if _trimmed(node, look) else text_kinds(call.kinds)
        for variant in _text_variants(call.name, node, look):
            look.use(f"method.str.{variant}", node, fix)
            look.use_by_kind(f"method.str.{variant}", texts, node, fix)
        if isinstance(call.receiver, nodes.Filter):
            look.use(f"method.str.{call.name}.on-filter", node)
    if "dict" in call.types:
        if _may_have_key(call, look):
            # A parameter called `items` or `keys` is nothing unusual; one called `values` is.
            look.least = Tier.ORDINARY if call.name in SHADOWING_NAMES else Tier.EXTENDED
            look.use(f"method.dict.{call.name}.shadowed", node, fix)
            look.least = Tier.ORDINARY
        for variant in _mapping_variants(call, node, look):
            look.use(f"method.dict.{variant}", node, fix)


def _may_have_key(call: MethodCall, look: Look) -> bool:
    """Whether the mapping can have a key that is called like the method."""
    shape = look.type(call.receiver).shape
    if shape is None or shape.fields is None:
        return False
    # Where keys are known, those beyond them are what this template alone reads: never called like a method.
    field = shape.fields.get(call.name) if shape.fields else shape.rest
    return field is not None and bool(field.bits & k.ALL_KINDS & ~k.UNDEFINED)


def _trimmed(node: nodes.Call, look: Look) -> bool:
    """Whether all white space goes a step later anyway, so that it does not matter which goes here."""
    parent = look.parent(node)
    if isinstance(parent, nodes.Filter):
        return parent.name == "trim" and not parent.args
    if isinstance(parent, nodes.Getattr) and parent.attr == "strip":
        call = look.parent(parent)
        return isinstance(call, nodes.Call) and not call.args
    return False


def _text_variants(name: str, node: nodes.Call, look: Look) -> Iterator[str]:
    for keyword in node.kwargs:
        yield f"{name}.{'maxsplit-keyword' if keyword.key == 'maxsplit' else 'keyword'}"
    first = constant(node.args[0]) if node.args else nodes
    if name == "format":
        yield from _format_variants(node)
    elif name == "split":
        yield from _split_variants(node, first)
    elif name == "splitlines":
        yield from _lines_variants(node, look)
    elif not node.args:
        return
    elif name in _STRIPS:
        yield f"{name}.newline" if first == "\n" else f"{name}.none" if first is None else f"{name}.chars"
    elif name in _AFFIXES and isinstance(node.args[0], nodes.Tuple):
        yield f"{name}.tuple"
    elif len(node.args) >= _SPECIAL.get(name, ("", 99))[1]:
        yield f"{name}.{_SPECIAL[name][0]}"
    elif first == "" and name in (*_AFFIXES, "replace"):
        yield f"{name}.empty"
    elif first == "\n" and name == "replace":
        yield "replace.newline"


def _split_variants(node: nodes.Call, first: object) -> Iterator[str]:
    if len(node.args) > 1:
        yield "split.maxsplit"
    elif not node.args and not node.kwargs:
        yield "split.no-separator"
    elif first is None:
        yield "split.none"


def _format_variants(node: nodes.Call) -> Iterator[str]:
    assert isinstance(node.node, nodes.Getattr)
    pattern = constant(node.node.node)
    if isinstance(pattern, str):
        if _SPEC.search(pattern):
            yield "format.spec"
        if any(f"{{{digit}" in pattern for digit in "0123456789"):
            yield "format.index"


def _lines_variants(node: nodes.Call, look: Look) -> Iterator[str]:
    if node.args:
        yield "splitlines.keepends"
    if isinstance(node.node, nodes.Getattr) and look.type(node.node.node).bits & k.NON_ASCII:
        yield "splitlines.unicode"


def _mapping_variants(call: MethodCall, node: nodes.Call, look: Look) -> Iterator[str]:
    parent = look.parent(node)
    if call.name == "get":
        yield from _get_variants(node, look)
    elif call.name in ("items", "keys", "values"):
        if isinstance(parent, nodes.Filter):
            yield f"{call.name}.{parent.name}"
        comparison = compared_with(node, look)
        if comparison is not None and comparison[0] in ("in", "notin"):
            yield f"{call.name}.in"


def _get_variants(node: nodes.Call, look: Look) -> Iterator[str]:
    if node.kwargs:
        yield "get.keyword"
    elif len(node.args) < 2:
        yield "get.missing"
        parent = look.parent(node)
        if isinstance(parent, nodes.Test) and parent.name in ("defined", "undefined"):
            yield "get.missing-defined"
    else:
        default = node.args[1]
        if constant(default) is None:
            yield "get.default-none"
        elif isinstance(default, (nodes.List, nodes.Dict)):
            yield "get.default-list"
        else:
            yield "get.default"


VISITS = {nodes.Call: _call}
VALID = (Example("{{ messages[0].content.strip() }}", targets=("minijinja",)),)
INVALID = (Example("{{ messages[0].content.split(sep=',')[0] }}", targets=("minijinja",)),)
