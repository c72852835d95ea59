"""Ask an engine every probe.

A probe is rendered inside a guard (``{% if probe_no == 1 %}<<…>>{% endif %}``), for two reasons: llama.cpp runs a
template at its start with messages of its own, and an engine that loads slowly is given many probes at once. Where a
batch does not load, its halves are tried until the culprit is alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.support.features import Feature, Probe
from portable_tpl.support.literals import assignments
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.processes._patience import NOT_TRIED

_OPEN, _CLOSE = "<<", ">>"
_MESSAGES = [{"role": "user", "content": "hi"}]
_CLOCK = "strftime_now"
_BATCH = 48  # probes in one template; one that does not load is found by halves

# What a runtime prints for each probe of each feature, by the feature's id.
Answers: TypeAlias = "dict[str, tuple[Rendering, ...]]"


@dataclass(frozen=True)
class _Case:
    """One probe of a feature, as it is asked."""

    feature: str
    probe: Probe


def ask(runtime: Runtime, features: Iterable[Feature]) -> Answers:
    """What a runtime prints for each probe of each feature."""
    bare: list[_Case] = []
    guarded: dict[str, list[_Case]] = {}
    order = list(features)
    for feature in order:
        for probe in feature.probes:
            case = _Case(feature.id, probe)
            if probe.bare:
                bare.append(case)
            else:
                guarded.setdefault(probe.template, []).append(case)
    answers: dict[int, Rendering] = {}
    for case in bare:
        answers[id(case.probe)] = runtime.render(Template(case.probe.template), _conversation(case.probe, 0))
    if not _takes_variables(runtime):
        for group in guarded.values():
            for case in group:
                answers[id(case.probe)] = _ask_inline(runtime, case)
        guarded = {}
    # A template that reads the clock may be run by something else, and then all that is in it.
    timed = [text for text in guarded if _CLOCK in text]
    for texts in ([text for text in guarded if _CLOCK not in text], timed):
        for start in range(0, len(texts), _BATCH):
            _ask_batch(runtime, {text: guarded[text] for text in texts[start : start + _BATCH]}, answers)
    return {feature.id: tuple(answers[id(probe)] for probe in feature.probes) for feature in order}


def without_values(runtime: Runtime, features: Iterable[Feature]) -> frozenset[str]:
    """The setups of probes that a runtime cannot carry out: what needs their values cannot be measured on it."""
    setups = sorted({probe.setup for feature in features for probe in feature.probes if probe.setup})
    probes = {f"setup {text}": Feature(text, text, "", (Probe(text, {}, Tier.ORDINARY, False),)) for text in setups}
    answers = ask(runtime, probes.values())
    return frozenset(text for text in setups if not isinstance(answers[text][0], Rendered))


def _takes_variables(runtime: Runtime) -> bool:
    """Whether a deployment lets the caller's variables through to the template."""
    answer = runtime.render(Template("{{ probe_no }}"), _conversation(Probe("", {}, Tier.ORDINARY, False), 7))
    return answer == Rendered("7")


def _ask_inline(runtime: Runtime, case: _Case) -> Rendering:
    """Ask with the variables written into the template, for a deployment that passes none."""
    template = Template(f"{assignments(case.probe.variables)}{_OPEN}{case.probe.template}{_CLOSE}")
    return _unguarded(runtime.render(template, _conversation(case.probe, 0)))


def _ask_batch(runtime: Runtime, batch: Mapping[str, list[_Case]], answers: dict[int, Rendering]) -> None:
    branches = [
        f"{{% {'if' if number == 1 else 'elif'} probe_no == {number} %}}{_OPEN}{text}{_CLOSE}"
        for number, text in enumerate(batch, 1)
    ]
    template = Template("".join(branches) + "{% endif %}")
    cases = [(number, case) for number, group in enumerate(batch.values(), 1) for case in group]
    rendered = runtime.render_all(template, [_conversation(case.probe, number) for number, case in cases])
    while left := [place for place, answer in enumerate(rendered) if _not_tried(answer)]:
        # A worker that has died many times over is given up; what came after those deaths has a chance of its own.
        again = runtime.render_all(template, [_conversation(cases[at][1].probe, cases[at][0]) for at in left])
        rendered = [dict(zip(left, again, strict=True)).get(at, answer) for at, answer in enumerate(rendered)]
    if len(batch) > 1 and all(isinstance(answer, Failed) for answer in rendered):
        texts = list(batch)
        middle = len(texts) // 2
        _ask_batch(runtime, {text: batch[text] for text in texts[:middle]}, answers)
        _ask_batch(runtime, {text: batch[text] for text in texts[middle:]}, answers)
        return
    for (_, case), answer in zip(cases, rendered, strict=True):
        answers[id(case.probe)] = _unguarded(answer)


def _not_tried(answer: Rendering) -> bool:
    return isinstance(answer, Failed) and answer.kind == "crash" and answer.message.startswith(NOT_TRIED)


def _conversation(probe: Probe, number: int) -> Conversation:
    return Conversation(messages=_MESSAGES, variables={"probe_no": number, **probe.variables})


def _unguarded(answer: Rendering) -> Rendering:
    if not isinstance(answer, Rendered):
        return answer
    text = answer.text
    if text.startswith(_OPEN) and text.endswith(_CLOSE):
        return Rendered(text[len(_OPEN) : -len(_CLOSE)])
    return Rendered("(the template around the probe is damaged) " + text)
