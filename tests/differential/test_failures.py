"""A branch behind a line on which the reference itself fails is not reached, and not out of reach."""

from __future__ import annotations

from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.report import verdict
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime

TEXT = """{% set names = [] %}{% for m in messages %}{{ m.role }}
{% if m.tool_calls %}
{% set _ = names.append(m.role) %}
{% if names %}called{% endif %}
{% endif %}{% endfor %}"""


def test_branches_behind_a_failing_line(reference: Runtime, minijinja: Runtime, tracer: Tracer) -> None:
    settings = CompareSettings(examples=40, database=False)
    comparison = compare(Template(TEXT), [minijinja], reference, settings, tracer)
    stopped = [(branch.line, branch.reachable, branch.stopped_at) for branch in comparison.coverage.missed]
    assert (4, None, 3) in stopped
    (failure,) = comparison.failures
    assert failure.rendering.line == 3
    target = comparison.targets["minijinja"]
    assert (target.failed, target.identical) == (failure.cases, comparison.cases - failure.cases)
    assert verdict(target) == "portable"
