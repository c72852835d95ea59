"""Findings that the run itself does not show are aimed at, and then proved or said to be unseen."""

from __future__ import annotations

import portable_tpl as pt
from portable_tpl.model.findings import Affected, Finding, Severity
from tests.targets.opening import expect

RARE = (
    "{% for m in messages %}{{ m.role }}{% if m.role == 'judge' and m.score == 3 %}"
    "{{ m.verdict|tojson }}{% endif %}{% endfor %}"
)
TARGET = "minijinja-strict"


def finding_of(text: str, code: str, examples: int = 1) -> tuple[Finding, pt.Report]:
    report = pt.audit(pt.Template(text), targets=[TARGET], examples=examples, ignore=["REL"])
    (template,) = report.templates
    return next(finding for finding in template.findings if finding.code == code), report


def test_a_rare_branch_is_proved() -> None:
    finding, report = finding_of(RARE, "PTL305")
    assert (finding.evidence, finding.targets) == ("proved", (TARGET,))
    assert finding.witness is not None
    assert finding.affected is not None
    # Only the conversations that were aimed at it show it, and these say nothing of how often it comes up.
    assert finding.affected.affected == 0
    comparison = report.templates[0].comparison
    assert comparison is not None
    assert 0 < finding.affected.cases < comparison.cases
    reference, target = finding.witness.exhibits
    assert (reference.target, target.target) == ("transformers", TARGET)
    assert "judge" in [message["role"] for message in reference.conversation.messages]
    assert finding.witness.difference is not None
    assert report.templates[0].verdicts == {TARGET: "differs"}


def test_the_value_goes_to_the_element_that_a_condition_is_about() -> None:
    """A template's own keys: the text with markup belongs into the one element of the type asked for."""
    text = (
        "{% for m in messages %}{% for tool in m.tools or [] %}{% if tool.type == 'function' %}{{ tool.function.name }}:"
        "{{ tool.function | tojson(indent=4) }}{% elif tool.type == 'python' %}py{% endif %}{% endfor %}{% endfor %}"
    )
    finding, report = finding_of(text, "PTL305")
    assert finding.evidence == "proved"
    assert report.templates[0].verdicts == {TARGET: "differs"}


def test_what_no_conversation_shows_is_a_note() -> None:
    # JSON text is never a bare word, whatever an engine escapes in it.
    text = "{% for m in messages %}{{ m.role }}{% if m.content|tojson == 'x' %}y{% endif %}{% endfor %}"
    finding, report = finding_of(text, "PTL305", examples=20)
    (template,) = report.templates
    assert (finding.evidence, finding.severity, finding.witness) == ("unseen", Severity.NOTE, None)
    assert template.comparison is not None
    assert finding.affected == Affected(template.comparison.cases, 0)
    assert f"unseen in {template.comparison.cases} conversations" in finding.message
    assert template.verdicts == {TARGET: "portable"}


def test_equal_seeds_give_equal_reports() -> None:
    assert finding_of(RARE, "PTL305") == finding_of(RARE, "PTL305")


def test_two_places_that_print_in_one_are_told_apart() -> None:
    text = (
        "{% set a = '' %}{% set b = '' %}\n"
        "{% if messages[0].role == 'system' %}{% set a = messages[0].content|tojson %}{% endif %}\n"
        "{% if messages[0].role == 'context' %}{% set b = messages[0].content|tojson %}{% endif %}\n"
        "{{ a ~ b }}"
    )
    (template,) = pt.audit(pt.Template(text), targets=[TARGET], examples=30, ignore=["REL"]).templates
    findings = [finding for finding in template.findings if finding.code == "PTL305"]
    assert [(each.location.line, each.evidence) for each in findings] == [(2, "proved"), (3, "proved")]
    for finding, role in zip(findings, ("system", "context"), strict=True):
        assert finding.witness is not None
        assert finding.witness.exhibits[0].conversation.messages[0]["role"] == role


HF = "hf-jinja"


def proofs(text: str, feature: str) -> list[tuple[str, Severity]]:
    """How each finding of a feature on hf-jinja is known, and how bad it is there."""
    expect(HF)
    (template,) = pt.audit(pt.Template(text), targets=[HF], ignore=["REL"]).templates
    return [
        (finding.evidence, effect.severity)
        for finding in template.findings
        for effect in finding.effects
        if effect.feature == feature
    ]


def test_one_error_without_a_line_hides_no_other_place() -> None:
    """hf-jinja tells no line: a parameter called items stops it in two loops with the same words."""
    expect("hf-jinja")
    text = (
        "{% macro shown(schema) %}{% if schema.properties %}{% for name, each in schema.properties.items() %}"
        "{{ name }}{{ each.type }}\n{% endfor %}{% endif %}{% endmacro %}\n"
        "{% for tool in tools or [] %}{% for name, each in tool.function.parameters.properties.items() %}\n"
        "{{ name }}{% if each.type == 'object' %}{{ shown(each) }}{% endif %}{% endfor %}{% endfor %}\n"
        "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    report = pt.audit(pt.Template(text), targets=["hf-jinja"], ignore=["REL"])
    shadowed = [each for each in report.templates[0].findings if each.feature == "method.dict.items.shadowed"]
    assert [(each.location.line, each.evidence, each.severity) for each in shadowed] == [
        (1, "proved", Severity.ERROR),
        (3, "proved", Severity.ERROR),
    ]


def test_a_flag_has_odd_schemas_printed() -> None:
    """Types of a parameter that are several break hf-jinja only where the template's own flag has them printed."""
    expect("hf-jinja")
    text = (
        "{% for tool in tools or [] %}{{ tool.function.name }}{% if verbose %}\n"
        "{% for name, each in tool.function.parameters.properties|items %}{{ each.type|upper }}{% endfor %}"
        "{% endif %}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    (template,) = pt.audit(pt.Template(text), targets=["hf-jinja"], ignore=["REL"]).templates
    assert template.verdicts == {"hf-jinja": "fails"}
    assert template.comparison is not None
    assert "filter.upper@list" in {each.cause for each in template.comparison.targets["hf-jinja"].mismatches}


def test_what_stops_an_engine_at_one_place_proves_a_place_alike() -> None:
    text = (
        "{% for m in messages %}{% if m.tool_calls %}\n{{ m.content|trim }}\n{{ m.content|upper }}\n{{ m.content|trim }}"
        "{% endif %}{% endfor %}"
    )
    assert proofs(text, "filter.trim@undefined") == [("proved", Severity.ERROR)] * 2
    assert proofs(text, "filter.upper@undefined") == [("proved", Severity.ERROR)]


def test_what_ordinary_requests_bring_is_shown_by_one() -> None:
    calls = "{% for m in messages %}{% for c in m.tool_calls or [] %}BODY{% endfor %}{% endfor %}"
    shadowed = calls.replace("BODY", "{% for k, v in c.function.arguments.items() %}{{ k }}{% endfor %}")
    assert proofs(shadowed, "method.dict.items.shadowed") == [("proved", Severity.ERROR)]
    false = calls.replace("BODY", "{% for k, v in c.function.arguments|items %}{{ k ~ ' ' ~ v|string }}{% endfor %}")
    assert ("proved", Severity.ERROR) in proofs(false, "filter.string@false")


def test_what_keeps_a_template_from_loading_proves_each_of_its_like() -> None:
    text = "{% raw %}a{% endraw %}{{ bos_token }}{% raw %}b{% endraw %}"
    assert proofs(text, "statement.raw") == [("proved", Severity.ERROR)] * 2
    keys = "{% set names = {\n0: 'a',\n1: 'b'\n} %}{% for key, name in names|dictsort %}{{ name }}{% endfor %}"
    assert proofs(keys, "literal.dict.key-int") == [("proved", Severity.ERROR)] * 2


def test_a_place_behind_an_odd_key_of_the_same_value_is_proved_with_it() -> None:
    text = (
        "{% set names = {'string': 'str'} %}{% for p in tools[0].function.parameters.properties.values() if tools %}"
        "{% if names[p.type] is defined %}{{ names[p.type] }}{% elif p.type is iterable %}any{% endif %}{% endfor %}"
    )
    assert proofs(text, "test.iterable@undefined") == [("proved", Severity.ERROR)]
    assert proofs(text, "item.key@undefined") == [("proved", Severity.ERROR)]
