"""Find what is not portable in a template, without rendering it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from portable_tpl.compat.table import Support, load_table
from portable_tpl.conversation import Tier
from portable_tpl.findings import Finding, Severity
from portable_tpl.rules._base import Broken, Hits, Look, Use
from portable_tpl.rules._registry import dispatch, rules
from portable_tpl.template.types import Types, infer

if TYPE_CHECKING:
    from jinja2 import nodes

    from portable_tpl.template.parsing import ParsedTemplate

_TIERS = tuple(Tier)


def lint(
    parsed: ParsedTemplate,
    targets: Sequence[str],
    tier: Tier = Tier.EVERYDAY,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> list[Finding]:
    """What breaks on the targets in conversations of the tier, in the order of the template.

    Targets are ``NAME`` or ``NAME@VERSION`` as the tables have them; one without a table has no findings.
    """
    broken = broken_features(tuple(targets))
    merged: dict[tuple[str, int], _Draft] = {}
    for step in _TIERS[: tier.rank + 1]:
        _collect(parsed, infer(parsed, step), step, tier, broken, merged)
    return sorted((draft.finding(parsed) for draft in merged.values()), key=_order)


@lru_cache(maxsize=64)
def broken_features(targets: tuple[str, ...]) -> Broken:
    """What the targets break, by feature."""
    tables = {target: load_table(target) for target in targets}
    return Broken({target: table.broken for target, table in tables.items() if table is not None})


class _Draft:
    """A finding in the making: one rule at one node."""

    def __init__(self, use: Use, tier: Tier) -> None:
        self.use = use
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
            fix=None if self.use.fix is None else self.use.fix(),
        )


def _collect(
    parsed: ParsedTemplate,
    types: Types,
    step: Tier,
    asked: Tier,
    broken: Broken,
    merged: dict[tuple[str, int], _Draft],
) -> None:
    for use in uses(parsed, types, broken):
        live = types.reachable(use.node)
        key = (use.rule, id(use.node) if use.span is None else -use.span.start - 1)
        draft = merged.get(key)
        for target, support in use.hits:
            if not live and not at_load(support):
                continue
            tier = step if live else Tier.EVERYDAY
            assert support.tier is not None
            mildest = max(tier, Tier(support.tier), key=lambda item: item.rank)
            if mildest.rank > asked.rank:
                continue
            if draft is None:
                draft = merged[key] = _Draft(use, mildest)
            elif mildest.rank < draft.tier.rank:
                draft.tier, draft.use = mildest, use
            draft.targets.setdefault(target, support)


def uses(parsed: ParsedTemplate, types: Types, broken: Broken) -> list[Use]:
    """Every use of a feature that some target breaks, as the rules see it."""
    look = Look(parsed, types, broken)
    visits = dispatch()
    for node in parsed.nodes:
        found = visits.get(node.__class__)
        if found is not None:
            for code, visit in found:
                look.rule = code
                visit(node, look)
    return look.uses


def at_load(support: Support) -> bool:
    """Whether a target refuses the whole template, wherever the feature stands."""
    return support.note.startswith("syntax: ")


def _message(title: str, targets: dict[str, Support]) -> str:
    return f"{title}: {', '.join(sorted(targets))}"


def _order(finding: Finding) -> tuple[int, int, str]:
    return finding.location.start, finding.location.end, finding.code
