"""Of a chain of calls the one at fault is marked."""

from __future__ import annotations

import pytest

from portable_tpl.model.source import Template
from portable_tpl.reports.parts.focus import focus
from tests.reports import samples


@pytest.mark.parametrize(
    "source, marked",
    [
        ("message.content.strip()", ".strip()"),
        ("c.split('</think>')[0].rstrip('\\n')", ".rstrip('\\n')"),
        ("c.split(')')[-1].lstrip(')')", ".lstrip(')')"),
        ("f(a.strip()).upper()", ".upper()"),
        ("a[b.find('x')].lower( )", ".lower( )"),
        ("'a.b('.join(xs)", ".join(xs)"),
        ("x\n  .strip()\n  .title()", ".title()"),
        ('"it\'s".format(a.b(1))', ".format(a.b(1))"),
    ],
)
def test_the_last_call_is_marked(source: str, marked: str) -> None:
    template = Template("{{ " + source + " }}", path="t")
    place = focus(template, samples.finding_at(template, source, feature="method.str.strip"))
    assert place is not None
    assert template.text[place.start : place.end] == marked


def test_a_finding_about_the_whole_template_has_no_place() -> None:
    template = Template("{{ a }}", path="t")
    assert focus(template, samples.finding_at(template, "")) is None


def test_other_findings_keep_their_span() -> None:
    template = Template("{{ a.b(c)|tojson }}", path="t")
    finding = samples.finding_at(template, "a.b(c)|tojson", feature="filter.tojson")
    assert focus(template, finding) == finding.location


def test_a_method_without_a_call_keeps_its_span() -> None:
    template = Template("{{ a.items }}", path="t")
    finding = samples.finding_at(template, "a.items", feature="method.dict.items")
    assert focus(template, finding) == finding.location
