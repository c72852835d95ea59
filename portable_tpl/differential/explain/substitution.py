"""Rewriting one construct of a template into the value that it has on the reference."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from jinja2 import nodes

from portable_tpl.model.findings import Edit, apply_edits
from portable_tpl.support.feature_names import input_of
from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.trace import Piece, Trace

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LONGEST = 8000  # characters of a value that is put into a template in words
_EMPTY: dict[str, Any] = {"dict": {}, "list": [], "str": ""}
_BLOCKS = "self"  # what holds the template's blocks: no value that could be given
_METHOD = "builtin_function_or_method"  # what the reference finds for a key that a mapping lacks and a method has
_KEYWORDS = {True: "true", False: "false", None: "none"}


def literal(value: Any) -> str | None:
    """A value as every engine's literal; ``None`` where some engine has no word for it."""
    if value is None or isinstance(value, bool):
        return _KEYWORDS[value]
    if isinstance(value, str):
        if any(character < " " and character not in _ESCAPES for character in value):
            return None
        return '"' + "".join(_ESCAPES.get(character, character) for character in value) + '"'
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    if isinstance(value, float):
        text = json.dumps(value)
        plain = math.isfinite(value) and "e" not in text
        return text if plain and value >= 0 else f"({text})" if plain else None
    parts = [literal(item) for item in (value if isinstance(value, list) else value.values())]
    if not all(part is not None for part in parts):
        return None
    if isinstance(value, list):
        return "[" + ", ".join(map(str, parts)) + "]"
    keys = [literal(key) for key in value]
    if not all(key is not None for key in keys):
        return None
    return "{" + ", ".join(f"{key}: {part}" for key, part in zip(keys, parts, strict=True)) + "}"


class Rewriter:
    """Templates in which one expression is replaced by the value that a trace saw."""

    def __init__(self, parsed: ParsedTemplate, trace: Trace) -> None:
        self._parsed = parsed
        self._trace = trace
        self._numbers = {id(node): number for number, node in enumerate(parsed.nodes)}
        self._printed: dict[int, set[str]] = {}
        self._number = 0
        self._followed: list[str] = []
        self._arguments = {
            argument.name for node in parsed.nodes if isinstance(node, nodes.Macro) for argument in node.args
        }
        self._macros = {node.name for node in parsed.nodes if isinstance(node, nodes.Macro)}
        _collect((*trace.pieces, *trace.captured), self._printed)

    def values(self, node: nodes.Node) -> list[Any]:
        """The values that an expression had, where JSON has words for all of them."""
        description = self.told(node)
        return (
            [each["value"] for each in description if "value" in each]
            if all("value" in each for each in description)
            else []
        )

    def evaluated(self, node: nodes.Node) -> bool:
        """Whether the trace came by an expression."""
        number = self._numbers[id(node)]
        return number in self._trace.values or number in self._printed

    def by_value(self, node: nodes.Node) -> str | None:
        """The template with an expression replaced by its value; ``None`` where it had none, or several."""
        edit = self.edit(node)
        return None if edit is None else apply_edits(self._parsed.text, (edit,))

    def by_items(self, node: nodes.Node) -> str | None:
        """The template with what a loop runs over replaced by the list of its items."""
        description = self.told(node)
        if len(description) != 1:
            return None
        value = [] if "undefined" in description[0] else description[0].get("value")
        text = literal(list(value)) if isinstance(value, (str, list, dict)) else None
        edit = None if text is None else self._edit(node, text)
        return None if edit is None else apply_edits(self._parsed.text, (edit,))

    def edit(self, node: nodes.Node) -> Edit | None:
        """The edit that puts an expression's only value in its place."""
        description = self.told(node)
        if len(description) != 1:
            return None
        if description[0].get("other") == _METHOD:
            return self._edit(node, "{}")  # has none of a mapping's keys either
        if "value" not in description[0]:
            return None
        text = literal(description[0]["value"])
        if text is not None and description[0].get("kind") == "markup":
            text = f"({text}|safe)"
        return None if text is None else self._edit(node, text)

    def told(self, node: nodes.Node) -> list[dict[str, Any]]:
        """What the trace tells of an expression's values."""
        return self._trace.values.get(self._numbers[id(node)], [])

    def by_text(self, node: nodes.Node) -> str | None:
        """The template with a printed expression replaced by the text that it printed, white space marks kept."""
        printed = self._printed.get(self._numbers[id(node)], set())
        if len(printed) != 1:
            return None
        text = literal(next(iter(printed)))
        edit = None if text is None else self._edit(node, text)
        return None if edit is None else apply_edits(self._parsed.text, (edit,))

    def look_at(self, number: int) -> None:
        """Choose which of the values of each expression :meth:`current` tells."""
        self._number = number

    def current(self, node: nodes.Node) -> dict[str, Any] | None:
        """What the trace tells of the value that is looked at; the last one where there are fewer."""
        description = self.told(node)
        return description[min(self._number, len(description) - 1)] if description else None

    def most_values(self, node: nodes.Node) -> int:
        """How many different values the most varied part of an expression had."""
        block = self._block_of(node)
        parts = (node, *node.find_all(nodes.Expr), *(() if block is None else (block,)))
        return max(len(self.told(part)) for part in parts)

    def alone(self, node: nodes.Node, number: int = 0) -> tuple[str, dict[str, Any]] | None:
        """An expression with its inputs renamed, and the variables to give: their values of this number in the trace.

        ``None`` where an input has no value that JSON has a word for.
        """
        self.look_at(number)
        variables: dict[str, Any] = {}
        edits = self._bound(node, variables)
        if edits is None:
            return None
        block = self._block_of(node)
        if block is None:
            return self._edited(node, edits), variables
        variables["ptl_block"] = (self.current(block) or {}).get("value")
        return f"ptl_block|{self._edited(node, edits)}", variables

    def _bound(self, node: nodes.Node, variables: dict[str, Any]) -> list[Edit] | None:
        """The edits that put variables in the place of what an expression reads."""
        if isinstance(node, nodes.Name):
            is_own = node.name == _BLOCKS and self.current(node) is None
            return [] if is_own else self._as_variable(node, variables)
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in self._macros:
            return self._as_variable(node, variables)
        if isinstance(node, (nodes.Getattr, nodes.Getitem)) and not self._holds(node):
            return self._as_variable(node, variables)
        edits: list[Edit] = []
        for child in node.iter_child_nodes():
            if isinstance(node, nodes.Call) and child is node.node and isinstance(child, nodes.Name):
                continue  # a function's own name
            binding = self._bound(child, variables)
            if binding is None:
                # A namespace, a loop: what is read from it may be a value of its own.
                return self._as_variable(node, variables)
            edits += binding
        return edits

    def _holds(self, node: nodes.Getattr | nodes.Getitem) -> bool:
        """Whether the mapping that is looked at holds the value of the key that is looked at.

        Each expression's values are numbered by themselves: the fourth value of ``x.type`` need not be that of the
        fourth ``x``.
        """
        key = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        mapping, own = (self.current(node.node) or {}).get("value"), self.current(node)
        if own is None or not isinstance(mapping, dict) or not isinstance(key, str):
            return True
        if "missing" in own:
            return key not in mapping
        return "value" not in own or (key in mapping and mapping[key] == own["value"])

    def _as_variable(self, node: nodes.Node, variables: dict[str, Any]) -> list[Edit] | None:
        value = self.current(node)
        if not isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Call)) or value is None:
            return None
        span = self._parsed.span(node)
        if "missing" in value:
            # The reference's error tells what it was missing in.
            holder = f"ptl_{value['missing']}"
            variables[holder] = _EMPTY[value["missing"]]
            return [Edit(*span, f"{holder}[{literal(value['key'])}]")]
        if "undefined" in value and isinstance(node, nodes.Name):
            return self._as_assigned(node, variables)
        if "value" not in value or "kind" in value:
            return None
        new = "ptl_" + re.sub(r"\W", "_", self._parsed.text[span.start : span.end])
        if variables.setdefault(new, value["value"]) != value["value"]:
            return None
        return [Edit(*span, new)]

    def _as_assigned(self, name: nodes.Name, variables: dict[str, Any]) -> list[Edit]:
        """An undefined name by what it was set to, which may tell why it is undefined; else the name itself."""
        bindings = resolve_names(self._parsed.tree).resolve(name).bindings
        values = [binding.value for binding in bindings if binding.value is not None]
        if len(values) != 1 or name.name in self._followed or name.name in self._arguments:
            return []
        self._followed.append(name.name)
        inner = self._bound(values[0], variables)
        self._followed.pop()
        if inner is None:
            return []
        return [Edit(*self._parsed.span(name), f"({self._edited(values[0], inner)})")]

    def _edited(self, node: nodes.Node, edits: Sequence[Edit]) -> str:
        """The source of an expression after edits of the template that lie within it."""
        start, end = self._parsed.span(node)
        moved = (Edit(each.start - start, each.end - start, each.text) for each in edits)
        return apply_edits(self._parsed.text[start:end], tuple(moved))

    def _edit(self, node: nodes.Node, text: str) -> Edit | None:
        block = self._block_of(node)
        span = self._parsed.span(node if block is None else block)
        if len(text) > _LONGEST or span.start >= span.end:
            return None
        if block is None:
            return Edit(*span, text)
        if block.filter is not node:
            return None  # one of several filters of the tag, which takes no value
        source = self._parsed.text[span.start : span.end]
        # Within another block, so that the white space around stays what the tags make of it.
        first, last = source[: 3 if source[2] in "-+" else 2], source[-3 if source[-3] in "-+" else -2 :]
        return Edit(*span, f"{first} if true %}}{{{{ {text} }}}}{{% endif {last}")

    def _block_of(self, node: nodes.Node) -> nodes.FilterBlock | None:
        """The filter block whose text a filter is for, itself or through others of the block's tag."""
        while isinstance(node, nodes.Filter) and node.node is not None:
            node = node.node
        block = input_of(self._parsed, node) if isinstance(node, nodes.Filter) else None
        return block if isinstance(block, nodes.FilterBlock) else None


def _collect(pieces: Sequence[Piece], printed: dict[int, set[str]]) -> None:
    for piece in pieces:
        printed.setdefault(piece.node, set()).add(piece.text)
        _collect(piece.inner, printed)
