"""Engines that the tests of this folder share, warm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.registry import open_runtime


@pytest.fixture(scope="session")
def tracer() -> Iterator[Tracer]:
    opened = Tracer()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def reference() -> Iterator[Runtime]:
    yield from _opened("transformers")


@pytest.fixture(scope="session")
def minijinja() -> Iterator[Runtime]:
    yield from _opened("minijinja")


@pytest.fixture(scope="session")
def strict() -> Iterator[Runtime]:
    yield from _opened("minijinja-strict")


def _opened(target: str) -> Iterator[Runtime]:
    runtime = open_runtime(target)
    yield runtime
    runtime.close()
