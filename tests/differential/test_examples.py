"""The conversations of a comparison: drawn by hypothesis, and those that once showed a mismatch first."""

from __future__ import annotations

from pathlib import Path

import pytest

from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.examples import remember, remembered
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.generation import drawing
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template import parse

TEXT = "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools|tojson if tools }}"


def test_generated_conversations_are_hypothesis_own(tracer: Tracer, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Conversation] = []
    draw = drawing.draw

    def listening(*arguments: object) -> list[Conversation]:
        made = draw(*arguments)  # type: ignore[arg-type]
        drawn.extend(made)
        return made

    monkeypatch.setattr(drawing, "draw", listening)
    run = explore(parse(Template(TEXT)), tracer, CompareSettings())
    assert len(drawn) >= 120
    keys = {conversation.key for conversation in drawn}
    chosen = [run.conversations[number] for number in run.chosen]
    assert sum(conversation.key in keys for conversation in chosen) >= 15


def test_what_showed_a_mismatch_is_tried_first(
    minijinja: Runtime, reference: Runtime, tracer: Tracer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTABLE_TPL_EXAMPLES", str(tmp_path))
    template = Template(TEXT)
    quiet = CompareSettings(examples=70)
    first = compare(template, [minijinja], reference, quiet, tracer)
    assert not remembered(template)
    (mismatch,) = (
        compare(template, [minijinja], reference, CompareSettings(70, database=True), tracer)
        .targets["minijinja"]
        .mismatches
    )
    assert remembered(template) == [mismatch.conversation]
    again = explore(parse(template), tracer, CompareSettings(1, database=True))
    assert again.conversations[0] == mismatch.conversation
    assert 0 in again.chosen
    assert compare(template, [minijinja], reference, quiet, tracer) == first
    assert not remembered(Template(TEXT + " "))


def test_a_database_that_cannot_be_read_or_written_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("PORTABLE_TPL_EXAMPLES", str(tmp_path / "file" / "below"))
    remember(Template("x"), [Conversation([])])
    assert remembered(Template("x")) == []


def test_stranger_tiers_stay_out(tracer: Tracer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTABLE_TPL_EXAMPLES", str(tmp_path))
    template = Template(TEXT)
    remember(template, [Conversation([{"role": "user", "content": None}])])
    run = explore(parse(template), tracer, CompareSettings(database=True, tier=Tier.ORDINARY))
    assert set(run.tiers) == {Tier.ORDINARY}
