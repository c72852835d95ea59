"""The same literals in forms that every engine reads: jinja2's tree stays as it is."""

from __future__ import annotations

from math import isfinite

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.rewriting.expressions import Level, in_quotes, literal, quoted, replace

_WRITABLE = frozenset("\n\r\t")


def plain_literal(node: nodes.Node, look: Look) -> Fix | None:
    """A text, number, tuple, list or mapping in a form that every engine reads."""
    if isinstance(node, nodes.Const):
        return _constant(node, look)
    if isinstance(node, nodes.Tuple):
        source = look.parsed.source(node)
        if source.startswith("(") or not node.items:
            return None
        return replace(node, f"({source})", Level.ATOM, look, "Put the tuple in brackets")
    return _without_last_comma(node, look) if isinstance(node, (nodes.List, nodes.Dict)) else None


def _constant(node: nodes.Const, look: Look) -> Fix | None:
    value = node.value
    if isinstance(value, str):
        if not _is_writable(value):
            return None
        return _written(
            node, in_quotes(literal(value), look.parsed.source(node)[0]), look, "Write the characters themselves"
        )
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        if not isfinite(value):
            return None
        from decimal import Decimal  # takes a while to load, and few templates have a float

        digits = format(Decimal(repr(value)), "f")
        return _written(node, digits if "." in digits else f"{digits}.0", look, "Write all digits")
    return _written(node, str(value), look, "Write the digits alone")


def printed_text(begin: int, look: Look) -> Fix | None:
    """``{{ 'text' }}`` for ``{% raw %}text{% endraw %}``, with the white space that the tags took away.

    ``begin`` is the number of the first tag among the template's tokens.
    """
    tokens = look.parsed.tokens
    end = next(number for number in range(begin, len(tokens)) if tokens[number].kind == "raw_end")
    text = "".join(token.text for token in tokens[begin:end] if token.kind == "data")
    if not _is_writable(text):
        return None
    first = begin - 1 if begin and tokens[begin - 1].kind == "whitespace" else begin
    last = end + 1 if end + 1 < len(tokens) and tokens[end + 1].kind == "whitespace" else end
    made = f"{{{{ {quoted(text, look)} }}}}" if text else ""
    return Fix("Print the text", Safety.SAFE, (Edit(tokens[first].span.start, tokens[last].span.end, made),))


def _is_writable(text: str) -> bool:
    return all(character.isprintable() or character in _WRITABLE for character in text)


def _written(node: nodes.Const, text: str, look: Look, title: str) -> Fix | None:
    return None if text == look.parsed.source(node) else replace(node, text, Level.ATOM, look, title)


def _without_last_comma(node: nodes.List | nodes.Dict, look: Look) -> Fix | None:
    start, end = look.parsed.span(node)
    text = look.parsed.text[start:end]
    inside = text[:-1].rstrip()
    if not node.items or not inside.endswith(","):
        return None
    comma = start + len(inside) - 1
    return Fix("Leave out the last comma", Safety.SAFE, (Edit(comma, comma + 1, ""),))
