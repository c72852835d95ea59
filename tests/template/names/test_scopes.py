"""Where names get their values, against what jinja2 does."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from jinja2 import meta, nodes

from portable_tpl.model import errors
from portable_tpl.model.source import Template
from portable_tpl.template import ParsedTemplate, compile_check, parse
from portable_tpl.template.names.scopes import Binding, Resolution, resolve_names
from portable_tpl.template.syntax.environment import reference_environment
from tests.template.grammar import templates
from tests.template.programs import observed, programs

pytestmark = pytest.mark.filterwarnings("ignore:.*invalid (octal )?escape sequence:DeprecationWarning")

ENVIRONMENT = reference_environment()


def parsed(text: str) -> ParsedTemplate:
    return parse(Template(text))


def value_of(parsed: ParsedTemplate, binding: Binding) -> set[str]:
    """The values that a binding of one of our programs can give."""
    if binding.kind == "argument":
        return set(re.findall(r"m\d+\('(v\d+)'\)", parsed.text))
    node: nodes.Node | None = binding.node
    while not isinstance(node, (nodes.Assign, nodes.For, nodes.With)):
        assert node is not None
        node = parsed.parent(node)
    where = {nodes.Assign: "node", nodes.For: "iter"}.get(type(node))
    source = parsed.source(getattr(node, where)) if where else parsed.source(node).partition("%}")[0]
    return set(re.findall(r"'(v\d+)'", source))


def predicted(text: str) -> dict[int, set[str]]:
    template = parsed(text)
    names = resolve_names(template.tree)
    found: dict[int, set[str]] = {}
    for node, resolution in names.reads.items():
        marker = re.search(r"<(\d+)=\{\{ $", text[: template.span(node).start])
        if marker:
            values = {value for binding in resolution.bindings for value in value_of(template, binding)}
            values |= {"given"} if resolution.free else set()
            found[int(marker[1])] = values | ({""} if resolution.unset else set())
    return found


@settings(max_examples=120, deadline=None)
@given(programs(macros=False))
@example("{% for x in ([]) %}{% else %}<1={{ y }}>{% endfor %}{% set y = 'v1' %}<2={{ y }}>")
@example(
    "{% if c0 %}{% set x = 'v1' %}{% endif %}<1={{ x }}>{% generation %}{% set x = 'v2' %}{% endgeneration %}<2={{ x }}>"
)
def test_values_are_those_that_jinja2_shows(text: str) -> None:
    expected = predicted(text)
    for number, values in observed(text).items():
        assert values == expected[number], (number, text)


@settings(max_examples=120, deadline=None)
@given(programs(macros=True))
def test_values_in_macros_are_among_those_predicted(text: str) -> None:
    expected = predicted(text)
    for number, values in observed(text).items():
        assert values <= expected[number], (number, text)


def undeclared(text: str) -> set[str] | None:
    """What jinja2 looks up in the context; ``None`` where it cannot compile the template."""
    try:
        compile_check(parsed(text))
        return meta.find_undeclared_variables(ENVIRONMENT.parse(text))
    except (errors.TemplateSyntaxError, TypeError):  # the latter: jinja2 folds `{[]: 0}` while it compiles
        return None


@settings(max_examples=120, deadline=None)
@given(templates())
@example("{% for a in b %}{{ loop.index }}{% for c in loop %}{% endfor %}{% else %}{{ loop }}{% endfor %}")
@example("{% macro m(a, b=a, c=d) %}{{ caller() }}{{ kwargs }}{{ varargs }}{{ self }}{% endmacro %}{{ caller }}")
@example("{% call(kwargs) m() %}{{ kwargs }}{{ varargs }}{{ m }}{% endcall %}")
@example("{% block b %}{{ self }}{{ super() }}{{ x }}{% endblock %}{% set x = 1 %}")
@example("{% for a in b %}{% block b scoped %}{{ a }}{{ loop }}{% endblock %}{% endfor %}")
@example("{% if a %}{% set b = 1 %}{% elif c %}{% set d = b %}{% else %}{{ d }}{% endif %}{{ b }}{{ d }}")
@example("{% with a = b, c = a %}{{ c }}{% set b = 1 %}{% endwith %}{% filter d(e) %}{{ f }}{% endfilter %}")
@example("{% from a import b as c with context %}{% import d as e %}{{ b }}{{ c }}{{ e }}")
@example("{% autoescape a %}{% set b = 1 %}{% endautoescape %}{{ b }}{% set ns.x = y %}")
@example("{% for x in x if x.y and loop.z recursive %}{{ loop(x) }}{% endfor %}")
def test_lookups_are_those_of_jinja2(text: str) -> None:
    expected = undeclared(text)
    if expected is not None:
        names = resolve_names(parsed(text).tree)
        assert names.lookups - set(ENVIRONMENT.globals) == expected
        free = {getattr(node, "name", "") for node, resolution in names.reads.items() if resolution.free}
        assert free <= names.lookups | {""}


def test_lookups_of_real_templates_are_those_of_jinja2(corpus_templates: list[Template]) -> None:
    for item in corpus_templates[::6]:
        template = parse(item)
        names = resolve_names(template.tree)
        expected = meta.find_undeclared_variables(ENVIRONMENT.parse(item.text))
        assert names.lookups - set(ENVIRONMENT.globals) == expected, item.path
        reads = {
            node for node in template.nodes if isinstance(node, nodes.NSRef) or getattr(node, "ctx", "") == "load"
        }
        assert {node for node in reads if isinstance(node, (nodes.Name, nodes.NSRef))} == set(names.reads), item.path


def resolution(text: str, name: str) -> tuple[ParsedTemplate, Resolution]:
    """The last read of a name."""
    template = parsed(text)
    found = [
        value for node, value in resolve_names(template.tree).reads.items() if getattr(node, "name", None) == name
    ]
    return template, found[-1]


@pytest.mark.parametrize(
    "text, name, kinds, free, unset",
    [
        ("{{ x }}", "x", [], True, False),
        ("{% set x = 1 %}{{ x }}", "x", ["set"], False, False),
        ("{% set x %}{% endset %}{{ x }}", "x", ["set"], False, False),
        ("{% if a %}{% set x = 1 %}{% endif %}{{ x }}", "x", ["set"], True, False),
        ("{% if a %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}", "x", ["set", "set"], False, False),
        ("{% set x = 1 %}{% for x in a %}{{ x }}{% endfor %}", "x", ["for"], False, False),
        ("{% for a in b %}{% set x = 1 %}{% endfor %}{{ x }}", "x", [], True, False),
        ("{% for a in b %}{{ x }}{% endfor %}{% set x = 1 %}", "x", [], False, True),
        ("{% for a in b %}{{ loop }}{% endfor %}", "loop", ["loop"], False, False),
        ("{% for a in b %}{% else %}{{ loop }}{% endfor %}", "loop", [], True, False),
        ("{% macro m(x, y=x) %}{% endmacro %}", "x", ["argument"], False, False),
        ("{% macro m(x) %}{{ caller() }}{% endmacro %}", "caller", ["implicit"], False, False),
        ("{% macro m() %}{{ x }}{% endmacro %}{% set x = 1 %}", "x", ["set"], False, True),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "m", ["macro"], False, False),
        ("{% call(x) m() %}{{ x }}{% endcall %}", "x", ["argument"], False, False),
        ("{% with x = 1 %}{{ x }}{% endwith %}", "x", ["with"], False, False),
        ("{% with x = 1 %}{% endwith %}{{ x }}", "x", [], True, False),
        ("{% from 'f' import y as x %}{{ x }}", "x", ["import"], False, False),
        ("{% set x = namespace() %}{% set x.y = 1 %}", "x", ["set"], False, False),
        ("{% set x = 1 %}{% block b %}{{ x }}{% endblock %}", "x", ["set"], True, False),
    ],
)
def test_resolution(text: str, name: str, kinds: list[str], free: bool, unset: bool) -> None:
    _, found = resolution(text, name)
    assert ([binding.kind for binding in found.bindings], found.free, found.unset) == (kinds, free, unset)


def test_lookups() -> None:
    text = "{% set a = b %}{{ a }}{{ range(c) }}{% for d in e if f %}{{ loop.index }}{% endfor %}{% if x %}{% set y = 1 %}{% endif %}"
    assert resolve_names(parsed(text).tree).lookups == {"b", "range", "c", "e", "f", "x", "y"}
