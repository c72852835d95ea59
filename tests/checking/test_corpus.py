"""``lint`` over all real templates: no error, places within the text, the same answer twice."""

from __future__ import annotations

from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Tier
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse

TARGETS = ("minijinja", "minijinja-strict", "hf-jinja", "llama.cpp")


def test_every_template_is_linted(corpus_templates: list[Template]) -> None:
    broken = 0
    for template in corpus_templates:
        found = lint(parse(template), TARGETS)
        broken += bool(found)
        for finding in found:
            assert 0 <= finding.location.start <= finding.location.end <= len(template.text)
            assert finding.targets
            assert finding.tier.rank <= Tier.EVERYDAY.rank
    assert broken > len(corpus_templates) // 4


def test_stranger_tiers_find_no_less(corpus_templates: list[Template]) -> None:
    for template in corpus_templates[::20]:
        parsed = parse(template)
        mild, strange = (
            {(f.code, f.location.start, target) for f in lint(parsed, TARGETS, tier) for target in f.targets}
            for tier in (Tier.EVERYDAY, Tier.HOSTILE)
        )
        assert mild <= strange
        assert lint(parsed, TARGETS) == lint(parse(template), TARGETS)
