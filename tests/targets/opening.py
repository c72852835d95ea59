"""Opens the targets of tests: an engine that is not here skips them, but a version of one that is here never does."""

from __future__ import annotations

import pytest

from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import find, open_runtime


def expect(target: str) -> None:
    """Skip where the engine is not here; a missing version of one that is here fails with the command to run."""
    adapter, version = find(target)
    state = adapter.available(version)
    if state.ok:
        return
    pinned = adapter.pinned is not None and adapter.package is not None and adapter.package.here() is not None
    verdict = pytest.fail if pinned or (version and adapter.available(None).ok) else pytest.skip
    verdict(f"{target}: {state.reason}; get it with: {state.remedy}")


def opened(target: str, limits: Limits | None = None) -> WorkerRuntime:
    """The target, started."""
    expect(target)
    return open_runtime(target, limits)
