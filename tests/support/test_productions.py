"""Every production of jinja2's grammar has a probe."""

from __future__ import annotations

from tests.support import productions


def test_every_production_of_the_parser_has_a_probe() -> None:
    found = productions.features_by_production()
    assert len(found) > 300
    assert [name for name, ids in found.items() if not ids] == []


def test_every_mark_of_the_lexer_has_a_probe() -> None:
    found = productions.features_by_mark()
    assert [name for name, ids in found.items() if not ids] == []


def test_a_production_without_a_probe_would_be_seen() -> None:
    lines = {line for line, name in productions.productions().items() if name.startswith("parse_autoescape")}
    assert lines
    assert not lines & productions._reached("{{ a.b[0]|upper }}{% if a %}{% endif %}")
    assert lines <= productions._reached("{% autoescape true %}a{% endautoescape %}")
