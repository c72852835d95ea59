"""Twenty seeded defects: each is found, once, with a conversation of which nothing can be dropped."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, parse_conversation
from portable_tpl.model.errors import ConversationError
from portable_tpl.model.rendering import Mismatch, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import shape_of
from tests.differential.defects import CHAT, DEFECTS, Defect, Defective

SHAPE = shape_of(parse(Template(CHAT)).tree)


def found(defect: Defect, reference: Runtime, tracer: Tracer) -> tuple[Mismatch, ...]:
    target = Defective(reference, defect)
    comparison = compare(Template(CHAT), [target], reference, CompareSettings(examples=60), tracer)
    return comparison.targets[target.id].mismatches


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.name for defect in DEFECTS])
def test_a_seeded_defect_is_found_once_and_minimal(defect: Defect, reference: Runtime, tracer: Tracer) -> None:
    mismatches = found(defect, reference, tracer)
    assert len(mismatches) == 1
    small = mismatches[0].conversation
    assert defect.hits(small)
    for smaller in every_smaller(small):
        if TierJudge(SHAPE).tier(smaller).rank <= mismatches[0].tier.rank:
            would_do = defect.hits(smaller) and isinstance(reference.render(Template(CHAT), smaller), Rendered)
            assert not would_do, f"{smaller.key} would do"


def test_there_are_twenty() -> None:
    assert len({defect.name for defect in DEFECTS}) == 20


def every_smaller(conversation: Conversation) -> Iterator[Conversation]:
    """Without one message, one item, one key, or one character of any text."""
    data = conversation.to_json()
    for path in places(data):
        if path == ("messages",):
            continue
        value = at(data, path)
        yield from read(without(data, path))
        if isinstance(value, str):
            for index in range(len(value)):
                changed = copy.deepcopy(data)
                at(changed, path[:-1])[path[-1]] = value[:index] + value[index + 1 :]
                yield from read(changed)


def read(data: Any) -> Iterator[Conversation]:
    try:
        yield parse_conversation(data)
    except ConversationError:
        return


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from places(inner, (*path, key))


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def without(data: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(data)
    del at(changed, path[:-1])[path[-1]]
    return changed
