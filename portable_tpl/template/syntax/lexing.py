"""Cut a template into jinja2's tokens in one pass, and keep where each of them stands.

jinja2's own lexer gives neither offsets nor what it drops, and it tries one regular expression after another at each
place. This one gives the same tokens from one expression a tag, so that offsets cost nothing. It follows
``jinja2.lexer.Lexer`` (3.1) under the reference's settings: the usual delimiters, trim_blocks, lstrip_blocks, no line
statements, no line comments. Tests compare the two over real and generated templates.

Offsets count in the *normalised* source, in which every line end is ``\\n`` and the last one is gone;
:class:`Lexed` translates them into offsets of the template's text.
"""

from __future__ import annotations

import re
import warnings
from ast import literal_eval
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, NamedTuple

from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import TOKEN_EOF, float_re, integer_re, name_re, operators, string_re  # type: ignore[attr-defined]

# Group numbers of _VARIABLE and _BLOCK below. Inner groups of jinja2's expressions close before these do. A name with
# letters beyond ASCII is tried after all these: its expression is large, and takes long to compile. So would be one
# for what goes on with a word; the expression names what does not, ASCII's other characters, and takes the contrary.
_TOKEN = (
    r"\s*(?:(?P<word>[a-zA-Z_][a-zA-Z0-9_]*(?![^\0-/:-@\[-^`{{-\x7f]))|(?P<end>{end})|(?P<operator>{operator})"
    r"|(?P<string>(?s:{string}))|(?P<float>(?ix:{float}))|(?P<integer>(?ix:{integer})))"
)
_OPERATORS = "|".join(re.escape(text) for text in sorted(operators, key=len, reverse=True))


def _tag_expression(end: str) -> re.Pattern[str]:
    return re.compile(
        _TOKEN.format(
            end=end,
            operator=_OPERATORS,
            string=string_re.pattern,
            float=float_re.pattern,
            integer=integer_re.pattern,
        )
    )


_VARIABLE = _tag_expression(r"-?\}\}")
_BLOCK = _tag_expression(r"[-+]?%\}")
_WORD, _END, _OPERATOR = (_BLOCK.groupindex[name] for name in ("word", "end", "operator"))
_KINDS = {number: name for name, number in _BLOCK.groupindex.items()}
_ONE_OPERATOR = re.compile(_OPERATORS)
_OPENING = re.compile(r"(?P<raw>\{%(?P<raw_sign>[-+]?)\s*raw\s*(?P<raw_end>-?)%\})|\{(?P<kind>[{%#])(?P<sign>[-+]?)")
_COMMENT_END = re.compile(r"[-+]?#\}")
_RAW_END = re.compile(r"\{%([-+]?)\s*endraw\s*([-+]?)%\}")
_SPACE = re.compile(r"\s*")
_LINE_END = re.compile(r"\r\n?|\n")
# Not all that Python knows, but nearly all that templates use.
_KNOWN_ESCAPES = re.compile(r"(?:[^\\]|\\[\\'\"nrt])*")
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = frozenset(_CLOSER.values())


class LexToken(NamedTuple):
    """One token as jinja2's parser wants it, with more.

    The parser hands ``lineno`` on to the nodes it makes; here it is the token's index, so that each node knows its
    token. ``key`` is what ``test`` compares besides ``type``: ``name:`` and the name, or the type again.
    """

    lineno: int
    type: str
    value: Any
    key: str
    start: int
    end: int

    def test(self, expr: str) -> bool:
        """Whether this token is of a type, or is one certain name (``name:in``)."""
        return expr == self.type or expr == self.key

    def test_any(self, *exprs: str) -> bool:
        """Whether :meth:`test` holds for one of the expressions."""
        return self.type in exprs or self.key in exprs


class Trivia(NamedTuple):
    """A part of the source that the parser never sees: ``comment``, ``raw_begin`` or ``raw_end``."""

    kind: str
    start: int
    end: int


class LexError(TemplateSyntaxError):
    """A syntax error whose line is already a line, not the index of a token."""


@dataclass(frozen=True)
class Lexed:
    """All tokens of a template up to its end or up to the first error.

    ``carriage_returns`` holds, in order, the offsets in ``source`` at which the text has two characters for one.
    """

    source: str
    tokens: list[LexToken]
    trivia: list[Trivia]
    carriage_returns: list[int]
    error: LexError | None

    def offset(self, position: int) -> int:
        """The offset in the template's text of an offset in the normalised source."""
        if not self.carriage_returns:
            return position
        return position + bisect_left(self.carriage_returns, position)


def lex(text: str) -> Lexed:
    """All tokens of a template; an error in it is noted, and comes up when the parser gets there."""
    source, carriage_returns = _normalise(text)
    lexer = _Lexer(source)
    error = None
    try:
        lexer.run()
        last = len(lexer.tokens) - 1
        lexer.tokens.append(LexToken(max(last, 0), TOKEN_EOF, "", TOKEN_EOF, len(source), len(source)))
    except LexError as raised:
        error = raised
    return Lexed(source, lexer.tokens, lexer.trivia, carriage_returns, error)


def _normalise(text: str) -> tuple[str, list[int]]:
    source, pairs = text, []
    if "\r" in text:
        pairs = [match.start() - index for index, match in enumerate(re.finditer("\r\n", text))]
        source = _LINE_END.sub("\n", text)
    return source.removesuffix("\n"), pairs


class _Lexer:
    """One pass over a template, left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens: list[LexToken] = []
        self.trivia: list[Trivia] = []

    def run(self) -> None:
        source, end, position = self.source, len(self.source), 0
        while position < end:
            match = _OPENING.search(source, position)
            if match is None:
                self._add("data", source[position:], position, end)
                return
            kind = match["kind"]
            self._data(position, match.start(), match["raw_sign"] if kind is None else match["sign"], kind == "{")
            position = match.end()
            if kind == "%":
                self._add("block_begin", match[0], match.start(), position)
                position = self._tag(position, _BLOCK, "block_end")
            elif kind == "{":
                self._add("variable_begin", match[0], match.start(), position)
                position = self._tag(position, _VARIABLE, "variable_end")
            elif kind == "#":
                position = self._comment(match.start(), position)
            else:
                position = self._raw(match)

    def _add(self, kind: str, value: Any, start: int, end: int) -> None:
        self.tokens.append(LexToken(len(self.tokens), kind, value, kind, start, end))

    def _data(self, start: int, end: int, sign: str, variable: bool) -> None:
        """Text up to a tag, less what the tag's sign or lstrip_blocks takes away."""
        source = self.source
        if sign == "-":
            end = start + len(source[start:end].rstrip())
        elif not sign and not variable:
            line = source.rfind("\n", start, end) + 1
            if not line and (start == 0 or source[start - 1] == "\n"):
                line = start
            elif not line:
                line = end
            if source[line:end].isspace():
                end = line
        if start < end:
            self._add("data", source[start:end], start, end)

    def _after(self, position: int, sign: str, trims: bool) -> int:
        """Where text goes on after a tag's end."""
        if sign == "-":
            return _SPACE.match(self.source, position).end()  # type: ignore[union-attr]  # matches anything
        if trims and sign != "+" and self.source.startswith("\n", position):
            return position + 1
        return position

    def _comment(self, start: int, position: int) -> int:
        match = _COMMENT_END.search(self.source, position)
        if match is None:
            position = self._missing("Missing end of comment tag", position)
            self.trivia.append(Trivia("comment", start, position))
            return position
        self.trivia.append(Trivia("comment", start, match.end()))
        return self._after(match.end(), match[0][0], trims=True)

    def _raw(self, opening: re.Match[str]) -> int:
        self.trivia.append(Trivia("raw_begin", opening.start(), opening.end()))
        position = self._after(opening.end(), opening["raw_end"], trims=False)
        match = _RAW_END.search(self.source, position)
        if match is None:
            return self._missing("Missing end of raw directive", position)
        self._data(position, match.start(), match[1], variable=False)
        self.trivia.append(Trivia("raw_end", match.start(), match.end()))
        return self._after(match.end(), match[2], trims=True)

    def _missing(self, message: str, position: int) -> int:
        # jinja2 looks for the end only where a character is left: a template may end in a bare `{#`.
        if position < len(self.source):
            raise self._error(message, position)
        return position

    def _error(self, message: str, position: int) -> LexError:
        return LexError(message, self.source.count("\n", 0, position) + 1)

    def _tag(self, position: int, expression: re.Pattern[str], end_type: str) -> int:
        """The tokens of one tag; gives the place after it."""
        source, tokens, match_at = self.source, self.tokens, expression.match
        append, new = tokens.append, tuple.__new__
        open_brackets: list[str] = []
        while True:
            match = match_at(source, position)
            if match is None:
                start = _SPACE.match(source, position).end()  # type: ignore[union-attr]  # matches anything
                name = name_re.match(source, start)
                if name is None:
                    return self._no_token(start)
                position = name.end()
                self._literal("name", name[0], start, position)
                continue
            group: int = match.lastindex  # type: ignore[assignment]  # one group always takes part
            text = match[group]
            position = match.end()
            start = position - len(text)
            if group == _WORD:
                append(new(LexToken, (len(tokens), "name", text, "name:" + text, start, position)))
                continue
            if group == _END:
                if not open_brackets:
                    append(new(LexToken, (len(tokens), end_type, text, end_type, start, position)))
                    return self._after(position, text[0], trims=end_type == "block_end")
                text = _ONE_OPERATOR.match(source, start)[0]  # type: ignore[index]  # each end starts with one
                group, position = _OPERATOR, start + len(text)
            if group == _OPERATOR:
                kind = operators[text]
                append(new(LexToken, (len(tokens), kind, text, kind, start, position)))
                if text in _CLOSER:
                    open_brackets.append(_CLOSER[text])
                elif text in _CLOSERS:
                    self._close(open_brackets, text, start)
            else:
                self._literal(_KINDS[group], text, start, position)

    def _no_token(self, position: int) -> int:
        if position < len(self.source):
            raise self._error(f"unexpected char {self.source[position]!r} at {position}", position)
        return position

    def _close(self, open_brackets: list[str], text: str, start: int) -> None:
        expected = open_brackets.pop() if open_brackets else None
        if expected == text:
            return
        self.tokens.pop()  # the parser must not get further than with jinja2's lexer
        ending = f", expected {expected!r}" if expected else ""
        raise self._error(f"unexpected {text!r}{ending}", start)

    def _literal(self, kind: str, text: str, start: int, end: int) -> None:
        """A string, a number, or a name with letters beyond ASCII."""
        value: Any = text
        key = kind
        try:
            if kind == "string":
                value = text[1:-1]
                if "\\" in value:
                    value = _unescaped(value)
            elif kind == "integer":
                value = int(text.replace("_", ""), 0)
            elif kind == "float":
                value = literal_eval(text.replace("_", ""))
            elif text.isidentifier():
                key = "name:" + text
            else:
                raise self._error("Invalid character in identifier", start)
        except SyntaxError as error:  # digits beyond ASCII; jinja2 lets it escape as it is, like the next one
            raise self._error(error.msg, start) from error
        except ValueError as error:  # a wrong escape in a string, or more digits than Python takes
            raise self._error(str(error).split(":")[-1].strip(), start) from error
        self.tokens.append(LexToken(len(self.tokens), kind, value, key, start, end))


def _unescaped(text: str) -> str:
    """What jinja2 reads for a string with backslashes: Python's escapes, and an unknown one as it stands."""
    escaped = text.encode("ascii", "backslashreplace")
    if _KNOWN_ESCAPES.fullmatch(text):
        return escaped.decode("unicode-escape")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python's about an unknown escape, for those who write it
        return escaped.decode("unicode-escape")
