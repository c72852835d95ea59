"""How a server built its engine: a version, flags, and what no engine's Python package has a setting for.

That is a ``tojson`` of the server's own, and loop controls that were left out: both go by a template's tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.engines.minijinja import ENGINE
from portable_tpl.targets.processes._adapter import Adapter, Engine
from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.processes._worker import WorkerRuntime

if TYPE_CHECKING:
    from portable_tpl.template.syntax.lexing import Lexed, LexToken

# The filter that the worker registers with the option ``json_text``; it turns minijinja's JSON text into another
# style.
JSON_FILTER = "portable_tpl_json"

_OPENING, _CLOSING = ("lparen", "lbracket", "lbrace"), ("rparen", "rbracket", "rbrace")
_BUILTIN_ARGUMENTS = ("indent",)
_NO_OPTIONS: Mapping[str, Json] = MappingProxyType({})


@dataclass(frozen=True)
class Build:
    """An engine as a server was built with it. ``version`` is the engine's; ``None``: there is only one.

    ``options`` are the environment's, and those of the worker. ``json_arguments`` are the keyword arguments of the
    server's own ``tojson``, beside the built-in ones; ``None``: the engine's filter as it is.
    """

    version: str | None = None
    options: Mapping[str, Json] = field(default_factory=lambda: _NO_OPTIONS, hash=False)
    json_arguments: tuple[str, ...] | None = None
    loop_controls: bool = True
    engine: Engine = ENGINE


class BuiltEngine(WorkerRuntime):
    """An engine built in a certain way, and nothing around it."""

    def __init__(
        self, build: Build, adapter: Adapter, version: str | None = None, limits: Limits | None = None
    ) -> None:
        self._build = build
        if build.json_arguments is not None:
            adapter = replace(adapter, options={**adapter.options, "json_text": True})
        super().__init__(adapter, version, limits)

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        """Render many conversations with one template: one load, one round trip."""
        failure = None if self._build.loop_controls else without_loop_controls(template)
        if failure is not None:
            return [failure] * len(conversations)
        if self._build.json_arguments is not None:
            template = replace(template, text=with_json_filter(template.text, self._build.json_arguments))
        return super().render_all(template, conversations)


def with_json_filter(text: str, honoured: tuple[str, ...] = ()) -> str:
    """Put the worker's JSON filter behind every ``tojson``.

    Keyword arguments that the engine's own filter does not know are taken from it; those that are ``honoured`` go to
    the worker's filter, the others nowhere. A ``tojson`` that is only named, as in ``map('tojson')``, stays as it is.
    """
    from portable_tpl.template.syntax.lexing import lex

    lexed = lex(text)
    edits: list[tuple[int, int, str]] = []
    for index, token in enumerate(lexed.tokens):
        if token.type == "name" and token.value == "tojson" and _applies_filter(lexed.tokens, index):
            edits += _filter_edits(lexed, index, honoured)
    for start, end, new in sorted(edits, reverse=True):
        text = text[: lexed.offset(start)] + new + text[lexed.offset(end) :]
    return text


def without_loop_controls(template: Template) -> Failed | None:
    """The error of an engine that was built without ``break`` and ``continue``, where a template has one."""
    from portable_tpl.template.syntax.lexing import lex

    lexed = lex(template.text)
    for opening, name in zip(lexed.tokens, lexed.tokens[1:], strict=False):
        if opening.type == "block_begin" and name.type == "name" and name.value in ("break", "continue"):
            line = lexed.source.count("\n", 0, name.start) + 1
            return Failed("syntax", f"unknown statement {name.value}", line)
    return None


def _applies_filter(tokens: list[LexToken], index: int) -> bool:
    before = tokens[index - 1] if index else None
    if before is None:
        return False
    if before.type == "pipe":
        return True
    return (
        before.type == "name" and before.value == "filter" and index > 1 and tokens[index - 2].type == "block_begin"
    )


def _filter_edits(lexed: Lexed, index: int, honoured: tuple[str, ...]) -> list[tuple[int, int, str]]:
    tokens = lexed.tokens
    end = tokens[index].end
    if tokens[index + 1].type != "lparen":
        return [(end, end, f"|{JSON_FILTER}")]
    arguments, close = _arguments(tokens, index + 1)
    kept, moved = [], []
    for first, last in arguments:
        source = lexed.source[tokens[first].start : tokens[last].end]
        keyword = tokens[first].value if tokens[first + 1].type == "assign" else None
        if keyword is None or keyword in _BUILTIN_ARGUMENTS:
            kept.append(source)
        elif keyword in honoured:
            moved.append(source)
    call = f"({', '.join(kept)})" if kept else ""
    ours = f"|{JSON_FILTER}({', '.join(moved)})" if moved else f"|{JSON_FILTER}"
    return [(end, tokens[close].end, call + ours)]


def _arguments(tokens: list[LexToken], opening: int) -> tuple[list[tuple[int, int]], int]:
    """First and last token of every argument of a call, and its closing parenthesis."""
    arguments: list[tuple[int, int]] = []
    depth, first = 0, opening + 1
    for index in range(opening, len(tokens)):
        kind = tokens[index].type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth == 0 or (depth == 1 and kind == "comma"):
            if index > first:
                arguments.append((first, index - 1))
            first = index + 1
        if depth == 0:
            return arguments, index
    return arguments, len(tokens) - 1
