"""Our tokens against those of jinja2's own lexer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from jinja2.exceptions import TemplateSyntaxError

from portable_tpl.model.source import Template
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.syntax.lexing import lex
from tests.template.grammar import scraps, templates

# jinja2's lexer lets Python's warning about unknown escapes in strings through; ours does not.
pytestmark = pytest.mark.filterwarnings("ignore:.*invalid (octal )?escape sequence:DeprecationWarning")

ENVIRONMENT = reference_environment()
Row = tuple[object, ...]


def of_jinja(text: str) -> list[Row]:
    """jinja2's tokens and the error they end with; delimiters without the white space that they take along."""
    rows: list[Row] = []
    lexer = ENVIRONMENT.lexer
    try:
        for token in lexer.wrap(lexer.tokeniter(text, None)):
            delimiter = token.type.endswith(("_begin", "_end"))
            rows.append((token.lineno, token.type, token.value.strip() if delimiter else token.value))
    except TemplateSyntaxError as error:
        rows.append((error.message, error.lineno))
    except SyntaxError as error:  # digits beyond ASCII: no TemplateSyntaxError in jinja2
        rows.append((error.msg,))
    return rows


def of_ours(text: str) -> list[Row]:
    lexed = lex(text)
    rows: list[Row] = [
        (lexed.source.count("\n", 0, token.start) + 1, token.type, token.value)
        for token in lexed.tokens
        if token.type != "eof"
    ]
    if lexed.error is not None:
        message = lexed.error.message or ""
        rows.append((message,) if message.startswith("invalid character '") else (message, lexed.error.lineno))
    return rows


def assert_offsets(text: str) -> None:
    """Each token's offsets lead to its own text, in order and without overlap."""
    lexed = lex(text)
    pieces = [(token.start, token.end) for token in lexed.tokens]
    pieces += [(trivia.start, trivia.end) for trivia in lexed.trivia]
    pieces.sort()
    assert all(before[1] <= after[0] for before, after in pairwise(pieces))
    for token in lexed.tokens:
        found = text[lexed.offset(token.start) : lexed.offset(token.end)]
        if token.type == "name" or token.type.endswith(("_begin", "_end")):
            assert found == token.value
        elif token.type == "data":
            assert found.replace("\r\n", "\n").replace("\r", "\n") == token.value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\r\n",
        "a\n\n",
        "{#",
        "{# a",
        "{#-#}",
        "{#- a -#}  b",
        "{% raw %}",
        "{% raw %}{{ a }}",
        "  {%- raw -%}  {{ a }}  {%- endraw -%}  b",
        "  {% raw %}\n {{ a }}\n  {% endraw %}\nb",
        "  {% raw -%}\n  {% endraw +%}\nb",
        "{{-1}}",
        "{{ - 1 }}",
        "{{+1}}",
        "{{ a -}}\n\n b",
        "{% if a +%}\nb{%+ endif %}",
        "\t{%- if a -%}\r\n\r\n{% endif %}",
        "x  {% if a %}\n  {% endif %}\n",
        "{{ {'a': {'b': 1}} }}",
        "{{ {'a': 1 %}",
        "{{ (a] }}",
        "{{ ) }}",
        "{{ a }} }}",
        "{{ 'a\r\nb' }}",
        "{{ 'a\\\nb\\\"' }}",
        "{{ '\\x' }}",
        "{{ 'a }}",
        "{{ 1.5.2 a.0.1 1_0 1__0 0x_f 1e5 .5 5. 007 }}",
        "{{ é ﬁ a² ª ·a ١ }}",
        "{{ ١.٥ }}",
        "{{ a!b }}",
        "{{ a != b // c ** d >= e <= f ~ g; }}",
        "\u2003{% if a %}\u2003\n{% endif %}",
        "{{ a\u2003b }}",
        "\x1c {% if a %}",
        "{{\0}}",
        "\0",
    ],
)
def test_tokens_are_those_of_jinja2(text: str) -> None:
    assert of_ours(text) == of_jinja(text)
    assert_offsets(text)


@settings(max_examples=600, deadline=None)
@given(scraps())
def test_tokens_of_scraps_are_those_of_jinja2(text: str) -> None:
    assert of_ours(text) == of_jinja(text)
    assert_offsets(text)


@settings(max_examples=150, deadline=None)
@given(templates())
def test_tokens_of_templates_are_those_of_jinja2(text: str) -> None:
    assert of_ours(text) == of_jinja(text)
    assert_offsets(text)


def test_tokens_of_real_templates_are_those_of_jinja2(corpus_templates: list[Template]) -> None:
    assert [item.path for item in corpus_templates if of_ours(item.text) != of_jinja(item.text)] == []


def test_more_digits_than_python_reads_are_a_syntax_error() -> None:
    error = lex("\n{{ " + "1" * 5000 + " }}").error
    assert error is not None
    assert (error.lineno, "digits" in (error.message or "")) == (2, True)


@pytest.mark.filterwarnings("error")
def test_unknown_escapes_stay_and_do_not_warn() -> None:
    tokens = lex(r"""{{ '\d \\ \n \' \x41 \400' }}""").tokens
    assert tokens[1].value == "\\d \\ \n ' A \u0100"
