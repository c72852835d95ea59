"""The parser's short cuts, beside jinja2's own parser on the same tokens: nodes, anchors and errors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import nodes
from jinja2.parser import Parser

from portable_tpl.model.source import Template
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.syntax.expression_parser import ExpressionParser, nests_deep
from portable_tpl.template.syntax.lexing import LexError, lex
from portable_tpl.template.syntax.parsing import _Stream
from tests.template.grammar import scraps, templates

ENVIRONMENT = reference_environment()
WORDS = [
    "a",
    "b.c",
    "x['y']",
    "1",
    "1.5",
    "'s'",
    "'s't'",
    "not",
    "and",
    "or",
    "if",
    "else",
    "in",
    "is",
    "not_in",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "~",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "|",
    "f(1)",
    "|upper",
    "is_defined",
    "is_not_none",
    "==",
    "!=",
    "<",
    ">",
    "<=",
    ".",
    "none",
    "true",
    "for",
    "=",
    "a[1:]",
    "-a",
]


def outcome(parser: type[Parser], text: str) -> Any:
    """The whole tree with the anchor of each node, or how the parser refuses."""
    made = parser(ENVIRONMENT, "")
    try:
        made.stream = _Stream(lex(text))
        return told(nodes.Template(made.subparse(), lineno=0))
    except (LexError, Exception) as error:  # whatever jinja2's own parser raises is what is to be raised
        return type(error).__name__, str(error), getattr(error, "lineno", None)


def told(value: Any) -> Any:
    """A node as nested tuples, with types where equal values could be confused (1, 1.0 and true)."""
    if isinstance(value, nodes.Node):
        return type(value).__name__, value.lineno, [told(getattr(value, field)) for field in value.fields]
    return [told(item) for item in value] if isinstance(value, list) else (type(value).__name__, repr(value))


@settings(max_examples=300, deadline=None)
@given(templates())
def test_templates(text: str) -> None:
    assert outcome(ExpressionParser, text) == outcome(Parser, text)


@settings(max_examples=300, deadline=None)
@given(scraps())
def test_scraps(text: str) -> None:
    assert outcome(ExpressionParser, text) == outcome(Parser, text)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
@example(["a", "if", "b", "if", "c", "else", "d"])
@example(["a", "not_in", "b", "and", "not", "c", "or", "d"])
@example(["-a", "**", "b", "**", "c", "*", "d", "~", "e"])
def test_words(words: list[str]) -> None:
    text = "{{ " + " ".join(words).replace("_", " ") + " }}"
    assert outcome(ExpressionParser, text) == outcome(Parser, text)


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("{{ " + "(" * 40 + "a" + ")" * 40 + " }}", True),
        ("{{ " + "not " * 70 + "a }}", True),
        ("{{ " + "a if b else " * 30 + "c }}", True),
        ("{{ " + "- " * 70 + "a }}", True),
        ("{{ " + "a + " * 200 + "b }}", False),
        ("{{ " + "a - " * 200 + "b }}", False),
        ("{{ " + "f(a), " * 100 + "b }}", False),
        ("{{ not a }}" * 100, False),
    ],
)
def test_what_nests_deep(text: str, deep: bool) -> None:
    assert nests_deep(lex(text)) is deep


def test_real_templates_are_not_deep(corpus_templates: list[Template]) -> None:
    assert not [item.path for item in corpus_templates if nests_deep(lex(item.text))]
