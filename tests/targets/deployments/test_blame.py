"""What a deployment does is not blamed on templates: the small form of ``nox -s deployments``."""

from __future__ import annotations

import pytest

from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.targets.registry import availability
from tests.sweeps.deployments import TARGETS, measure, portable


def test_no_step_is_blamed_on_a_portable_template() -> None:
    missing = [target for target in TARGETS if not availability(target).ok]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; get them with: portable-tpl targets install all")
    tallies = measure(portable()[:3], TARGETS, CompareSettings(examples=30))
    assert {target: tally.blamed for target, tally in tallies.items() if tally.blamed} == {}
    assert {target: tally.unexplained for target, tally in tallies.items() if tally.unexplained} == {}
    assert all(tally.origins["stack"] for target, tally in tallies.items() if target == "tgi")
