"""Measure a target: what it makes of each feature, next to the reference."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from portable_tpl.model.conversation import Tier
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering, same
from portable_tpl.model.words import cut
from portable_tpl.probing.asking import Answers, ask, without_values
from portable_tpl.probing.stepped import Stepped
from portable_tpl.support.features import Feature
from portable_tpl.support.table import UNKNOWN, Support, Table
from portable_tpl.targets.processes._adapter import Adapter
from portable_tpl.targets.processes._base import REFERENCE, Limits, Runtime
from portable_tpl.targets.registry import find, open_runtime

_LIMITS = Limits(seconds=10.0, megabytes=1024)
_BY_STEP = "(by a step around the engine)"
_NOTE = 160  # characters of what an engine says or prints
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}", re.IGNORECASE)


def measure_reference(features: Mapping[str, Feature]) -> Answers:
    """What the reference prints for every probe."""
    with open_runtime(REFERENCE, _LIMITS) as runtime:
        return ask(runtime, features.values())


def measure(target: str, reference: Answers, features: Mapping[str, Feature]) -> Table:
    """Probe a target; raises :class:`TargetUnavailable` where it cannot run here.

    What fails there and not with a flag of the same engine set is ``flag``. What a deployment's steps make of a
    feature that its engine has right is no fault of a template: it is of no tier.
    """
    with open_runtime(target, _LIMITS) as runtime:
        table = measure_runtime(runtime, target, reference, features)
    adapter = find(target)[0]
    table = without_steps(table, _broken_by_steps(table, adapter, reference, features))
    flag = adapter.flag
    if flag is None:
        return table
    _, at, version = target.partition("@")
    refused = {id_: features[id_] for id_, support in table.broken.items() if support.answer == "no"}
    return with_flag(table, measure(f"{flag.target}{at}{version}", reference, refused), flag.name)


def measure_runtime(runtime: Runtime, target: str, reference: Answers, features: Mapping[str, Feature]) -> Table:
    """Probe an engine that is running."""
    answers = ask(runtime, features.values())
    unmeasured = without_values(runtime, features.values())
    broken: dict[str, Support] = {}
    yes: set[str] = set()
    for id_, feature in features.items():
        support = judge(feature, reference[id_], answers[id_], unmeasured)
        if support.answer == "yes":
            yes.add(id_)
        elif support is not UNKNOWN:
            broken[id_] = support
    return Table(target.partition("@")[0], runtime.engine, runtime.version, broken, frozenset(yes))


def _broken_by_steps(
    table: Table, adapter: Adapter, reference: Answers, features: Mapping[str, Feature]
) -> frozenset[str]:
    """The features that a deployment's engine has right by itself, and not with the steps around it."""
    bare = adapter.bare
    if bare is None or bare.opens is None or not adapter.steps:
        return frozenset()
    broken = {id_: features[id_] for id_, support in table.broken.items() if support.breaks}
    with bare.opens(None, _LIMITS) as engine:
        alone = measure_runtime(engine, adapter.id, reference, broken)
        right = {id_: features[id_] for id_ in alone.yes}
        return frozenset(measure_runtime(Stepped(engine, adapter), adapter.id, reference, right).broken)


def without_steps(table: Table, features: Collection[str]) -> Table:
    """The table of a deployment in which no tier has the features that only its steps break."""
    broken = {
        id_: support._replace(tier=None, note=f"{support.note} {_BY_STEP}") if id_ in features else support
        for id_, support in table.broken.items()
    }
    return table._replace(broken=broken)


def with_flag(table: Table, flagged: Table, flag: str) -> Table:
    """The table with ``flag`` for what only a flag of the same engine is missing to."""
    broken = {
        id_: Support("flag", support.tier, flag) if support.answer == "no" and id_ in flagged.yes else support
        for id_, support in table.broken.items()
    }
    return table._replace(broken=broken)


def judge(
    feature: Feature,
    reference: Sequence[Rendering],
    answers: Sequence[Rendering],
    unmeasured: frozenset[str] = frozenset(),
) -> Support:
    """The answer for one feature: that of the worst probe in the mildest tier in which any probe is not the same.

    Probes whose setup is in ``unmeasured`` are left out; where no other is left, the answer is ``unknown``.
    """
    worst = Support("yes")
    lenient = Support("yes")
    if unmeasured and all(probe.setup in unmeasured for probe in feature.probes):
        return UNKNOWN
    for probe, expected, answer in zip(feature.probes, reference, answers, strict=True):
        if _same(expected, answer) or (probe.setup and probe.setup in unmeasured):
            continue
        support = _difference(answer, probe.tier)
        if isinstance(expected, Failed) and isinstance(answer, Rendered):
            lenient = support._replace(tier=None, note=f"{support.note} (the reference fails)")
        elif worst.tier is None or _rank(support) < _rank(worst):
            worst = support
    return lenient if worst.tier is None else worst


def _same(expected: Rendering, answer: Rendering) -> bool:
    """Whether two answers are the same but for the addresses that Python prints, which change with every run."""
    if isinstance(expected, Rendered) and isinstance(answer, Rendered) and expected != answer:
        return _ADDRESS.sub("0x…", expected.text) == _ADDRESS.sub("0x…", answer.text)
    return same(expected, answer)


def _rank(support: Support) -> tuple[int, bool]:
    assert support.tier is not None
    return Tier(support.tier).rank, support.answer != "no"


def _difference(answer: Rendering, tier: Tier) -> Support:
    if isinstance(answer, Rendered):
        return Support("differs", tier.value, shorten(answer.text))
    if isinstance(answer, Refused):
        return Support("no", tier.value, shorten(f"refused: {answer.message}"))
    return Support("no", tier.value, shorten(f"{answer.kind}: {answer.message}"))


def shorten(text: str) -> str:
    """What is kept of what an engine says, without the addresses that it prints: only what changed may change."""
    return cut(_ADDRESS.sub("0x…", text), _NOTE)
