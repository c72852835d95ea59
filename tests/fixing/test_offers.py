"""Which fixes are worth showing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portable_tpl.checking.linting import lint
from portable_tpl.fixing.offers import with_offers
from portable_tpl.model.findings import Finding, Safety
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.template import ParsedTemplate, parse

TEXT = "{% for m in messages %}{{ m.content.strip() }}{% endfor %}"
TARGETS = ("minijinja-strict",)


def test_a_fix_that_takes_its_finding_away_stays_an_offer() -> None:
    parsed = parse(Template(TEXT))
    offered = with_offers(parsed, lint(parsed, TARGETS), lambda text: lint(text, TARGETS))
    assert [each.fix.safety for each in offered if each.fix is not None] == [Safety.SAFE]


def test_findings_of_another_text_do_not_tell_of_what_is_wrong_with_the_template_itself() -> None:
    """Its fix is a suggestion without a look at the changed text, which costs as much as a check."""
    parsed = parse(Template(TEXT))
    findings = [replace(each, targets=(REFERENCE,)) for each in lint(parsed, TARGETS)]
    looks: list[ParsedTemplate] = []

    def look(text: ParsedTemplate) -> Sequence[Finding]:
        looks.append(text)
        return []

    offered = with_offers(parsed, findings, look)
    assert [each.fix.safety for each in offered if each.fix is not None] == [Safety.DISPLAY]
    assert looks == []


def test_a_note_that_goes_as_well_makes_no_fix_worth_more() -> None:
    """``|items`` is no help for a value that may be absent, whether notes about ``.items()`` are looked at or not."""
    loop = "{% for k, v in tool.parameter_definitions.items() %}{{ k }}{% endfor %}"
    parsed = parse(Template("{% for tool in tools %}{{ tool.name }}" + loop + "{% endfor %}"))

    def offers(notes: bool) -> list[Safety]:
        findings = [*lint(parsed, ("hf-jinja",), notes=notes)]
        offered = with_offers(parsed, findings, lambda text: lint(text, ("hf-jinja",), notes=notes))
        return [each.fix.safety for each in offered if each.fix is not None and each.targets]

    assert offers(notes=False) == offers(notes=True) == [Safety.DISPLAY]
