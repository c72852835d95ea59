"""White space that an engine treats otherwise.

What it does
------------
Finds places where white space around tags is kept by one engine and dropped by another: line breaks after tags
and spaces before them (for deployments that switch ``trim_blocks`` or ``lstrip_blocks`` off), a line break
before the first tag, one character before it, white space of other scripts next to ``-`` or within a tag, white
space between ``{% generation %}`` and a tag with ``-`` on the other side of it.

Why it breaks
-------------
transformers drops the line break after a tag and the spaces before one; a deployment that does not prints them.
Engines do it by patterns of their own, which differ at the edges of the template and in what they take for
white space. Hosts that take ``{% generation %}`` out as text let the ``-`` behind it reach over its place.

Example
-------
A template that starts with a line break before ``{% for … %}``.

Fix safety
----------
Safe beside ``{% generation %}``: a mark of the neighbour drops what the tag dropped, and what it kept is printed as
a text. Safe for a line break before the first tag, which is printed as a text. Otherwise no fix is offered: write
``{%-`` and ``-%}``, which mean the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.findings import Fix, Safety
from portable_tpl.model.source import Span
from portable_tpl.rewriting.expressions import edits, quoted
from portable_tpl.rewriting.generation import TAG, respelled_tag, sides

CODE = "PTL703"
_AFTER_BLOCK = re.compile(r"(?<![-+])%\}\n")
_AFTER_COMMENT = re.compile(r"(?<!-)#\}\n")
_BEFORE_BLOCK = re.compile(r"(?m)^[ \t]+\{%(?![-+])")
_BEFORE_COMMENT = re.compile(r"(?m)^[ \t]+\{#(?!-)")
_BEFORE_VALUE = re.compile(r"(?m)^[ \t]+\{\{(?!-)")
_FIRST_LINE = re.compile(r"\r?\n[ \t]*\{%(?!-)")
_FIRST_COMMENT = re.compile(r"\r?\n[ \t]*\{#(?!-)")
_FIRST_BYTE = r"[^{\s\x80-\U0010ffff]"  # llama.cpp loses one byte: a character of several keeps its place
_ODD_SPACE = re.compile(
    r"[\u00a0\u0085\u2000-\u200a\u2028\u2029\u3000]\s*\{[{%#]-|-[}%#]\}\s*[\u00a0\u0085\u2000-\u200a\u2028\u2029\u3000]"
)
_ODD_INDENT = re.compile(r"(?m)^[ \t]*[\u000b\u000c\u00a0\u2000-\u200a\u3000]\s*\{[%#](?![-+])")


_FIRST = ("layout.first-newline.block", "layout.first-newline.comment")
_LINE_BREAK = "\n"
_Search = Callable[[str], "re.Match[str] | None"]

_PATTERNS: dict[str, _Search] = {
    "layout.trim-blocks": _AFTER_BLOCK.search,
    "layout.trim-blocks.comment": _AFTER_COMMENT.search,
    "layout.lstrip-blocks": _BEFORE_BLOCK.search,
    "layout.lstrip-blocks.comment": _BEFORE_COMMENT.search,
    "layout.lstrip-blocks.expression": _BEFORE_VALUE.search,
    "layout.first-newline.block": _FIRST_LINE.match,
    "layout.first-newline.comment": _FIRST_COMMENT.match,
    "layout.first-newline": re.compile(r"\n").match,
    "layout.final-newline": re.compile(r"\n\Z").search,
    "layout.first-character": re.compile(_FIRST_BYTE + r"(?=\{%)").match,
    "layout.first-character.space": re.compile(_FIRST_BYTE + r"[ \t]+(?=\{[%#])").match,
    "layout.first-character.comment": re.compile(_FIRST_BYTE + r"(?=\{#)").match,
    "layout.brace-end": re.compile(r"\{\n?\Z").search,
    "layout.bom": re.compile("\ufeff").match,
}
# Those that take long, and that few templates need.
_RAW: dict[str, _Search] = {
    "layout.raw.dash-begin": re.compile(r"\{%-\s*raw\b|\braw\s*-%\}").search,
    "layout.raw.dash-end": re.compile(r"\{%-\s*endraw\b|\bendraw\s*-%\}").search,
    "layout.raw.lstrip": re.compile(r"\braw\s*\+?%\}[ \t]+\{%\s*endraw\b").search,
    "layout.raw.after-begin": re.compile(r"raw\s*%\}\n").search,
}
_ODD: dict[str, _Search] = {
    "layout.dash.unicode-space": _ODD_SPACE.search,
    "layout.nbsp-lstrip": _ODD_INDENT.search,
}


_SPACES = {
    "layout.space-in-tag.vertical-tab": re.compile(r"[\x0b\x0c]"),
    "layout.space-in-tag.separator": re.compile(r"[\x1c-\x1f]"),
    "layout.space-in-tag.unicode": re.compile(r"[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"),
}
_ANY_SPACE = re.compile("|".join(pattern.pattern for pattern in _SPACES.values()))


def _in_tags(node: nodes.Template, look: Look) -> None:
    """White space between the words of a tag, for which engines know fewer characters than Python."""
    inside = False
    for token in look.parsed.tokens:
        if token.kind in ("variable_begin", "block_begin"):
            inside = True
        elif token.kind in ("variable_end", "block_end"):
            inside = False
        raw = token.kind in ("raw_begin", "raw_end")
        if not raw and not (inside and token.kind == "whitespace"):
            continue
        for feature, pattern in _SPACES.items():
            match = pattern.search(token.text)
            if match is not None:
                start = token.span.start
                feature = "layout.space-in-tag.raw" if raw else feature
                look.use(feature, node, span=Span(start + match.start(), start + match.end()))


def _beside_generation(node: nodes.Template, look: Look) -> None:
    """White space that a tag of ``generation`` keeps from the ``-`` of its other neighbour."""
    for tag in TAG.finditer(look.parsed.text):
        if "-" in tag.group():
            continue
        beside = sides(tag)
        feature = None
        if beside.right.endswith("-") and beside.kept_left:
            feature = "layout.generation.before-dash"
        elif beside.left.startswith("-") and beside.kept_right:
            feature = "layout.generation.after-dash"
        if feature is None:
            continue
        if look.use(
            feature, node, partial(respelled_tag, tag, look), span=Span(*tag.span()), within="statement.generation"
        ):
            return


def _template(node: nodes.Template, look: Look) -> None:
    if "generation %}" in look.parsed.text:
        _beside_generation(node, look)
    if _ANY_SPACE.search(look.parsed.text):
        _in_tags(node, look)
    patterns = dict(_PATTERNS)
    if "raw" in look.parsed.text:
        patterns |= _RAW
    if not look.parsed.text.isascii() or "\x0b" in look.parsed.text or "\x0c" in look.parsed.text:
        patterns |= _ODD
    for feature, find in patterns.items():
        if look.breaks(feature):
            match = find(look.parsed.text)
            if match is not None:
                span = Span(*match.span())
                look.use(feature, node, partial(_printed, span, look) if feature in _FIRST else None, span=span)


def _printed(span: Span, look: Look) -> Fix:
    """The line break before the first tag as a text; the spaces behind it are dropped with it everywhere."""
    end = look.parsed.text.index("{", span.start)
    text = f"{{{{ {quoted(_LINE_BREAK, look)} }}}}"
    return edits("Print the line break", Safety.SAFE, (span.start, end, text))


VISITS = {nodes.Template: _template}
VALID = (
    Example("aa{% if true %}b{% endif %}", targets=("llama.cpp-engine",)),
    Example("{% if true %}\n  {% generation %}\n{{- 'b' }}{% endgeneration %}{% endif %}", targets=("hf-jinja",)),
)
INVALID = (
    Example(
        "\n  {% if true %}a{% endif %}",
        targets=("llama.cpp-engine",),
        fixed="{{ '\\n' }}{% if true %}a{% endif %}",
    ),
    Example("a{% if true %}b{% endif %}", targets=("llama.cpp-engine",)),
    Example(
        "{{ 'a' }}\n{% generation %}\n{{- 'b' }}{% endgeneration %}",
        targets=("hf-jinja",),
        fixed="{{ 'a' }}{{ '\\n' }}{% generation %}\n{{- 'b' }}{% endgeneration %}",
    ),
    Example("{{\u00a0messages[0].role }}", targets=("minijinja", "llama.cpp-engine")),
)
