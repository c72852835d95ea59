"""Literals that an engine does not read.

What it does
------------
Finds numbers such as ``1e20`` and ``1_000``, escapes such as ``'\\x41'``, tuples, and mappings whose keys are
not text, where an engine cannot read them or reads something else.

Why it breaks
-------------
Literals are read by each engine's own lexer. One that does not know a form does not load the template, or takes
it for other text.

Example
-------
``{{ '\\x41' }}`` stops llama.cpp at its start; ``{{ 'A' }}`` does not.

Fix safety
----------
Safe: the same value in a form that every engine reads. Characters that cannot be written, and values that an engine
does not have, stay.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.checking.constants import is_plain_float
from portable_tpl.checking.inner_kinds import leaf_kinds
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.model.ids import FeatureId
from portable_tpl.rewriting.calls import only_looked_up
from portable_tpl.rewriting.literals import plain_literal
from portable_tpl.rewriting.printing import inside_of
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL210"
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NAMES = {
    "x": "escape-x",
    "u": "escape-u",
    "U": "escape-U",
    "N": "escape-name",
    "/": "escape-slash",
    "\n": "continued",
    "\\": "backslash",
    "n": "newline-escape",
    "t": "newline-escape",
    "r": "carriage-return",
    "'": "quote-escape",
    '"': "quote-escape",
    "b": "escape-b",
    "f": "escape-f",
    "v": "escape-v",
    "a": "escape-a",
}


def _constant(node: nodes.Const, look: Look) -> None:
    value = node.value
    if isinstance(value, str):
        source = _token_text(node, look)
        if source is None or not value.isascii() or "\\" in source or "\n" in source:
            _text(node, value, look, source)
    elif isinstance(value, float):
        source = look.parsed.source(node).lower()
        look.use("literal.float.underscore" if "_" in source else _float(source, value), node)
    elif isinstance(value, int) and not isinstance(value, bool):
        if look.breaks("literal.int.leading-zero") and look.parsed.source(node).startswith("00"):
            look.use("literal.int.leading-zero", node)
        token = look.parsed.lexed.tokens[look.parsed.anchors[node]]
        if token.end - token.start > 1 and not look.parsed.source(node).isdigit():
            source = look.parsed.source(node)
            look.use("literal.int.underscore" if "_" in source else "literal.int.hex", node)
        if value > 1 << 53:
            look.use("literal.int.past-2^53" if value < 1 << 63 else "literal.int.past-2^63", node)


def _computed(node: nodes.BinExpr, look: Look) -> None:
    """A number that is computed of literals, with more digits than every engine prints."""
    left, right = constant(node.left), constant(node.right)
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        value = _OPERATIONS[node.__class__](left, right)
        if isinstance(value, float) and not is_plain_float(value):
            look.use("literal.float.sum", node)


_OPERATIONS: dict[type[nodes.Node], Callable[[float, float], float]] = {
    nodes.Add: operator.add,
    nodes.Sub: operator.sub,
}


def _token_text(node: nodes.Const, look: Look) -> str | None:
    """The source of a text that is one token, told without asking for its span; ``None`` where it is not."""
    lexed = look.parsed.lexed
    at = look.parsed.anchors.get(node)
    if at is None or lexed.carriage_returns:
        return None
    token = lexed.tokens[at]
    if lexed.tokens[at + 1].type == "string":
        return None
    return lexed.source[token.start : token.end]


def _float(source: str, value: float) -> str:
    if "e" in source:
        if value >= 1e16:
            return "literal.float.big"
        return "literal.float.exponent" if value == int(value) else "literal.float.exponent-fraction"
    return "literal.float.whole" if value == int(value) else "literal.float"


def _text(node: nodes.Const, value: str, look: Look, token: str | None) -> None:
    source = look.parsed.source(node) if token is None else token
    for escape in dict.fromkeys(_ESCAPE.findall(source)):
        if escape.isdigit():
            look.use("literal.text.escape-zero" if "\\0" in source else "literal.text.escape-octal", node)
        else:
            look.use(f"literal.text.{_NAMES.get(escape, 'escape-unknown')}", node)
        if escape in "{<}>%#":
            look.use("literal.text.escape-braces", node)
    if not value.isascii():
        look.use("literal.text.unicode", node)
    if "\n" in source:
        look.use("literal.text.line-break", node)
    at = look.parsed.anchors.get(node)
    if token is None and at is not None and look.parsed.lexed.tokens[at + 1].type == "string":
        look.use("literal.text.joined", node)


def _tuple(node: nodes.Tuple, look: Look) -> None:
    if node.ctx != "load":
        return
    if look.parsed.lexed.tokens[look.parsed.anchors[node]].type == "lbracket":
        look.use("item.tuple", node)  # `x[a, b]`
        return
    source = look.parsed.source(node)
    if not source.startswith("("):
        if isinstance(look.parent(node), nodes.Output):
            look.use("literal.tuple.bare", node)
        elif isinstance(look.parent(node), nodes.For):
            look.use("for.bare-tuple", node)
    elif not node.items:
        look.use("literal.tuple.empty", node)
    elif _ends_in_comma(source):
        look.use("literal.tuple.one" if len(node.items) == 1 else "literal.tuple.trailing-comma", node)
    else:
        look.use("literal.tuple", node)


def _ends_in_comma(source: str) -> bool:
    """Whether a comma stands before the closing bracket."""
    return source[:-1].rstrip().endswith(",")


def _list(node: nodes.List, look: Look) -> None:
    if look.breaks("literal.list.trailing-comma") and _ends_in_comma(look.parsed.source(node)):
        look.use("literal.list.trailing-comma", node)


def _mapping(node: nodes.Dict, look: Look) -> None:
    if look.parsed.lexed.tokens[look.parsed.anchors[node] + 1].type == "lbrace":
        look.use("literal.dict.nested-braces", node)
    for pair in node.items:
        if not isinstance(pair.key, nodes.Const):
            feature = "key-variable" if isinstance(pair.key, nodes.Name) else "key-expression"
            look.use(f"literal.dict.{feature}", pair)
        _odd_keys(node, pair, look)
        undefined = look.breaks("literal.dict.undefined.print") and look.type(pair.value).bits & k.UNDEFINED
        if undefined and not only_looked_up(node, look):
            look.use("literal.dict.undefined.print", pair)
    if look.breaks("literal.dict.trailing-comma") and _ends_in_comma(look.parsed.source(node)):
        look.use("literal.dict.trailing-comma", node)


def _odd_keys(node: nodes.Dict, pair: nodes.Pair, look: Look) -> None:
    """A key that is no text: of such a mapping only the literal tells what is printed of it."""
    kinds = [kind for kind in look.kinds(pair.key) if kind not in TEXT_KINDS]
    if not kinds:
        return
    parent = look.parent(node)
    dumped = isinstance(parent, nodes.Filter) and parent.name == "tojson"
    printed = not only_looked_up(node, look)
    for kind in kinds:
        name = _KEYS.get(kind, kind)
        look.use(FeatureId.of("literal", "dict", f"key-{name}"), pair)
        if printed:
            look.use(FeatureId.of("literal", "dict", f"key-{name}", "print"), pair)
        if dumped:
            look.use(FeatureId.of("filter", "tojson", f"key-{name}"), pair)
    if printed:
        look.use_by_kind("print.list", look.kinds(pair.value), pair)
        inside_of(pair.value, look)
    if dumped:
        look.use_by_kind("filter.tojson", leaf_kinds(look.type(pair.value)), pair)


_KEYS = {"true": "bool", "false": "bool", "zero": "int", "negative": "int"}


FIX = plain_literal
VISITS = {
    nodes.Const: _constant,
    nodes.Tuple: _tuple,
    nodes.List: _list,
    nodes.Dict: _mapping,
    nodes.Add: _computed,
    nodes.Sub: _computed,
}
VALID = (Example("{{ 'a\\n' }}{{ 1.5 }}{{ {'a': 1}.a }}", targets=("hf-jinja", "llama.cpp-engine")),)
INVALID = (
    Example("{{ '\\x41' }}", targets=("llama.cpp-engine",), fixed="{{ 'A' }}"),
    Example("{{ 1e3 }}", targets=("hf-jinja",), fixed="{{ 1000.0 }}"),
    Example("{{ 0.1 + 0.2 }}", targets=("llama.cpp-engine",)),
    Example("{{ {1: 'a'}[1] }}", targets=("hf-jinja",)),
)
