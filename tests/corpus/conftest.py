"""Runtimes that the tests over the sample corpus share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.registry import open_runtime
from tests.corpus.measure import TARGETS
from tests.targets.opening import opened


@pytest.fixture(scope="package")
def reference() -> Iterator[Runtime]:
    """The reference."""
    runtime = open_runtime("transformers")
    yield runtime
    runtime.close()


@pytest.fixture(scope="package", params=TARGETS)
def engine(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """Each engine in turn; one that is not installed skips its tests and says so."""
    runtime = opened(request.param)
    yield runtime
    runtime.close()
