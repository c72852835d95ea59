"""What is an error is what ordinary requests are sure to bring; what only may come, or cannot be seen, is none."""

from __future__ import annotations

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.model.findings import Severity
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse

_CALLS = "{% for m in messages %}{% for c in m.tool_calls or [] %}BODY{% endfor %}{% endfor %}"
_FIELDS = "{% for p in tools[0].function.parameters.properties.values() if tools %}BODY{% endfor %}"
_NO_ITEMS = "item.shadowed.items.missing"
_WALK = (
    "{% macro walk(fields, deep=false) %}{% for name, field in fields|dictsort %}{{ field['type']|upper }}"
    "{{ field['description'] }}"
    "{% if field is mapping and not field['properties'] %}{{ walk(field, deep=true) }}{% endif %}{% endfor %}{% endmacro %}"
    "{{ walk(tools[0].function.parameters.properties) if tools }}"
)
_PARTS = (
    "{% macro text(x) %}{% if x is string %}{{ x }}{% elif x is iterable %}{% for y in x %}{{ y.text }}{% endfor %}"
)
_SHOWN = "{% for m in messages %}{% if m.tool_calls %}{{ text(m.content) }}{% endif %}{% endfor %}"


def said(text: str, target: str = "hf-jinja") -> dict[str, Severity]:
    """What is said of a target, by feature."""
    effects = [effect for finding in lint(parse(Template(text)), (target,)) for effect in finding.effects]
    return {effect.feature: effect.severity for effect in effects}


@pytest.mark.parametrize(
    ("template", "feature", "severity"),
    [
        # The values of arguments may be of any kind each; those of a schema's keys are of one kind, which the key tells.
        (_CALLS.replace("BODY", "{{ c.function.arguments.city }}"), "print@list", Severity.ERROR),
        (
            _CALLS.replace("BODY", "{% for k, v in c.function.arguments|dictsort %}{{ v }}{% endfor %}"),
            "print@list",
            Severity.ERROR,
        ),
        (
            "{% for k, v in tools[0].function.parameters|dictsort if tools %}{{ v }}{% endfor %}",
            "print@list",
            Severity.WARNING,
        ),
        # What a call for something special passes does not blur what the others pass.
        (_WALK, "filter.upper@undefined", Severity.ERROR),
        (_WALK, "print@list", Severity.WARNING),
        # What somebody says is seldom empty, an answer beside calls often.
        ("{{ 'T' if messages[0].content == false }}", "eq@empty,false", Severity.WARNING),
        (
            "{% for m in messages %}{% if m.tool_calls %}{{ 'T' if m.content == false }}{% endif %}{% endfor %}",
            "eq@empty,false",
            Severity.ERROR,
        ),
        # Hardly an array comes without its items, a named type has none.
        (
            _FIELDS.replace("BODY", "{% if p.type == 'array' and p['items'] %}x{% endif %}"),
            _NO_ITEMS,
            Severity.WARNING,
        ),
        (_FIELDS.replace("BODY", "{% if p['items'] %}x{% endif %}"), _NO_ITEMS, Severity.ERROR),
        # Where a type is none of the usual ones, it is that of no parameter.
        (
            _FIELDS.replace(
                "BODY",
                "{% if p.type not in ['string', 'number', 'integer', 'boolean', 'array', 'object'] %}{% for t in p.type %}{{ t }}{% endfor %}{% endif %}",
            ),
            "for@word",
            Severity.WARNING,
        ),
        (_FIELDS.replace("BODY", "{% for t in p.type %}{{ t }}{% endfor %}"), "for@word", Severity.ERROR),
    ],
)
def test_severity_is_that_of_what_ordinary_requests_bring(template: str, feature: str, severity: Severity) -> None:
    assert said(template, "minijinja" if feature == _NO_ITEMS else "hf-jinja")[feature] is severity


@pytest.mark.parametrize(
    ("rest", "features"),
    [
        ("{% endif %}", set[str]()),
        ("{% elif x is none or x is undefined %}{% else %}{{ raise_exception('no') }}{% endif %}", set[str]()),
        ("{% else %}{{ raise_exception('no') }}{% endif %}", {"test.iterable@undefined"}),
        ("{% elif x is not defined %}nothing{% endif %}", {"test.iterable@undefined"}),
    ],
)
def test_two_branches_that_print_nothing_are_as_good_as_one(rest: str, features: set[str]) -> None:
    of_undefined = {each for each in said(_PARTS + rest + "{% endmacro %}" + _SHOWN) if each.endswith("@undefined")}
    assert of_undefined == features


@pytest.mark.parametrize("target", ["hf-jinja", "llama.cpp-engine"])
def test_a_list_that_prints_wrong_as_a_whole_is_said_once(target: str) -> None:
    features = said("{{ (tools or [])|string }}", target)
    assert [each for each in features if each.startswith(("print.list", "filter.string"))] in (
        ["filter.string@list"],
        ["print.list@lines"],
    )


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("{{ p.text + '' }}", set[str]()),  # of a character the reference has no text to add to
        ("{{ p.text ~ '' }}", {"for@plain"}),
        ("{% if p is mapping %}{{ p.text }}{% else %}{{ raise_exception('no') }}{% endif %}", set[str]()),
        ("{% if p is mapping %}{{ p.text }}{% endif %}", {"for@plain"}),
        ("{% if p is not mapping %}{% continue %}{% endif %}{{ p.text + '' }}", {"for@plain"}),
    ],
)
def test_a_loop_that_no_character_gets_through_is_given_no_text(body: str, outcome: set[str]) -> None:
    loop = "{% for m in messages %}{% for p in m.content %}" + body + "{% endfor %}{% endfor %}"
    assert {each for each in said(loop) if each == "for@plain"} == outcome


@pytest.mark.parametrize(
    ("template", "target", "feature", "severity"),
    [
        # A parameter may well be called items, a key of a mapping that one template knows need not.
        (
            "{% for k, v in tools[0].function.parameters.properties.items() if tools %}{{ k }}{% endfor %}",
            "hf-jinja",
            "method.dict.items.shadowed",
            Severity.ERROR,
        ),
        (
            "{% for k, v in (tools or [])[0].function.fields.items() %}{{ k }}{% endfor %}",
            "hf-jinja",
            "method.dict.items.shadowed",
            Severity.WARNING,
        ),
        # What is said comes in any script, a word of the template's own beside a key of its own need not.
        ("{{ messages[0].content|upper }}", "llama.cpp-engine", "filter.upper@unicode", Severity.ERROR),
        (
            "{% set x = 'a' if add_generation_prompt else (tools or [])[0].function.nickname %}{{ x|upper }}",
            "llama.cpp-engine",
            "filter.upper@unicode",
            Severity.WARNING,
        ),
    ],
)
def test_what_only_keys_of_the_template_s_own_bring_is_no_error(
    template: str, target: str, feature: str, severity: Severity
) -> None:
    assert said(template, target)[feature] is severity


def test_a_list_made_text_is_odd_for_several_lines_and_printed_for_any_text() -> None:
    calls = _CALLS.replace("BODY", "{% if c.function.arguments.cities is not string %}SHOWN{% endif %}")
    made = said(calls.replace("SHOWN", "{{ c.function.arguments.cities|string }}"), "llama.cpp-engine")
    assert made["print.list@lines"] is Severity.ERROR
    assert "print.list@plain" not in made
    printed = said(calls.replace("SHOWN", "{{ c.function.arguments.cities }}"), "llama.cpp-engine")
    assert Severity.ERROR in {severity for feature, severity in printed.items() if feature.startswith("print")}
