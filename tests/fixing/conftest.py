"""One pair of warm references for all tests of fixes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portable_tpl.fixing import Prover


@pytest.fixture(scope="session")
def prover() -> Iterator[Prover]:
    with Prover(examples=60) as made:
        yield made
