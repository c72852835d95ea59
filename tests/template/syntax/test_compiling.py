"""What the reference cannot compile is refused, and nothing else is."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import example, given, settings

from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Template
from portable_tpl.template import ParsedTemplate, compile_check, parse
from portable_tpl.template.syntax.compiling import doubtful
from portable_tpl.template.syntax.environment import reference_environment
from tests.template.grammar import templates
from tests.template.reparsing import outline

pytestmark = pytest.mark.filterwarnings("ignore:.*invalid (octal )?escape sequence:DeprecationWarning")

ENVIRONMENT = reference_environment()
ENVIRONMENT.optimized = False  # generated templates hold powers of powers


def parsed(text: str) -> ParsedTemplate:
    return parse(Template(text))


def refused_by_jinja2(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            ENVIRONMENT.compile(text)
        except Exception:  # of all sorts: jinja2's own, Python's SyntaxError, assertions
            return True
    return False


def refused(template: ParsedTemplate) -> bool:
    try:
        compile_check(template)
    except TemplateSyntaxError:
        return True
    return False


@settings(max_examples=150, deadline=None)
@given(templates())
@example("{{ x[a:b, c] }}")
@example("{{ x[a:b] }}")
@example("{{ f(a=1, b=2, a=3) }}")
@example("{{ x|default(_x=1, caller=2) }}")
@example("{% for a in b %}{{ f(_loop_vars=1) }}{% endfor %}")
@example("{% call m(caller=1) %}{% endcall %}")
@example("{{ f(__debug__=1) }}{{ f(class=1, None=2) }}")
@example("{{ f(ﬁ=1, fi=2) }}{% macro m(ﬁ, fi) %}{% endmacro %}")
@example("{% macro m(self, missing, context) %}{{ self }}{% endmacro %}")
@example("{% macro m(caller) %}{{ caller() }}{% endmacro %}")
@example("{% for a in b %}{% else %}{% break %}{% endfor %}")
@example("{% for a in b %}{% for c in d %}{% else %}{% continue %}{% endfor %}{% endfor %}")
@example("{% for a in b %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}")
@example("{% for a in b %}{% generation %}{% break %}{% endgeneration %}{% endfor %}")
@example("{% for a in b recursive %}{% filter upper %}{% break %}{% endfilter %}{% endfor %}")
@example("{% for a in b %}{% set loop = 1 %}{% endfor %}")
@example("{% set loop = 1 %}{{ loop }}")
@example("{% set x | default(1) | replace('a', b=y) %}{% endset %}")
@example("{{ 0x" + "f" * 5000 + " }}")
@example("{% set () = x %}{% set (), a = x %}{% for () in x %}{% endfor %}")
@example("{% set ns.a, ns.b = 1, 2 %}{% set ns.a %}{% endset %}")
@example("{{ 1e999 }}{{ -1.5 }}{{ 'a'[1:] }}{{ 1[0] }}{{ {1: 2}[::2] }}")
def test_refuses_what_jinja2_refuses(text: str) -> None:
    try:
        template = parsed(text)
    except TemplateSyntaxError:
        return
    assert refused(template) == refused_by_jinja2(text)


@pytest.mark.parametrize("depth", [5, 10, 13, 16, 19, 22, 33, 36, 39, 42, 60])
@pytest.mark.parametrize(
    "start, end",
    [
        ("{% for a in b %}", "{% endfor %}"),
        ("{% for a in b if c recursive %}", "{% endfor %}"),
        ("{% if a %}", "{% endif %}"),
        ("{% macro m(a=b) %}", "{% endmacro %}"),
        ("{% generation %}", "{% endgeneration %}"),
        ("{{ f(a, b=g(", ")) }}"),
        ("{{ -(a is defined and not (", ")) }}"),
        ("{{ x[{1: [(", ",)]}] }}"),
        ("{{ (a if b else (", ")) }}"),
        ("{{ (x|default((", "))).y }}"),
    ],
)
def test_nesting(start: str, end: str, depth: int) -> None:
    if start.startswith("{{"):
        text = "{{ " + start[3:] * depth + "1" + end[:-3] * depth + " }}"
    else:
        text = start * depth + end * depth
    try:
        template = parsed(text)
    except TemplateSyntaxError:
        return
    assert refused(template) == refused_by_jinja2(text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("\n{{ a|nope }}", "No filter named 'nope'."),
        ("\n{{ a is nope }}", "No test named 'nope'."),
        ("{% block a %}{% endblock %}\n{% block a %}{% endblock %}", "block 'a' defined twice"),
        ("\n{% for loop in a %}{% endfor %}", "special loop variable"),
        ("{% break %}", "outside loop"),
        ("{% macro m(a, a) %}{% endmacro %}", "duplicate argument"),
        ("{% for a in b %}" * 21 + "{% endfor %}" * 21, "nested"),
        ("{% set x | default(y) %}{% endset %}", "'y'"),
        ("{{ 1" + " + 1" * 5000 + " }}", "nested too deeply"),
    ],
)
def test_what_does_not_compile(text: str, words: str) -> None:
    template = parsed(text)
    with pytest.raises(TemplateSyntaxError, match=words) as raised:
        compile_check(template)
    assert raised.value.line in (None, 2)
    assert refused_by_jinja2(text)


@pytest.mark.parametrize("text", ["{% if a %}{{ a|nope }}{% endif %}", "{{ a|nope if a }}", "{{ 9 ** 9 ** 9 ** 9 }}"])
def test_what_compiles(text: str) -> None:
    template = parsed(text)
    before = outline(template.tree)
    compile_check(template)
    assert outline(template.tree) == before


def test_real_templates_are_not_in_doubt(corpus_templates: list[Template]) -> None:
    in_doubt = [item.path for item in corpus_templates if doubtful(parse(item))]
    assert len(in_doubt) < len(corpus_templates) / 20, in_doubt


def test_real_templates_compile_and_keep_their_trees(corpus_templates: list[Template]) -> None:
    for item in corpus_templates[::7]:
        template = parse(item)
        before = outline(template.tree)
        assert not refused_by_jinja2(item.text)
        ENVIRONMENT.compile(template.tree)
        assert outline(template.tree) == before, item.path
