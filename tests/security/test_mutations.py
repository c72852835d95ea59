"""Mutated templates and containers: no exception but our own, and no hang.

The suite draws few; ``nox -s fuzz`` draws thousands. What failed once is kept by its number, or by its text.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from portable_tpl.model.source import Template

from . import fuzzing
from .fuzzing import CONTAINERS, reading, wrong_of

COUNT = 60
SOURCES = [path.read_text("utf-8") for path in sorted((Path(__file__).parents[2] / "corpus").rglob("*.jinja"))][:40]


def test_check_takes_any_text() -> None:
    assert len(SOURCES) > 10
    with fuzzing.checking(SOURCES, 0) as attempt:
        assert list(wrong_of(attempt, range(COUNT))) == []


def test_compare_takes_any_text() -> None:
    with fuzzing.comparing(SOURCES, 1) as attempt:
        assert list(wrong_of(attempt, range(COUNT // 10))) == []


def test_fix_takes_any_text() -> None:
    with fuzzing.fixing(SOURCES, 2) as attempt:
        assert list(wrong_of(attempt, range(COUNT // 3))) == []


def test_release_checks_take_any_text() -> None:
    with fuzzing.inspecting(SOURCES, 3) as attempt:
        assert list(wrong_of(attempt, range(COUNT // 6))) == []


@pytest.mark.parametrize("kind", CONTAINERS)
def test_sources_take_any_bytes(kind: str, tmp_path: Path) -> None:
    assert list(wrong_of(reading(kind, tmp_path, 0), range(COUNT))) == []


def test_an_attempt_that_goes_wrong_is_told() -> None:
    def fail(_: Template) -> None:
        raise KeyError("x")

    given, wrong = fuzzing._on_text(fail, 1.0, SOURCES, 0, 0)
    assert wrong == "KeyError: 'x'"
    assert given
