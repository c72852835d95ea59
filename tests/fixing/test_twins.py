"""The sample corpus: templates as people write them, fixed, on the engine that had refused them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.fixing import Prover, fix
from portable_tpl.model.findings import Severity
from portable_tpl.model.report import verdict
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import parse
from tests.corpus.sample import Family, families
from tests.fixing.independent import violations

TARGET = "minijinja-strict"
# What is left after all safe fixes, for those that cannot be made portable without a change of meaning.
LEFT = {
    "training/default": {"PTL501"},  # the generation tag has no like elsewhere
    "qwen3/default": {"PTL101"},  # split, for which nothing short does the same
    "mistral/default": {"PTL101"},  # isalnum
    "hermes-2-pro/default": {"PTL603"},  # prints a list
    "command-r/rag": {"PTL101", "PTL603"},  # title, and prints whatever a document holds
}


@pytest.fixture(scope="module")
def engine() -> Iterator[WorkerRuntime]:
    with open_runtime(TARGET) as made:
        yield made


@pytest.mark.parametrize("family", families(), ids=lambda family: f"{family.name}-{family.template}")
def test_a_fixed_template_is_portable(family: Family, prover: Prover, engine: WorkerRuntime) -> None:
    old = family.load("python")
    result = fix(old, [TARGET], prover=prover, level=Severity.WARNING)
    new = Template(result.text, old.name, old.path, old.special_tokens)
    assert violations(old, new, prover) == []
    left = {finding.code for finding in lint(parse(new), [TARGET])}
    assert left == LEFT.get(f"{family.name}/{family.template}", set()), result.refused
    if not left:
        settings = CompareSettings(examples=40)
        compared = compare(new, [engine], prover.reference, settings, prover.tracer)
        assert verdict(compared.targets[TARGET]) == "portable", compared.targets[TARGET].mismatches[:1]


@pytest.mark.parametrize("family", families(), ids=lambda family: f"{family.name}-{family.template}")
def test_fixing_twice_changes_nothing_more(family: Family, prover: Prover) -> None:
    once = fix(family.load("python"), [TARGET], prover=prover)
    if not any("no conversation" in reason for _, reason in once.refused):
        assert fix(Template(once.text), [TARGET], prover=prover).text == once.text
