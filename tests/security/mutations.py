"""Mutated templates and containers, drawn from a seed: what a fuzzer sends, equal in every run."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Template
from portable_tpl.template import compile_check, parse

_PIECES = (
    "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{% endif %}", "{% endfor %}", "{% if x %}", "{% else %}",
    "{% for m in messages %}", "{% set x = 1 %}", "{% macro f(a, b=2) %}", "{% endmacro %}", "{{ f(1) }}", "[", "]",
    "(", ")", "|tojson", "|trim", "|default('')", ".split('a')", "[::-1]", "[-1:]", " is defined", " is not none",
    " and ", " not in ", " if x else y", "~", "//", "**", "9" * 400, "1e999", "0x", "'", '"', "\\", "\0", "\r", "\r\n",
    "\u2028", "\ufeff", "\ud800", "𝒳", "{% raw %}", "{% endraw %}", "{% generation %}", "{% endgeneration %}",
    "loop.index0", "loop.previtem", "namespace(a=1)", "raise_exception('x')", "strftime_now('%Y')", "messages",
    "{% break %}", "{% call f() %}", "{% filter upper %}", "{% block a %}", "{% include 'x' %}", "self", "caller()",
)  # fmt: skip


def mutated(source: str, choose: random.Random, others: Sequence[str]) -> str:
    """The text after one to six edits: pieces put in, taken out, doubled, moved, or taken from another text."""
    text = source
    for _ in range(choose.randint(1, 6)):
        at, end = sorted((choose.randrange(len(text) + 1), choose.randrange(len(text) + 1)))
        end = min(end, at + choose.choice((1, 8, 80)))
        other = choose.choice(others)
        start = choose.randrange(len(other) + 1)
        new = choose.choice(
            (choose.choice(_PIECES), "", text[at:end] * 2, other[start : start + choose.choice((5, 60, 400))])
        )
        text = text[:at] + new + text[end:]
    return text


def mutated_to_parse(source: str, choose: random.Random) -> str | None:
    """The text with one expression in another's place, if the reference still parses it."""
    spans = [match.span(1) for match in re.finditer(r"(?:\{\{-?|\{%-? (?:if|elif)) (.*?) -?[%}]\}", source)]
    for _ in range(8):
        if len(spans) < 2:
            return None
        (start, end), (first, last) = choose.sample(spans, 2)
        text = source[:start] + source[first:last] + source[end:]
        try:
            compile_check(parse(Template(text)), unknown_names=True)
        except TemplateSyntaxError:
            continue
        return text
    return None


def mutated_bytes(data: bytes, choose: random.Random) -> bytes:
    """The bytes after one to four edits, mostly near the start, where lengths and counts are."""
    out = bytearray(data)
    for _ in range(choose.randint(1, 4)):
        at = min(int(choose.expovariate(3 / max(1, len(out)))), max(0, len(out) - 1))
        edit = choose.randrange(5)
        if edit == 0:
            out[at : at + 1] = bytes([choose.randrange(256)])
        elif edit == 1:
            out[at : at + 8] = choose.choice((b"\xff" * 8, bytes(8), (1 << 40).to_bytes(8, "little"), b"\x7f" * 8))
        elif edit == 2:
            del out[at : at + choose.choice((1, 4, 100, len(out)))]
        elif edit == 3:
            out[at:at] = out[at : at + choose.choice((1, 8, 300))]
        else:
            out[at:at] = choose.choice(
                (b"\xef\xbb\xbf", b"\xff\xfe", b'"', b"[" * 500, b"9" * 5000, b"null,", b"\\u")
            )
    return bytes(out)


def mutated_json(data: object, choose: random.Random) -> bytes:
    """A JSON value with some part of it replaced by another kind of value."""

    def walk(value: object, depth: int = 0) -> object:
        if choose.random() < 0.08 and depth:
            return choose.choice((None, True, 10**30, 1.5, "", "x", [], {}, [[]], {"chat_template": 1}, "\ud800"))
        if isinstance(value, dict):
            return {
                key if choose.random() > 0.03 else f"{key}x": walk(each, depth + 1) for key, each in value.items()
            }
        return [walk(each, depth + 1) for each in value] if isinstance(value, list) else value

    return json.dumps(walk(data), ensure_ascii=choose.random() < 0.5).encode("utf-8", "surrogatepass")


def mutated_template(sources: Sequence[str], number: int, seed: int) -> str:
    """The text of this number; of every second one the reference still parses the text."""
    choose = random.Random(f"{seed}:{number}")
    while True:
        source = choose.choice(sources)
        text = mutated_to_parse(source, choose) if number % 2 else mutated(source, choose, sources)
        if text is not None:
            return text
