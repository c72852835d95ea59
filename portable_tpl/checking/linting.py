"""Find what is not portable in a template, without rendering it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from portable_tpl.checking.base import Broken, Look, Use
from portable_tpl.checking.pages import known_subjects, page_of, rule_docs
from portable_tpl.checking.registry import fix_of, looked, release_names, rules
from portable_tpl.checking.selecting import chosen_codes
from portable_tpl.checking.suppressing import suppress
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Finding, Severity
from portable_tpl.support.table import Support, load_table, measured_targets
from portable_tpl.template.types.types import Types, infer

if TYPE_CHECKING:
    from portable_tpl.template.syntax.parsing import ParsedTemplate

__all__ = ["broken_features", "known_subjects", "lint", "page_of", "rule_docs", "uses"]

_TIERS = tuple(Tier)
_MOST_WORDS = 120
_PROVIDED = ("filter", "global", "test", "name")


def lint(
    parsed: ParsedTemplate,
    targets: Sequence[str],
    tier: Tier = Tier.EVERYDAY,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    provided: Sequence[str] = (),
    further: Sequence[Finding] | None = None,
    asked: Collection[str] | None = None,
) -> list[Finding]:
    """What breaks on the targets in conversations of the tier, in the order of the template.

    Targets are ``NAME`` or ``NAME@VERSION`` as the tables have them; one without a table has no findings. ``select``
    and ``ignore`` are codes, prefixes of codes, or names of rules; raises :class:`InputError` for
    one that is none. ``provided`` names what the deployment itself brings, be it a filter, a test or a function: such
    are not looked at. ``further`` are findings that others made about the template, ``None`` where nobody was asked;
    they are selected and suppressed as the rules' own are. ``asked`` are the codes of which these could be, ``None``
    for all. Findings that comments of the template suppress are in the list, marked.
    """
    chosen = chosen_codes(select, ignore)
    found = [*_findings(parsed, tuple(targets), tier, frozenset(provided)), *(further or ())]
    every = tuple(dict.fromkeys((*targets, *measured_targets())))

    def unasked() -> frozenset[str]:
        if further is None:
            return frozenset(release_names())
        codes = chosen if asked is None else frozenset(asked)
        return frozenset() if codes is None else frozenset(release_names()) - codes

    found = suppress(parsed, found, lambda: _findings(parsed, every, tier, frozenset(provided)), unasked)
    if chosen is not None:
        found = [finding for finding in found if finding.code in chosen]
    return sorted(found, key=_order)


def _findings(
    parsed: ParsedTemplate, targets: tuple[str, ...], tier: Tier, provided: frozenset[str]
) -> list[Finding]:
    broken = broken_features(targets)
    merged: dict[tuple[str, int], _Draft] = {}
    for step in _TIERS[: tier.rank + 1]:
        _collect(parsed, infer(parsed, step, provided), step, tier, broken, merged)
    if provided:
        drafts = [draft for draft in merged.values() if not _brought(draft.use.feature, provided)]
    else:
        drafts = list(merged.values())
    return [draft.finding(parsed) for draft in drafts]


def _brought(feature: str, provided: frozenset[str]) -> bool:
    """Whether a feature is one of something that the deployment brings."""
    family, _, rest = feature.partition("@")[0].partition(".")
    return family in _PROVIDED and rest.partition(".")[0] in provided


@lru_cache(maxsize=64)
def broken_features(targets: tuple[str, ...]) -> Broken:
    """What the targets break, by feature."""
    tables = {target: load_table(target) for target in targets}
    return Broken({target: table.broken for target, table in tables.items() if table is not None})


class _Draft:
    """A finding in the making: one rule at one node."""

    def __init__(self, use: Use, tier: Tier, look: Look) -> None:
        self.use = use
        self.look = look
        self.tier = tier
        self.targets: dict[str, Support] = {}

    def finding(self, parsed: ParsedTemplate) -> Finding:
        rule = rules()[self.use.rule]
        span = self.use.span or parsed.span(self.use.node)
        return Finding(
            code=rule.code,
            rule=rule.name,
            severity=Severity.ERROR,
            tier=self.tier,
            message=_message(rule.title, self.targets),
            feature=self.use.feature,
            targets=tuple(sorted(self.targets)),
            fails=tuple(sorted(t for t, support in self.targets.items() if support.answer in ("no", "flag"))),
            location=parsed.template.locate(span),
            fix=fix_of(self.use, self.look),
        )


def _collect(
    parsed: ParsedTemplate,
    types: Types,
    step: Tier,
    asked: Tier,
    broken: Broken,
    merged: dict[tuple[str, int], _Draft],
) -> None:
    look = looked(parsed, types, broken)
    for use in look.uses:
        live = types.reachable(use.node)
        key = (use.rule, id(use.node) if use.span is None else -use.span.start - 1)
        draft = merged.get(key)
        for target, support in use.hits:
            if not live and not at_load(support):
                continue
            tier = step if live else Tier.EVERYDAY
            assert support.tier is not None
            mildest = max(tier, use.least, Tier(support.tier), key=lambda item: item.rank)
            if mildest.rank > asked.rank:
                continue
            if draft is None:
                draft = merged[key] = _Draft(use, mildest, look)
            elif mildest.rank < draft.tier.rank:
                draft.tier, draft.use, draft.look = mildest, use, look
            draft.targets.setdefault(target, support)


def uses(parsed: ParsedTemplate, types: Types, broken: Broken) -> list[Use]:
    """Every use of a feature that some target breaks, as the rules see it."""
    return looked(parsed, types, broken).uses


def at_load(support: Support) -> bool:
    """Whether a target refuses the whole template, wherever the feature stands."""
    return support.note.startswith("syntax: ")


def _message(title: str, targets: dict[str, Support]) -> str:
    """What is wrong, which targets fail over it and with what words, and which print something else."""
    failing: dict[str, list[str]] = {}
    other: list[str] = []
    unsure: list[str] = []
    for target, support in sorted(targets.items()):
        if support.answer == "differs":
            other.append(target)
        elif support.answer == "unknown":
            unsure.append(f"{target} ({support.note})")
        else:
            words = f"not without {support.note}" if support.answer == "flag" else _words(support.note)
            failing.setdefault(words, []).append(target)
    parts = [f"{_listed(names)} ({words})" if words else _listed(names) for words, names in failing.items()]
    said = [f"fails on {'; '.join(parts)}"] if parts else []
    if other:
        said.append(f"prints something else on {_listed(other)}")
    if unsure:
        said.append(f"was not measured on {_listed(unsure)}")
    return f"{title}: {'; '.join(said)}"


_POSITION = re.compile(r"\s*\(in <[^>]*>(?::\d+)?\)|\s*(?:-{8,}|\.{3}\^).*", re.DOTALL)


def _words(note: str) -> str:
    """An engine's message, without where it was in the probe."""
    kind, _, words = note.partition(": ")
    text = words if kind in ("error", "syntax", "refused", "unsupported") else note
    return " ".join(_POSITION.sub("", text).split())[:_MOST_WORDS].strip()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _order(finding: Finding) -> tuple[int, int, str]:
    return finding.location.start, finding.location.end, finding.code
