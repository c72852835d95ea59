"""The tree is jinja2's own, every node has its place, and nothing but one clear error comes out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError as JinjaSyntaxError

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Span, Template
from portable_tpl.template import ParsedTemplate, parse
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.syntax.walking import names
from tests.template.grammar import scraps, templates
from tests.template.reparsing import as_loaded, outline, reparsed

pytestmark = pytest.mark.filterwarnings("ignore:.*invalid (octal )?escape sequence:DeprecationWarning")

ENVIRONMENT = reference_environment()


def parsed(text: str) -> ParsedTemplate:
    return parse(Template(text))


def expressions(template: ParsedTemplate) -> Iterator[nodes.Node]:
    """The nodes whose text is an expression, or a part of one that can stand alone."""
    for node in template.nodes:
        if any(name.name == "not" for name in names((node,))):
            continue  # in `- not (a)` it is a variable's name, in the text of the call alone it is a negation
        made_by_a_tag = isinstance(node, nodes.ExtensionAttribute) or (
            isinstance(node, nodes.Call) and isinstance(node.node, nodes.ExtensionAttribute)
        )
        if (
            isinstance(node, (nodes.Expr, nodes.Helper))
            and not isinstance(node, nodes.TemplateData)
            and not made_by_a_tag
        ):
            yield node


def assert_lossless(template: ParsedTemplate) -> None:
    assert "".join(token.text for token in template.tokens) == template.text
    assert all(template.text[token.span.start : token.span.end] == token.text for token in template.tokens)
    assert all(token.text.isspace() for token in template.tokens if token.kind == "whitespace")


def assert_nested(template: ParsedTemplate) -> None:
    """Each node has a span, within its parent's, and apart from those of its neighbours in a body."""
    for node in template.nodes:
        span, parent = template.span(node), template.parent(node)
        assert 0 <= span.start <= span.end <= len(template.text)
        assert parent is None or template.span(parent).contains(span), (node, span, parent, template.span(parent))
        for body in (value for _, value in node.iter_fields() if isinstance(value, list)):
            spans = [template.span(item) for item in body if isinstance(item, nodes.Node)]
            assert all(before.end <= after.start for before, after in pairwise(spans))


def assert_reparses(template: ParsedTemplate, known: set[tuple[str, str, type]] | None = None) -> int:
    """The text of each expression parses to an equal node; says how many there are."""
    known = set() if known is None else known
    count = 0
    for node in expressions(template):
        count += 1
        key = (template.source(node), repr(node), type(template.parent(node)))
        if key not in known:
            known.add(key)
            assert as_loaded(reparsed(template, node)) == as_loaded(node)
    return count


def assert_like_jinja2(text: str) -> None:
    """Parses as jinja2 does, or fails with its words on its line; and if it parses, every node is in its place."""
    failure: Exception | None = None
    try:
        expected = ENVIRONMENT.parse(text)
    except (JinjaSyntaxError, SyntaxError) as error:  # the latter: digits beyond ASCII
        failure = error
    if failure is not None:
        with pytest.raises(TemplateSyntaxError) as raised:
            parsed(text)
        if isinstance(failure, JinjaSyntaxError):
            words = " ".join((failure.message or "").split())
            assert (raised.value.reason, raised.value.line) == (words, failure.lineno)
        return
    template = parsed(text)
    assert outline(template.tree) == outline(expected)
    assert template.nodes == [expected, *expected.find_all(nodes.Node)]
    assert_lossless(template)
    assert_nested(template)
    assert_reparses(template)


@settings(max_examples=250, deadline=None)
@given(templates())
@example("{{ (a)[ ] }}{{ ()|first }}{{ ((1),) }}{{ (a, b,)[0] }}")
@example("{{ f((a))((b))|d((c)) is eq((e)) }}")
@example("{{ x is not eq 'a' 'b' }}{{ not (x is in [1]) }}{{ x not in (y) }}{{ -(a).b ** -c|abs }}")
@example("{{ a[(1):(2):(3)] }}{{ a[::] }}{{ a[1:] }}{{ a[:,1::] }}{{ a [ 1 ] . b . 0 }}")
@example("{% set (a), b = (1), (2) %}{% set ns.a, ns.b = 1, %}{% for (a, b) in (c) if (d) %}{% endfor %}")
@example("{% call(x, y=(1)) (m)((1)) %}{% endcall %}{% filter upper|d((1)) %}{% endfilter %}")
@example("{% if (a) %}{% elif (b) %}x{% elif c %}{% else %}y{% endif %}{% print (a), (b) %}{% print %}")
@example("{{ print }}{{ in }}{{ not not(a) }}{{ and and(b) }}{{ a if if else else }}")
@example("{% autoescape (true) %}{{ a }}{% endautoescape %}\r\n\r\n")
@example("{{ a < (b) < c == (d) }}{{ (a) ~ (b) ~ (c) }}{{ (a) + (b) - (c) }}{{ (a if b) if (c) else (d) }}")
@example("{{ -a - b }}{{ - a - b - c }}{{ a and (b and c) or d }}")
def test_templates_parse_as_in_jinja2(text: str) -> None:
    assert_like_jinja2(text)


@settings(max_examples=400, deadline=None)
@given(scraps())
def test_scraps_parse_as_in_jinja2(text: str) -> None:
    assert_like_jinja2(text)


def test_real_templates(corpus_templates: list[Template]) -> None:
    known: set[tuple[str, str, type]] = set()
    count = 0
    for item in corpus_templates:
        template = parse(item)
        assert outline(template.tree) == outline(ENVIRONMENT.parse(item.text)), item.path
        assert_lossless(template)
        assert_nested(template)
        count += assert_reparses(template, known)
    assert count > 50 * len(corpus_templates)


@pytest.mark.parametrize(
    "text, kind, expected",
    [
        ("x{{ (a.b) }}y", nodes.Getattr, "a.b"),
        ("x{{ (a).b }}y", nodes.Getattr, "(a).b"),
        ("x{{ (a.b) }}y", nodes.Output, "x{{ (a.b) }}y"),
        ("{{ (1, 2) }}", nodes.Tuple, "(1, 2)"),
        ("{{ f((1, 2)) }}", nodes.Tuple, "(1, 2)"),
        ("{{ f((a)) }}", nodes.Call, "f((a))"),
        ("{{ a | b(1) | c }}", nodes.Filter, "a | b(1) | c"),
        ("{{ a == (b) }}", nodes.Operand, "== (b)"),
        ("{{ a not in b }}", nodes.Operand, "not in b"),
        ("{{ f(k = (v)) }}", nodes.Keyword, "k = (v)"),
        ("{{ {'k' : (v)} }}", nodes.Pair, "'k' : (v)"),
        ("a\n  {%- if x -%} y {% endif %}\nb", nodes.If, "{%- if x -%} y {% endif %}"),
        ("a\n  {%- if x -%} y {% endif %}\nb", nodes.TemplateData, "a"),
        ("{% for a in b %}{% else %}{% endfor %} ", nodes.For, "{% for a in b %}{% else %}{% endfor %}"),
        ("{% set a %}{% set b = 1 %}{% endset %}", nodes.AssignBlock, "{% set a %}{% set b = 1 %}{% endset %}"),
        ("{% set a %}{% set b = 1 %}{% endset %}", nodes.Assign, "{% set b = 1 %}"),
        (" {%- break +%}\n", nodes.Break, "{%- break +%}"),
        ("{% generation %}a{% endgeneration %}", nodes.CallBlock, "{% generation %}a{% endgeneration %}"),
        ("{% generation %}a{% endgeneration %}", nodes.Call, "generation"),
        ("a\r\nb{{\r\nc\r\n}}\r\n", nodes.Name, "c"),
        ("{% raw %}{{ a }}{% endraw %}", nodes.TemplateData, "{{ a }}"),
    ],
)
def test_spans(text: str, kind: type[nodes.Node], expected: str) -> None:
    template = parsed(text)
    assert template.source(next(node for node in template.nodes if type(node) is kind)) == expected


def test_span_of_an_elif_ends_where_the_next_branch_begins() -> None:
    template = parsed("{% if a %}1{% elif b %}2{% if c %}{% else %}{% endif %}{% elif d %}{% else %}3{% endif %}")
    chain = template.tree.body[0]
    assert isinstance(chain, nodes.If)
    assert [template.source(node) for node in chain.elif_] == [
        "{% elif b %}2{% if c %}{% else %}{% endif %}",
        "{% elif d %}",
    ]


def test_root() -> None:
    template = parsed("")
    assert (template.span(template.tree), template.parent(template.tree), template.tokens) == (Span(0, 0), None, ())


def test_token_kinds() -> None:
    template = parsed("a {#- b -#} \n{%- raw %}{{{% endraw -%} {{ x[2]|d('s', 1.5) }}\n")
    assert [(token.kind, token.text) for token in template.tokens if token.kind != "whitespace"] == [
        ("data", "a"),
        ("comment", "{#- b -#}"),
        ("raw_begin", "{%- raw %}"),
        ("data", "{{"),
        ("raw_end", "{% endraw -%}"),
        ("variable_begin", "{{"),
        ("name", "x"),
        ("operator", "["),
        ("integer", "2"),
        ("operator", "]"),
        ("operator", "|"),
        ("name", "d"),
        ("operator", "("),
        ("string", "'s'"),
        ("operator", ","),
        ("float", "1.5"),
        ("operator", ")"),
        ("variable_end", "}}"),
    ]


def test_comments() -> None:
    template = parsed("a{#- b\r\n-#}\r\n{# c #}{##}{#-#}{#+d+#}{#")
    assert [comment.text for comment in template.comments] == [" b\r\n", " c ", "", "", "d"]
    assert template.text[slice(*template.comments[0].span)] == "{#- b\r\n-#}"


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("a\n{{", 2, "end of template"),
        ("a\n{{ b", 2, "end of template"),
        ("{% if a %}\n{{ b }}", 2, "endif"),
        ("\n{# a", 2, "comment"),
        ("\r\n\r{% raw %}a", 3, "raw"),
        ("{{ a\0 }}", 1, "\\x00"),
        ("\n{% foo %}", 2, "unknown tag 'foo'"),
        ("\n{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", 2, "nested too deeply"),
        ("{% if a %}" * 2000 + "{% endif %}" * 2000, 1, "nested too deeply"),
        ("{{ " + "-" * 5000 + "1 }}", 1, "nested too deeply"),
    ],
)
def test_errors(text: str, line: int, words: str) -> None:
    with pytest.raises(TemplateSyntaxError) as raised:
        parse(Template(text, path="t.jinja"))
    assert raised.value.line == line
    assert words in raised.value.reason
    assert str(raised.value).startswith(f"t.jinja:{line}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1" + " + 1" * 5000 + " }}",
        "{{ x" + "|upper" * 5000 + " }}",
        "{{ x" + ".y" * 5000 + "[0]" * 5000 + " }}",
        "{% if a %}" + "{% elif b %}c" * 3000 + "{% endif %}",
    ],
    ids=["sum", "filters", "attributes", "elifs"],
)
def test_deep_trees_have_spans(text: str) -> None:
    template = parsed(text)
    assert template.span(template.tree.body[0]) == Span(0, len(text))
    assert_lossless(template)


def test_two_megabytes() -> None:
    text = ("word " * 20 + "\n") * 10_000 + "{{ a" + " " * 1_000_000 + "}}" + "{# b #}\n" * 5_000
    began = time.perf_counter()
    template = parsed(text)
    assert template.source(template.nodes[-1]) == "a"
    assert_lossless(template)
    assert time.perf_counter() - began < 20
