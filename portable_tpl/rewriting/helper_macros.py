"""Macros that a rewrite may put at the top of a template, for what no filter does.

They use only what every engine carries out alike: slices, ``in``, loops over literal lists and namespaces. Places in
a text are found digit by digit, so that a text of any length takes the same few turns, and no engine's limit of
``range`` is met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.support import supported
from portable_tpl.model.findings import Edit, Fix, Safety
from portable_tpl.rewriting.expressions import Level, replace

_DIGITS = "[10000000, 1000000, 100000, 10000, 1000, 100, 10, 1]"
_NINE = "[1, 2, 3, 4, 5, 6, 7, 8, 9]"
_INDENT = "    "
_OPENING = re.compile(r"\{%- (macro|if|for|else)\b")
_CLOSING = re.compile(r"\{%- (end\w+|else)\b")


@dataclass(frozen=True)
class HelperMacro:
    """A macro; ``body`` holds its statements, whose delimiters take all white space around them away."""

    name: str
    parameters: str
    body: tuple[str, ...]

    def definition(self, name: str) -> str:
        """The macro under a name, a line a statement: its delimiters take all white space between them away."""
        return _definition(self, name)


@cache
def _definition(macro: HelperMacro, name: str) -> str:
    lines = [f"{{%- macro {name}({macro.parameters}) -%}}", *macro.body, "{%- endmacro -%}"]
    out: list[str] = []
    depth = 0
    for line in lines:
        if _CLOSING.match(line):
            depth -= 1
        out.append(_INDENT * depth + line)
        if _OPENING.match(line):
            depth += 1
    return "\n".join(out) + "\n"


def _search(condition: str) -> tuple[str, ...]:
    """The search for the largest ``place.at`` for which a condition on ``place.at + step`` holds."""
    return (
        "{%- set place = namespace(at=0) -%}",
        f"{{%- for step in {_DIGITS} -%}}",
        f"{{%- for turn in {_NINE} -%}}",
        f"{{%- if {condition} -%}}",
        "{%- set place.at = place.at + step -%}",
        "{%- endif -%}",
        "{%- endfor -%}",
        "{%- endfor -%}",
    )


def _cut(condition: str, found: str) -> tuple[str, ...]:
    """Print ``found`` where the mark is in the text, else all of it."""
    return (
        "{%- if mark in text -%}",
        *_search(condition),
        "{{- " + found + " -}}",
        "{%- else -%}",
        "{{- text -}}",
        "{%- endif -%}",
    )


_FIRST = "mark not in text[:place.at + step]"
_LAST = "mark in text[place.at + step:]"
BEFORE_FIRST = HelperMacro("before_first", "text, mark", _cut(_FIRST, "text[:place.at + 1 - mark|length]"))
AFTER_FIRST = HelperMacro("after_first", "text, mark", _cut(_FIRST, "text[place.at + 1:]"))
BEFORE_LAST = HelperMacro("before_last", "text, mark", _cut(_LAST, "text[:place.at]"))
AFTER_LAST = HelperMacro("after_last", "text, mark", _cut(_LAST, "text[place.at + mark|length:]"))

_START, _END = "text[:place.at + step]", "text[-place.at - step:]"
_END_CUT = "{{- text[:-place.at] if place.at > 0 else text -}}"
WITHOUT_START = HelperMacro(
    "without_start", "text, mark", (*_search(f"{_START}|replace(mark, '') == ''"), "{{- text[place.at:] -}}")
)
WITHOUT_END = HelperMacro("without_end", "text, mark", (*_search(f"{_END}|replace(mark, '') == ''"), _END_CUT))
TRIM_START = HelperMacro("trim_start", "text", (*_search(f"{_START}|trim == ''"), "{{- text[place.at:] -}}"))
TRIM_END = HelperMacro("trim_end", "text", (*_search(f"{_END}|trim == ''"), _END_CUT))

UNDO = (
    "|replace('\\\\\\\\', '\\t')|replace('\\\\u003c', '<')|replace('\\\\u003e', '>')|replace('\\\\u0026', '&')"
    "|replace('\\\\u0027', \"'\")|replace('\\t', '\\\\\\\\')"
)
JSON = HelperMacro("json_text", "value", ("{{- value|tojson" + UNDO + " -}}",))
JSON_INDENTED = HelperMacro("json_lines", "value, width", ("{{- value|tojson(indent=width)" + UNDO + " -}}",))

_NEEDS = ("statement.macro", "macro.text", "global.namespace", "statement.set.namespace", "slice.expression")
_JSON_NEEDS = ("statement.macro", "macro.tojson", "filter.replace@plain")
_BY_MACRO: dict[str, tuple[str, ...]] = {
    JSON.name: _JSON_NEEDS,
    JSON_INDENTED.name: (*_JSON_NEEDS, "filter.tojson.indent"),
}
_LEADING_TAG = re.compile(r"\{[{%#]-")


def can_call_macros(look: Look, macro: HelperMacro) -> bool:
    """Whether the targets can run a macro, and the template has a place for it."""
    needs = _BY_MACRO.get(macro.name, (*_NEEDS, "in@plain,plain", "filter.length@plain"))
    return _room(look) and supported(look, *needs)


def _room(look: Look) -> bool:
    """Whether text at the very top leaves what follows as it is: white space there would go with it."""
    found: bool | None = look.memory.get("room for macros")
    if found is None:
        text = look.parsed.text
        rest = text.lstrip()
        found = look.memory["room for macros"] = (rest == text or _LEADING_TAG.match(rest) is not None) and not any(
            isinstance(node, (nodes.Extends, nodes.Block)) for node in look.parsed.nodes
        )
    return found


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
    return name, "" if there else macro.definition(name)


def _name(look: Look, macro: HelperMacro) -> tuple[str, bool]:
    """The name of the macro in this template, and whether it has it already."""
    for name in _names(macro.name):
        if macro.definition(name).rstrip("\n") in look.parsed.text:
            return name, True
        if name not in _taken(look):
            return name, False
    raise AssertionError("names do not end")


def free_name(look: Look, wanted: str) -> str:
    """A name that the template does not use, made from the wanted one."""
    return next(name for name in _names(wanted) if name not in _taken(look))


def _names(wanted: str) -> Iterator[str]:
    yield wanted
    yield from (f"{wanted}_{number}" for number in count(2))


def _taken(look: Look) -> frozenset[str]:
    found: frozenset[str] | None = look.memory.get("names taken")
    if found is None:
        named = (nodes.Name, nodes.NSRef, nodes.Macro)
        names = {node.name for node in look.parsed.nodes if node.__class__ in named}
        names |= {node.target for node in look.parsed.nodes if node.__class__ is nodes.Import}
        found = look.memory["names taken"] = frozenset(names)
    return found
