"""Find what is not portable in a template, without rendering it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import nodes

from portable_tpl.checking.base import Broken, Look, Use
from portable_tpl.checking.effects import said, with_effects
from portable_tpl.checking.imitations import IMITATION, advice, imitations
from portable_tpl.checking.kinds import unsure_marks
from portable_tpl.checking.registry import fix_of, looked, release_names, rules
from portable_tpl.checking.selecting import chosen_codes
from portable_tpl.checking.severity import severity_of
from portable_tpl.checking.suppressing import suppress
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Effect, Finding, Severity
from portable_tpl.model.ids import FeatureId
from portable_tpl.support.table import Support, load_table, measured_targets
from portable_tpl.template.types.lattice.lattice import ANY
from portable_tpl.template.types.types import Types, infer, same_in_everyday

if TYPE_CHECKING:
    from portable_tpl.template.syntax.parsing import ParsedTemplate


_TIERS = tuple(Tier)
_MISSING = ".missing"  # of a key that a mapping lacks
_SHADOWED = "shadowed"  # of a mapping that has a key named as a method is
_MADE_TEXT = ("filter.string", "concat")
_WORDS = frozenset({"true", "false", "none"})
_PROVIDED = ("filter", "global", "test", "name")


def lint(
    parsed: ParsedTemplate,
    targets: Sequence[str],
    tier: Tier = Tier.EVERYDAY,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    provided: Sequence[str] = (),
    further: Sequence[Finding] = (),
    asked: Collection[str] | None = (),
    notes: bool = False,
    possible: bool = False,
) -> list[Finding]:
    """What breaks on the targets in conversations of the tier, in the order of the template.

    Targets are ``NAME`` or ``NAME@VERSION`` as the tables have them; one without a table has no findings. ``select``
    and ``ignore`` are codes, prefixes of codes, or names of rules; raises :class:`InputError` for
    one that is none. ``provided`` names what the deployment itself brings, be it a filter, a test or a function: such
    are not looked at. ``further`` are findings that others made about the template, which are selected and suppressed
    as the rules' own are; ``asked`` are the codes of checks that were asked, ``None`` for all. ``notes``: say, too,
    what works only because engines imitate Python. ``possible``: take for ordinary, too, that something is absent
    which ordinary requests need not bring, or is a word where text is made of it. Findings that comments of the
    template suppress are in the list, marked.
    """
    chosen = chosen_codes(select, ignore)
    findings = [*_findings(parsed, tuple(targets), tier, frozenset(provided), possible), *further]
    if notes:
        places = {(finding.code, finding.location) for finding in findings}
        extra = _notes(parsed, tuple(targets), frozenset(provided))
        findings += [note for note in extra if (note.code, note.location) not in places]
    every = tuple(dict.fromkeys((*targets, *measured_targets())))

    def unasked() -> frozenset[str]:
        codes = chosen if asked is None else frozenset(asked)
        return frozenset() if codes is None else frozenset(release_names()) - codes

    findings = suppress(parsed, findings, lambda: _findings(parsed, every, tier, frozenset(provided)), unasked)
    if chosen is not None:
        findings = [finding for finding in findings if finding.code in chosen]
    return sorted(findings, key=_order)


def _findings(
    parsed: ParsedTemplate,
    targets: tuple[str, ...],
    tier: Tier,
    provided: frozenset[str],
    possible: bool = False,
) -> list[Finding]:
    broken = broken_features(targets)
    merged: dict[tuple[str, int], _Draft] = {}
    for step in _TIERS[: tier.rank + 1]:
        if step is Tier.EVERYDAY and same_in_everyday(parsed):
            continue  # what only rare content shows, the tables know
        _collect(looked(parsed, infer(parsed, step, provided), broken), step, tier, merged, possible)
    if provided:
        drafts = [draft for draft in merged.values() if not _brought(draft.use.feature, provided)]
    else:
        drafts = list(merged.values())
    return [draft.finding(parsed) for draft in drafts]


def _notes(parsed: ParsedTemplate, targets: tuple[str, ...], provided: frozenset[str]) -> list[Finding]:
    """What works on the targets only because engines imitate Python."""
    drafts: dict[tuple[str, int], _Draft] = {}
    mildest = _TIERS[0]
    look = looked(parsed, infer(parsed, mildest, provided), _imitated(targets), imitated=True)
    _collect(look, mildest, _TIERS[-1], drafts)
    return [draft.note(parsed) for draft in drafts.values() if not _brought(draft.use.feature, provided)]


@lru_cache(maxsize=64)
def _imitated(targets: tuple[str, ...]) -> Broken:
    return Broken({IMITATION: imitations()}, targets)


def _brought(feature: str, provided: frozenset[str]) -> bool:
    """Whether a feature is one of something that the deployment brings."""
    id_ = FeatureId(feature)
    return id_.partition(".")[0] in _PROVIDED and id_.name in provided


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
        self.hits: dict[str, tuple[str, Tier, Support]] = {}
        self.broken: set[tuple[str, str]] = set()  # targets with features

    def finding(self, parsed: ParsedTemplate) -> Finding:
        """The finding about all targets that break the use."""
        return with_effects(
            self._about(parsed), [_effect(target, *self.hits[target]) for target in sorted(self.hits)]
        )

    def note(self, parsed: ParsedTemplate) -> Finding:
        """The finding that the use works only where an engine imitates Python."""
        finding = self._about(parsed)
        return replace(finding, message=advice(self.use.feature, parsed.source(self.use.node)))

    def _about(self, parsed: ParsedTemplate) -> Finding:
        rule = rules()[self.use.rule]
        span = self.use.span or parsed.span(self.use.node)
        return Finding(
            code=rule.code,
            rule=rule.name,
            severity=Severity.NOTE,
            tier=self.tier,
            breadth=len(self.broken),
            message=rule.title,
            feature=self.use.feature,
            targets=(),
            location=parsed.template.locate(span),
            fix=fix_of(self.use, self.look),
            title=rule.title,
        )


def _effect(target: str, feature: str, tier: Tier, support: Support) -> Effect:
    severity = severity_of(tier, target, feature)
    if support.answer == "differs":
        return Effect(target, feature, tier, severity, "differs")
    if support.answer == "unknown":
        return Effect(target, feature, tier, Severity.WARNING, "unknown", support.note)
    words = f"not without {support.note}" if support.answer == "flag" else said(support.message)
    return Effect(target, feature, tier, severity, "fails", words)


def _collect(
    look: Look, step: Tier, limit: Tier, merged: dict[tuple[str, int], _Draft], possible: bool = False
) -> None:
    for use in look.uses:
        live = look.types.reachable(use.node)
        key = (use.rule, id(use.node) if use.span is None else -use.span.start - 1)
        draft = merged.get(key)
        for target, support in use.hits:
            if not live and not support.at_load:
                continue
            tier = step if live else Tier.ORDINARY
            assert support.tier is not None
            mildest = max(tier, use.least, Tier(support.tier), key=lambda item: item.rank)
            if mildest is Tier.ORDINARY and not support.at_load and _is_unsure(use, look.types, possible):
                mildest = Tier.EVERYDAY
            if mildest.rank > limit.rank:
                continue
            if draft is None:
                draft = merged[key] = _Draft(use, mildest, look)
            elif mildest.rank < draft.tier.rank:
                draft.tier, draft.use, draft.look = mildest, use, look
            draft.broken.add((target, use.feature))
            if target not in draft.hits or mildest.rank < draft.hits[target][1].rank:
                draft.hits[target] = (use.feature, mildest, support)


# The schema of no parameter has this type; among several it is what a template that asks for all others hardly means.
_NULL = frozenset({"null"})


def _kinds_meant(feature: str) -> tuple[str, ...]:
    """The kinds that a feature without any is about: of mappings whose keys hide methods, or lack such keys."""
    if feature.endswith(_MISSING):
        return ("undefined",)
    return ("dict",) if _SHADOWED in feature.split(".") else ()


def _is_unsure(use: Use, types: Types, possible: bool) -> bool:
    """Whether no ordinary request need bring the kinds to where they break, as far as types can tell."""
    node = use.node.iter if isinstance(use.node, nodes.For) else use.node
    kinds = FeatureId(use.feature).kinds or _kinds_meant(use.feature)
    if not kinds or not isinstance(node, nodes.Expr):
        return False
    if types.of(node).texts == _NULL:
        return True
    # A key that may be missing is what an engine finds a method in the place of.
    marks = unsure_marks((*kinds, "undefined") if "function" in kinds else kinds)
    inside = (types.of(each) for each in (node, *node.find_all(nodes.Expr)))
    absent = possible and ("undefined" in kinds or _is_word_of_text(use.feature, kinds))
    return any((type_.bits & marks and not absent) or type_ is ANY for type_ in inside)


def _is_word_of_text(feature: str, kinds: tuple[str, ...]) -> bool:
    """Whether text is made of a boolean or ``none``: who makes text of a value expects what is none."""
    return FeatureId(feature).family in _MADE_TEXT and _WORDS.issuperset(kinds)


def uses(parsed: ParsedTemplate, types: Types, broken: Broken) -> list[Use]:
    """Every use of a feature that some target breaks, as the rules see it."""
    return looked(parsed, types, broken).uses


def _order(finding: Finding) -> tuple[int, int, str]:
    return finding.location.start, finding.location.end, finding.code
