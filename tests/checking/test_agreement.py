"""``check`` says of everyday constructs what the engines say: both are asked about many small templates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import portable_tpl
from portable_tpl.checking.linting import lint
from portable_tpl.differential.run.search import explore
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed, Rendering, same
from portable_tpl.model.report import verdict
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from tests.targets.opening import expect

TEMPLATES: tuple[str, ...] = tuple(json.loads(Path(__file__).with_name("idioms.json").read_text("utf-8")))
# The findings that are right although so few conversations show it that none of those here does.
RARE = {
    "minijinja": {"filter.title@unicode", "item.shadowed.items.missing"},
    "minijinja-strict": {"filter.title@unicode", "item.shadowed.items.missing"},
    "hf-jinja": set[str](),
    "llama.cpp-engine": {"filter.trim@unicode-spaced", "filter.dictsort.mixed-case"},
}
# What no probe asks yet: an undefined argument of these methods.
UNPROBED = {"llama.cpp-engine": ("'{}: {}'.format(", "tool_map.get(p.type")}

Case = tuple[ParsedTemplate, list[Conversation], list[Rendering]]


@cache
def cases() -> list[Case]:
    """Each template with everyday conversations and what the reference makes of them."""
    return list(_cases())


def _cases() -> Iterator[Case]:
    tracer = Tracer()
    with open_runtime(REFERENCE) as reference:
        for text in TEMPLATES:
            parsed = parse(Template(text))
            run = explore(parsed, tracer, CompareSettings())
            chosen = [
                run.conversations[number] for number in run.chosen if run.tiers[number].rank <= Tier.EVERYDAY.rank
            ]
            yield parsed, chosen, reference.render_all(parsed.template, chosen)
    tracer.close()


def not_portable(parsed: ParsedTemplate, target: str) -> bool:
    """Whether an audit has a conversation on which a target disagrees."""
    comparison = portable_tpl.audit(parsed.template, targets=[target], examples=200).templates[0].comparison
    assert comparison is not None
    return verdict(comparison.targets[target]) != "portable"


@pytest.mark.parametrize("target", RARE)
def test_verdicts_agree(target: str) -> None:
    expect(target)
    wrong = []
    with open_runtime(target) as engine:
        for parsed, conversations, expected in cases():
            answers = engine.render_all(parsed.template, conversations)
            breaks = any(
                not isinstance(right, Failed) and not same(right, answer)
                for right, answer in zip(expected, answers, strict=True)
            )
            said = {finding.feature for finding in lint(parsed, (target,))}
            if breaks and not said and any(form in parsed.text for form in UNPROBED.get(target, ())):
                continue
            if said and not breaks:  # too rare for a handful: an audit aims conversations at what was said
                breaks = not_portable(parsed, target)
            if breaks != bool(said) and not (said and said <= RARE[target]):
                wrong.append(f"{'missed' if breaks else f'said {sorted(said)} of'}: {parsed.text}")
    assert not wrong, "\n".join(wrong)
