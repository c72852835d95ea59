"""Opens the targets of tests: one that is not here is skipped, but never for a version of an engine that is."""

from __future__ import annotations

import pytest

from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import availability, open_runtime


def opened(target: str) -> WorkerRuntime:
    """The target, started; a missing version of an engine that is here is a failure with the command to run."""
    state = availability(target)
    if not state.ok:
        engine, at, _ = target.partition("@")
        verdict = pytest.fail if at and availability(engine).ok else pytest.skip
        verdict(f"{target}: {state.reason}; get it with: {state.remedy}")
    return open_runtime(target)
