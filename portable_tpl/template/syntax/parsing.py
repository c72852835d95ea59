"""Parse a template into jinja2's own tree, with the place of every node.

The tree comes from jinja2's own parser, so what parses here is what parses in the reference. The parser is fed tokens
that carry their index where it expects a line number; after the parse each node's index is put aside as its *anchor*
and the true line number takes its place.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, cast

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError as JinjaSyntaxError
from jinja2.lexer import Token as JinjaToken
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Span, Template
from portable_tpl.model.words import in_one_line
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.syntax.lexing import Lexed, LexError, lex
from portable_tpl.template.syntax.walking import child_fields, children

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from portable_tpl.template.syntax.spans import Extents
    from portable_tpl.template.syntax.tokens import Comment, Token

TOO_DEEP = "it is nested too deeply"


class ParsedTemplate:
    """A template and its tree. The tree is not to be changed: compiling does that, too."""

    def __init__(self, template: Template, lexed: Lexed, tree: nodes.Template) -> None:
        self.template = template
        self.text = template.text
        self.tree = tree
        self.lexed = lexed
        self.nodes, self.parents, self.anchors = _index(tree, lexed)

    def span(self, node: nodes.Node) -> Span:
        """The place of a node of this tree.

        An expression's span leaves out brackets that only group it (a tuple's own are part of it). A statement's span
        reaches from its first delimiter to the last one of its end tag, and that of printed text and values over all
        that the one ``Output`` node prints. A branch (``elif``) ends where the next one begins.
        """
        return Span(0, len(self.text)) if node is self.tree else self._extents.span(node)

    def source(self, node: nodes.Node) -> str:
        """The text of a node, as the template has it."""
        start, end = self.span(node)
        return self.text[start:end]

    def parent(self, node: nodes.Node) -> nodes.Node | None:
        """The node that holds this one; ``None`` for the root."""
        return self.parents.get(node)

    def beneath(self, node: nodes.Node) -> list[nodes.Node]:
        """A node and all nodes that it holds, in pre-order."""
        start, end = self._range(node)
        return self.nodes[start:end]

    def reads(self, node: nodes.Node, wanted: Iterable[str]) -> bool:
        """Whether a variable of one of these names is read in a node."""
        start, end = self._range(node)
        for name in wanted:
            places = self._loads.get(name, ())
            at = bisect_left(places, start)
            if at < len(places) and places[at] < end:
                return True
        return False

    def _range(self, node: nodes.Node) -> tuple[int, int]:
        """The places in ``nodes`` of a node and of what comes after all that it holds."""
        last = node
        while parts := children(last):
            last = parts[-1]
        return self._places[id(node)], self._places[id(last)] + 1

    def after_name(self, node: nodes.Filter | nodes.Test) -> int:
        """The index, in ``lexed.tokens``, of the token after a filter's or test's name."""
        return self._extents.after_name(node)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens, white space and comments included; joined, they are the text."""
        from portable_tpl.template.syntax.tokens import lossless

        return lossless(self.text, self.lexed)

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The template's comments in order."""
        from portable_tpl.template.syntax.tokens import comments

        return comments(self.text, self.lexed)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(node): index for index, node in enumerate(self.nodes)}

    @cached_property
    def _loads(self) -> dict[str, list[int]]:
        """Where in ``nodes`` each name is read, in order."""
        loads: dict[str, list[int]] = {}
        for index, node in enumerate(self.nodes):
            if node.__class__ is nodes.Name and node.ctx == "load":
                loads.setdefault(node.name, []).append(index)
        return loads

    @cached_property
    def _extents(self) -> Extents:
        from portable_tpl.template.syntax.span_rules import rule_for
        from portable_tpl.template.syntax.spans import Extents

        return Extents(self.lexed, self.nodes, self.anchors, rule_for)


def parse(template: Template) -> ParsedTemplate:
    """Parse a template; raises :class:`TemplateSyntaxError`, and nothing else."""
    lexed = lex(template.text)
    return ParsedTemplate(template, lexed, _tree(lexed, template))


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    return reference_environment()


def _tree(lexed: Lexed, template: Template) -> nodes.Template:
    where = template.label
    parser = Parser(_environment(), "")
    try:
        parser.stream = _Stream(lexed)
        return nodes.Template(parser.subparse(), lineno=0)
    except LexError as error:
        raise TemplateSyntaxError(in_one_line(error.message or ""), error.lineno, where) from error
    except JinjaSyntaxError as error:
        line = _line(lexed, error.lineno)
        raise TemplateSyntaxError(in_one_line(error.message or ""), line, where) from error
    except RecursionError:
        line = _line(lexed, parser.stream.current.lineno)
    raise TemplateSyntaxError(TOO_DEEP, line, where)


def _line(lexed: Lexed, anchor: int) -> int:
    position = lexed.tokens[anchor].start if lexed.tokens else 0
    return lexed.source.count("\n", 0, position) + 1


def _index(
    tree: nodes.Template, lexed: Lexed
) -> tuple[list[nodes.Node], dict[nodes.Node, nodes.Node], dict[nodes.Node, int]]:
    """All nodes in pre-order, their parents and anchors; sets their line numbers and environment on the way."""
    environment, starts, lines = _environment(), [token.start for token in lexed.tokens], _line_starts(lexed.source)
    order: list[nodes.Node] = []
    parents: dict[nodes.Node, nodes.Node] = {}
    anchors: dict[nodes.Node, int] = {}
    todo: list[nodes.Node] = [tree]
    while todo:
        node = todo.pop()
        order.append(node)
        node.environment = environment
        anchor = node.lineno
        if anchor is not None:
            anchors[node] = anchor
            node.lineno = bisect_right(lines, starts[anchor])
        if child_fields(node.__class__):
            for child in reversed(children(node)):
                parents[child] = node
                todo.append(child)
    tree.lineno = 1
    return order, parents, anchors


def _line_starts(source: str) -> list[int]:
    starts = [0]
    position = source.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = source.find("\n", position + 1)
    return starts


class _Stream(TokenStream):
    """jinja2's token stream over a list: the same answers in a fraction of the time."""

    def __init__(self, lexed: Lexed) -> None:
        self.name = self.filename = None
        self.closed = False
        self._tokens = cast("list[Any]", lexed.tokens)  # they have all that the parser asks of a jinja2 Token
        self._error = lexed.error
        self._at = -1
        self.current: JinjaToken = JinjaToken(0, "initial", "")
        next(self)

    def __bool__(self) -> bool:
        return self.current[1] != "eof"

    def __next__(self) -> JinjaToken:
        current = self.current
        at = self._at + 1
        try:
            self.current = self._tokens[at]
        except IndexError:
            self._end()
        else:
            self._at = at
        return current

    def _end(self) -> None:
        # A lexer's error comes up when the parser gets there, since one of the parser's own may come before.
        if self._error is not None:
            raise self._error

    def look(self) -> JinjaToken:
        """The token after the current one."""
        try:
            return cast(JinjaToken, self._tokens[self._at + 1])
        except IndexError:
            self._end()
            return self.current

    def skip_if(self, expr: str) -> bool:
        """Go on by one token if the current one passes a test, and say whether it did."""
        current = self._tokens[self._at]
        if expr == current[1] or expr == current[3]:
            next(self)
            return True
        return False

    def next_if(self, expr: str) -> JinjaToken | None:
        """The current token, left behind, if it passes a test."""
        current = self.current
        return current if self.skip_if(expr) else None

    def expect(self, expr: str) -> JinjaToken:
        """The current token, left behind; raises jinja2's own error if it does not pass a test."""
        current = self._tokens[self._at]
        if expr == current[1] or expr == current[3]:
            return next(self)
        return super().expect(expr)
