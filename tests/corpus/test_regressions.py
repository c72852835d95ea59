"""Each known divergence, one small template: the reference and the engines do what was measured."""

from __future__ import annotations

import json

import pytest

from portable_tpl.model.conversation import parse_conversation
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from tests.corpus.measure import TARGETS
from tests.corpus.sample import DIVERGENCES, MEASURED, described, outcome, read_lines
from tests.targets.opening import opened

ROWS = read_lines(DIVERGENCES)
CASES = [(Template(row["template"]), parse_conversation(row["conversation"], row["id"])) for row in ROWS]
ENGINES: dict[str, str] = json.loads(MEASURED.read_text("utf-8"))["engines"]


def test_the_rows_are_sound() -> None:
    assert len(ROWS) > 100
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert set(row) == {"id", "divergences", "note", "template", "conversation", "reference", "targets"}, row[
            "id"
        ]
        assert row["divergences"], row["id"]
        assert row["note"], row["id"]
        assert set(row["targets"].values()) <= {"differs", "fails", "renders", "dies"}, row["id"]
        assert set(row["targets"]) <= set(ENGINES), row["id"]
    hit = {target for row in ROWS for target in row["targets"]}
    assert hit == set(ENGINES) - {"transformers"}


def test_the_reference(reference: Runtime) -> None:
    found = {row["id"]: described(reference.render(*case)) for row, case in zip(ROWS, CASES, strict=True)}
    assert found == {row["id"]: row["reference"] for row in ROWS}


@pytest.mark.parametrize("target", TARGETS)
def test_the_engine(target: str, reference: Runtime) -> None:
    with opened(f"{target}@{ENGINES[target]}") as engine:
        found = {
            row["id"]: outcome(reference.render(*case), engine.render(*case))
            for row, case in zip(ROWS, CASES, strict=True)
        }
    assert found == {row["id"]: row["targets"].get(target) for row in ROWS}
