"""``'…{}…'.format(x)``, as a row of joined texts."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import supported, widest
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.calls import MethodCall
from portable_tpl.rewriting.expressions import Level, operand, quoted, replace
from portable_tpl.rewriting.python_text import as_python
from portable_tpl.support.spelling import constant
from portable_tpl.template.types.lattice import kinds as k


def _format(node: nodes.Call, call: MethodCall, look: Look) -> Fix | None:
    pattern = constant(call.receiver)
    if not isinstance(pattern, str) or not supported(look, "concat@plain"):
        return None
    pieces = _pieces(pattern, node)
    if pieces is None:
        return None
    return joined(node, pieces, look)


def _pieces(pattern: str, node: nodes.Call) -> list[str | nodes.Expr] | None:
    """The texts and arguments in their order; ``None`` where one is formatted, or picked apart."""
    named = {keyword.key: keyword.value for keyword in node.kwargs}
    pieces: list[str | nodes.Expr] = []
    count = 0
    try:
        fields = list(string.Formatter().parse(pattern))
    except ValueError:
        return None
    for text, name, form, conversion in fields:
        if text:
            pieces.append(text)
        if name is None:
            continue
        if form or conversion:
            return None
        if not name:
            name, count = str(count), count + 1
        argument = node.args[int(name)] if name.isdigit() and int(name) < len(node.args) else named.get(name)
        if argument is None:
            return None
        pieces.append(argument)
    return pieces


def joined(node: nodes.Expr, pieces: list[str | nodes.Expr], look: Look) -> Fix | None:
    """The fix that joins texts and values with ``~``, which makes text of each as ``str`` does."""
    texts = [
        quoted(piece, look) if isinstance(piece, str) else operand(piece, look, Level.FILTER) for piece in pieces
    ]
    if len(texts) == 1:
        if isinstance(pieces[0], str):
            return replace(node, texts[0], Level.ATOM, look, "Use the text itself")
        if isinstance(look.parent(node), nodes.Output):
            return replace(node, texts[0], Level.FILTER, look, "Print the value itself")
        texts.append(quoted("", look))
    if not texts:
        return replace(node, quoted("", look), Level.ATOM, look, "Use the text itself")
    return replace(node, " ~ ".join(texts), Level.CONCAT, look, "Join the pieces with ~")


def percent_pieces(node: nodes.Mod, look: Look) -> list[str | nodes.Expr] | None:
    """The texts and values of ``'…%s…' % (x, y)``, ``%d`` for integers; ``None`` where it does more than join."""
    if isinstance(node.right, nodes.Tuple):
        return _filled(node.left, node.right.items, look)
    if widest(look, node.right).bits & k.TUPLE:
        return None  # a tuple would be the values themselves
    return _filled(node.left, [node.right], look)


def by_filter(node: nodes.Filter, look: Look) -> Fix | None:
    """The fix for ``'…%s…'|format(x)``."""
    if node.node is None or node.kwargs or not supported(look, "concat@plain"):
        return None
    if constant(node.node) == "%s" and len(node.args) == 1:
        text = as_python(node.args[0], node, "print", look)
        if text is not None:
            return text
    pieces = _filled(node.node, node.args, look)
    return None if pieces is None else joined(node, pieces, look)


def _filled(template: nodes.Expr, arguments: Sequence[nodes.Expr], look: Look) -> list[str | nodes.Expr] | None:
    pattern = constant(template)
    if not isinstance(pattern, str):
        return None
    values = list(arguments)
    texts = re.split("(%[sd%])", pattern)
    marks, plain = texts[1::2], texts[::2]
    if any("%" in text for text in plain):
        return None
    filled = [mark for mark in marks if mark != "%%"]
    if len(filled) != len(values):
        return None
    if any(mark == "%d" and not widest(look, value).only(k.INT) for mark, value in zip(filled, values, strict=True)):
        return None
    pieces: list[str | nodes.Expr] = []
    for text, mark in zip(plain, [*marks, ""], strict=True):
        pieces += [text] if text else []
        pieces += ["%"] if mark == "%%" else [values.pop(0)] if mark else []
    return pieces


REWRITES = {"format": _format}
