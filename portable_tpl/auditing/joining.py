"""Findings and what the engines did, as one: each finding proved, or said to be unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.likeness import Alike
from portable_tpl.checking.effects import said, with_effects
from portable_tpl.checking.registry import rules
from portable_tpl.checking.severity import severity_of
from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Affected, Effect, Exhibit, Finding, Outcome, Severity, Witness
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.rendering import Failed, Mismatch, Refused, Rendered
from portable_tpl.model.report import Comparison, TargetComparison, counts
from portable_tpl.model.source import Span, Template
from portable_tpl.targets.processes._base import REFERENCE


def graded(comparison: Comparison, choice: Choice) -> Comparison:
    """The comparison, each mismatch with its severity: the one that is set for its rule, else the computed one."""

    def severity(mismatch: Mismatch, target: str) -> Severity:
        chosen = None if mismatch.code is None else choice.severity_of(mismatch.code)
        return chosen or severity_of(mismatch.tier, target, mismatch.cause)

    targets = {
        target: replace(
            compared,
            mismatches=tuple(replace(each, severity=severity(each, target)) for each in compared.mismatches),
        )
        for target, compared in comparison.targets.items()
    }
    return replace(comparison, targets=targets)


def speaks(finding: Finding, feature: str, mismatch: Mismatch) -> bool:
    """Whether a mismatch shows a finding about a feature: at its place, and not known to have another cause."""
    if mismatch.line is None:
        return mismatch.cause == feature
    wider = mismatch.cause is not None and mismatch.cause in set(FeatureId(feature).wider())
    if wider and mismatch.span is not None and _meets(finding, mismatch.span):
        return True  # a literal of several lines, and one of its keys
    if not finding.location.line <= mismatch.line <= finding.location.end_line:
        return False
    return mismatch.cause in (feature, None) or (mismatch.code == finding.code and _meets(finding, mismatch.span))


def _meets(finding: Finding, span: Span | None) -> bool:
    """Whether a finding is about a construct, or about a part of it or what holds it; about any that is not known."""
    return span is None or (span.start < finding.location.end and finding.location.start < span.end)


def milder(one: Tier, other: Tier) -> Tier:
    """The milder one of two tiers."""
    return min(one, other, key=lambda tier: tier.rank)


def unproved(findings: Iterable[Finding], comparison: Comparison, tier: Tier) -> list[tuple[Finding, Effect]]:
    """What the support table says about engines that ran, and no mismatch of a tier as mild shows."""
    return [
        (finding, effect)
        for finding in findings
        for effect in finding.effects
        if effect.target in comparison.targets
        and not _showing(finding, effect, comparison.targets[effect.target], milder(effect.tier, tier))
    ]


def unseen(findings: Iterable[Finding], comparison: Comparison, tier: Tier) -> list[tuple[Finding, Effect]]:
    """What the table says of milder conversations than the audit's, and none at all shows."""
    return [
        (finding, effect)
        for finding, effect in unproved(findings, comparison, tier)
        if effect.tier.rank < tier.rank and not _showing(finding, effect, comparison.targets[effect.target], tier)
    ]


def joined(
    findings: Iterable[Finding],
    comparison: Comparison,
    tier: Tier,
    unaimed: Comparison | None = None,
    alike: Alike | None = None,
) -> tuple[Finding, ...]:
    """The findings, each taken apart by how it is known: proved, static (no engine ran), or unseen.

    ``unaimed`` is the comparison before any conversation was aimed at a finding: how many are affected, those that
    were made to be say nothing of. ``alike`` tells which mismatches elsewhere prove a finding that nothing can show.
    """
    unaimed = comparison if unaimed is None else unaimed
    return tuple(each for finding in findings for each in _taken_apart(finding, comparison, tier, unaimed, alike))


def unforeseen(
    template: Template, findings: Sequence[Finding], comparison: Comparison, tier: Tier, unaimed: Comparison
) -> tuple[Finding, ...]:
    """A proved finding for each cause that decides a verdict and that no finding has as proved at its place."""
    by_place: dict[tuple[str, str, int | None], dict[str, list[Mismatch]]] = {}
    for target, compared in comparison.targets.items():
        for each in compared.mismatches:
            if not (each.decides and each.code in rules() and each.cause and counts(each, tier)):
                continue
            if not any(_proves(finding, target, each) for finding in findings):
                by_target = by_place.setdefault((each.code or "", each.cause, each.line), {})
                by_target.setdefault(target, []).append(each)
    return tuple(
        _of_mismatches(template, code, cause, by_target, unaimed) for (code, cause, _), by_target in by_place.items()
    )


def _proves(finding: Finding, target: str, mismatch: Mismatch) -> bool:
    if (finding.code, finding.evidence) != (mismatch.code, "proved") or target not in finding.targets:
        return False
    return mismatch.line is None or finding.location.line <= mismatch.line <= finding.location.end_line


def _of_mismatches(
    template: Template, code: str, cause: str, by_target: Mapping[str, list[Mismatch]], unaimed: Comparison
) -> Finding:
    """What mismatches of one cause at one place say, as a finding of the rule that it is a matter of."""
    rule = rules()[code]
    first = next(iter(by_target.values()))[0]
    span = first.span or (Span(0, 0) if first.line is None else template.line_span(first.line))
    finding = Finding(
        code=code,
        rule=rule.name,
        severity=first.severity,
        tier=first.tier,
        message=rule.title,
        feature=cause,
        targets=(),
        location=template.locate(span),
        title=rule.title,
    )
    proved = [
        (Effect(target, cause, first.tier, first.severity, "differs"), mismatches)
        for target, mismatches in by_target.items()
    ]
    return _proved(finding, proved, unaimed)


def _taken_apart(
    finding: Finding, comparison: Comparison, tier: Tier, unaimed: Comparison, alike: Alike | None
) -> Iterator[Finding]:
    if not finding.effects:
        yield finding
        return
    proved: list[tuple[Effect, list[Mismatch]]] = []
    static: list[Effect] = []
    unseen: list[Effect] = []
    for effect in finding.effects:
        compared = comparison.targets.get(effect.target)
        mismatches = [] if compared is None else _showing(finding, effect, compared, tier)
        if compared is not None and alike is not None and _milder_than_seen(effect, mismatches):
            elsewhere = [each for each in compared.mismatches if counts(each, tier) and alike(finding, effect, each)]
            mismatches += elsewhere
        if compared is None:
            static.append(effect)
        elif mismatches:
            proved.append((effect, mismatches))
        else:
            unseen.append(effect)
    if proved:
        yield _proved(finding, proved, unaimed)
    if static:
        yield with_effects(finding, static)
    if unseen:
        yield from _unseen(finding, unseen, comparison)


def _milder_than_seen(effect: Effect, mismatches: Sequence[Mismatch]) -> bool:
    """Whether no mismatch is as mild as what is said."""
    return all(each.tier.rank > effect.tier.rank for each in mismatches)


def _showing(finding: Finding, effect: Effect, compared: TargetComparison, tier: Tier) -> list[Mismatch]:
    return [each for each in compared.mismatches if counts(each, tier) and speaks(finding, effect.feature, each)]


def _proved(finding: Finding, proved: Sequence[tuple[Effect, list[Mismatch]]], unaimed: Comparison) -> Finding:
    """The finding as the engines show it: in the mildest tier seen, and with the smallest proof."""
    effects = []
    for effect, mismatches in proved:
        mildest = min((each.tier for each in mismatches), key=lambda tier: tier.rank)
        failing = [each for each in mismatches if not isinstance(each.target, Rendered)]
        severity = severity_of(mildest, effect.target, effect.feature)
        outcome: Outcome = "fails" if failing else "differs"
        words = _words(min(failing, key=_plainness)) if failing else ""
        effects.append(replace(effect, tier=mildest, severity=severity, outcome=outcome, words=words))
    target, smallest = min(
        ((effect.target, each) for effect, mismatches in proved for each in mismatches),
        key=lambda pair: _plainness(pair[1]),
    )
    shares = [_affected(unaimed.targets[effect.target], mismatches) for effect, mismatches in proved]
    return replace(
        with_effects(finding, effects),
        evidence="proved",
        affected=max(shares, key=lambda share: share.affected),
        witness=witness_of(target, smallest),
    )


def _plainness(mismatch: Mismatch) -> tuple[int, int]:
    return mismatch.tier.rank, len(mismatch.conversation.key)


def _words(mismatch: Mismatch) -> str:
    """What the engine itself said."""
    return said(mismatch.target.message) if isinstance(mismatch.target, (Failed, Refused)) else ""


def _affected(unaimed: TargetComparison, mismatches: Sequence[Mismatch]) -> Affected:
    """How many conversations of the run show some mismatches; none where only aimed ones do."""
    cases = {each.signature: each.cases for each in unaimed.mismatches}
    return Affected(unaimed.cases, min(unaimed.cases, sum(cases.get(each.signature, 0) for each in mismatches)))


def witness_of(target: str, mismatch: Mismatch) -> Witness:
    """A mismatch as the proof of a finding."""
    exhibits = (
        Exhibit("the reference", mismatch.conversation, mismatch.reference, REFERENCE),
        Exhibit(target, mismatch.conversation, mismatch.target, target),
    )
    return Witness(exhibits, _difference(mismatch), mismatch.line, None, (mismatch.reproduce,))


def _difference(mismatch: Mismatch) -> int | None:
    if not (isinstance(mismatch.reference, Rendered) and isinstance(mismatch.target, Rendered)):
        return None
    pairs = zip(mismatch.reference.text, mismatch.target.text, strict=False)
    shorter = min(len(mismatch.reference.text), len(mismatch.target.text))
    return next((number for number, (one, other) in enumerate(pairs) if one != other), shorter)


def _unseen(finding: Finding, effects: Sequence[Effect], comparison: Comparison) -> Iterator[Finding]:
    for hidden in (True, False):
        chosen = [effect for effect in effects if _is_silent(comparison.targets[effect.target]) is hidden]
        if not chosen:
            continue
        about_them = with_effects(finding, chosen)
        cases = max(comparison.targets[effect.target].cases for effect in chosen)
        if hidden:
            line = _stopped_at(comparison.targets[chosen[0].target])
            where = "" if line is None else f" at line {line}"
            words = f"{about_them.message}; not to be seen before what stops it{where} is repaired"
            milder = max(about_them.severity, Severity.WARNING, key=list(Severity).index)
            yield replace(about_them, severity=milder, message=words)
        else:
            yield replace(
                about_them,
                severity=Severity.NOTE,
                message=f"{about_them.message}; unseen in {cases} conversations",
                evidence="unseen",
                affected=Affected(cases, 0),
            )


def _is_silent(compared: TargetComparison) -> bool:
    """Whether the target gave no prompt in any conversation, so that nothing behind what stops it can be seen."""
    failing = sum(each.cases for each in compared.mismatches if isinstance(each.target, Failed))
    return compared.identical == 0 and failing >= compared.cases - compared.failed > 0


def _stopped_at(compared: TargetComparison) -> int | None:
    failing = [each for each in compared.mismatches if isinstance(each.target, Failed)]
    return failing[0].line
