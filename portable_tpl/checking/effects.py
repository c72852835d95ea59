"""What a finding says about each of its targets, put together and taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from portable_tpl.checking.severity import worst
from portable_tpl.model.findings import Effect, Finding
from portable_tpl.model.words import in_one_line, listed
from portable_tpl.support.feature_titles import feature_title

_POSITION = re.compile(r"\s*\(in <[^>]*>(?::\d+)?\)|\s*(?:-{8,}|\.{3}\^).*", re.DOTALL)
_MOST_WORDS = 120  # of an engine's message, in characters


def said(message: str) -> str:
    """An engine's message in the middle of a sentence: on one line, without where it was and the page of source."""
    return in_one_line(_POSITION.sub("", message))[:_MOST_WORDS].strip()


def message_of(title: str, effects: Iterable[Effect]) -> str:
    """What breaks, by its features or else in a rule's general words, on which targets, and how."""
    about: dict[str, list[Effect]] = {}
    for effect in effects:
        about.setdefault(feature_title(effect.feature) or title, []).append(effect)
    return "; ".join(f"{what}: {_what_happens(some)}" for what, some in about.items())


def _what_happens(effects: Iterable[Effect]) -> str:
    """Which targets fail and with what words, and which print something else."""
    failing: dict[str, list[str]] = {}
    other: list[str] = []
    unsure: list[str] = []
    for effect in effects:
        if effect.outcome == "fails":
            failing.setdefault(effect.words, []).append(effect.target)
        elif effect.outcome == "differs":
            other.append(effect.target)
        else:
            unsure.append(f"{effect.target} ({effect.words})")
    parts = [f"{listed(names)} ({words})" if words else listed(names) for words, names in failing.items()]
    sentences = [f"fails on {'; '.join(parts)}"] if parts else []
    if other:
        sentences.append(f"prints something else on {listed(other)}")
    if unsure:
        sentences.append(f"was not measured on {listed(unsure)}")
    return "; ".join(sentences)


def with_effects(finding: Finding, effects: Sequence[Effect]) -> Finding:
    """The finding about some of its targets, at least one; its severity, tier and words are theirs."""
    mildest = min(effects, key=lambda each: each.tier.rank)
    return replace(
        finding,
        severity=worst({each.severity for each in effects}),
        tier=mildest.tier,
        message=message_of(finding.title, effects),
        feature=mildest.feature if all(each.feature != finding.feature for each in effects) else finding.feature,
        targets=tuple(each.target for each in effects),
        fails=tuple(each.target for each in effects if each.outcome == "fails"),
        effects=tuple(effects),
    )


def about(finding: Finding, targets: Iterable[str]) -> Finding:
    """The finding about some of its targets, of which at least one must be among ``targets``."""
    kept = frozenset(targets)
    effects = [effect for effect in finding.effects if effect.target in kept]
    if effects:
        return with_effects(finding, effects)
    fails = tuple(target for target in finding.fails if target in kept)
    return replace(finding, targets=tuple(target for target in finding.targets if target in kept), fails=fails)
