"""Macros that a rewrite may put at the top of a template, for what no filter does: four lines at most, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count

from jinja2 import nodes

from portable_tpl.checking.base import Look, known_once
from portable_tpl.checking.support import supported
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.rewriting.expressions import Level, replace

_INDENT = "    "


@dataclass(frozen=True)
class HelperMacro:
    """A macro; ``body`` holds its lines, whose delimiters take all white space around them away.

    ``needs`` are the features that a target must have to run it.
    """

    name: str
    parameters: str
    body: tuple[str, ...]
    needs: tuple[str, ...]

    def definition(self, name: str, line_end: str = "\n") -> str:
        """The macro under a name, in the line ends of a template."""
        return _definition(self, name).replace("\n", line_end)


@cache
def _definition(macro: HelperMacro, name: str) -> str:
    own = re.compile(rf"\b{macro.name}\b")  # it may call itself
    body = "".join(f"{_INDENT}{own.sub(name, line)}\n" for line in macro.body)
    return f"{{%- macro {name}({macro.parameters}) -%}}\n{body}{{%- endmacro -%}}\n"


_PIECES = (
    "statement.macro",
    "macro.text",
    "global.namespace",
    "statement.set.namespace",
    "method.str.split",
    "concat@plain",
)
_GAP = "{%- set kept = namespace(gap='') -%}"
# Of the pieces between the marks, the empty ones at the start are left out ...
WITHOUT_START = HelperMacro(
    "without_start",
    "text, mark",
    (
        _GAP,
        "{%- for piece in text.split(mark) -%}{%- if piece or kept.gap -%}{{- kept.gap ~ piece -}}"
        "{%- set kept.gap = mark -%}{%- endif -%}{%- endfor -%}",
    ),
    _PIECES,
)
# ... or those at the end, where marks are held back until a piece follows.
WITHOUT_END = HelperMacro(
    "without_end",
    "text, mark",
    (
        _GAP,
        "{%- for piece in text.split(mark) -%}{%- if piece -%}{{- kept.gap ~ piece -}}{%- set kept.gap = '' -%}"
        "{%- endif -%}{%- set kept.gap = kept.gap ~ mark -%}{%- endfor -%}",
    ),
    _PIECES,
)

UNDO = (
    "|replace('\\\\\\\\', '\\t')|replace('\\\\u003c', '<')|replace('\\\\u003e', '>')|replace('\\\\u0026', '&')"
    "|replace('\\\\u0027', \"'\")|replace('\\t', '\\\\\\\\')"
)
_JSON_NEEDS = ("statement.macro", "macro.tojson", "filter.replace@plain")
JSON = HelperMacro("json_text", "value", ("{{- value|tojson" + UNDO + " -}}",), _JSON_NEEDS)
JSON_INDENTED = HelperMacro(
    "json_lines",
    "value, width",
    ("{{- value|tojson(indent=width)" + UNDO + " -}}",),
    (*_JSON_NEEDS, "filter.tojson.indent"),
)

_LEADING_TAG = re.compile(r"\{[{%#]-")


def can_call_macros(look: Look, macro: HelperMacro) -> bool:
    """Whether the targets can run a macro, and the template has a place for it."""
    return _room(look) and supported(look, *macro.needs)


@known_once
def _room(look: Look) -> bool:
    """Whether text at the very top leaves what follows as it is: white space there would go with it."""
    text = look.parsed.text
    rest = text.lstrip()
    return (rest == text or _LEADING_TAG.match(rest) is not None) and not any(
        isinstance(node, (nodes.Extends, nodes.Block)) for node in look.parsed.nodes
    )


def call_macro(
    look: Look, place: nodes.Expr, macro: HelperMacro, arguments: Sequence[str], definitions: str = ""
) -> Fix:
    """The fix that puts a call of a helper macro in a node's place, and the macro at the top if it is not there.

    ``definitions`` are those of other macros that the arguments need.
    """
    name, definition = named_macro(look, macro)
    needed = definitions + definition
    also = [Edit(0, 0, needed)] if needed else []
    text = f"{name}({', '.join(arguments)})"
    return replace(place, text, Level.ATOM, look, f"Use a macro {name}", Safety.SAFE, also)


def named_macro(look: Look, macro: HelperMacro) -> tuple[str, str]:
    """The name of the macro in this template, and its definition, empty where the template has it already."""
    name, there = _name(look, macro)
    return name, "" if there else macro.definition(name, _line_end(look))


def _name(look: Look, macro: HelperMacro) -> tuple[str, bool]:
    """The name of the macro in this template, and whether it has it already."""
    for name in _names(macro.name):
        if macro.definition(name, _line_end(look)).rstrip() in look.parsed.text:
            return name, True
        if name not in names_taken(look):
            return name, False
    raise AssertionError("names do not end")


def _line_end(look: Look) -> str:
    """The line end of the template: Windows' where all of its lines end so; dashes take either away in the macro."""
    text = look.parsed.text
    windows = text.count("\r\n")
    return "\r\n" if windows and windows == text.count("\n") else "\n"


def _names(wanted: str) -> Iterator[str]:
    yield wanted
    yield from (f"{wanted}_{number}" for number in count(2))


@known_once
def names_taken(look: Look) -> frozenset[str]:
    """The names that the template uses for anything."""
    named = (nodes.Name, nodes.NSRef, nodes.Macro)
    names = {node.name for node in look.parsed.nodes if node.__class__ in named}
    return frozenset(names | {node.target for node in look.parsed.nodes if node.__class__ is nodes.Import})
