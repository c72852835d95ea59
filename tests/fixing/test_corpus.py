"""Real templates: fixes converge, parse, help, and keep what the reference prints."""

from __future__ import annotations

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.fixing import FixResult, Prover, fix
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from tests.fixing.independent import violations

TARGETS = (("minijinja-strict",), ("hf-jinja",), ("llama.cpp-engine",), ("minijinja", "hf-jinja", "llama.cpp-engine"))
STEP = 60


def examined(template: Template, targets: tuple[str, ...], prover: Prover) -> FixResult:
    """A fix, with all that must hold of it."""
    result = fix(template, targets, prover=prover)
    new = Template(result.text, template.name, template.path, template.special_tokens)
    assert violations(template, new, prover) == [], template.label
    before, after = lint(parse(template), targets), lint(parse(new), targets)
    assert len(after) <= len(before), template.label
    assert bool(result.applied) == (result.text != template.text), template.label
    again = fix(new, targets, prover=prover)
    if not any("no conversation" in reason for _, reason in result.refused):
        assert again.text == result.text, template.label
    return result


def test_a_sample_of_real_templates(corpus_templates: list[Template], prover: Prover) -> None:
    results = [examined(template, TARGETS[0], prover) for template in corpus_templates[::STEP]]
    assert any(result.applied for result in results)


@pytest.mark.sweep
@pytest.mark.parametrize("targets", TARGETS, ids="+".join)
def test_all_real_templates(targets: tuple[str, ...], corpus_templates: list[Template], prover: Prover) -> None:
    for template in corpus_templates:
        examined(template, targets, prover)
