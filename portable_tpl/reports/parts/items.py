"""Findings joined with their proof: what a report says is one list, whatever its format.

An item is a finding with the mismatches that it explains, or a mismatch that no finding speaks of. A format that is
read by machines says one thing an item; one that is read by people puts the items of one cause into one block.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from portable_tpl.model.findings import Affected, Finding, Fix, Severity, Witness
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.report import TemplateReport
from portable_tpl.model.source import Location, Template
from portable_tpl.reports.parts.focus import focus
from portable_tpl.reports.parts.summary import finding_behind, mismatches_of, open_findings

_WORST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}


class Proof(NamedTuple):
    """A mismatch that shows an item, and on how many conversations its target ran."""

    target: str
    mismatch: Mismatch
    cases: int


class Item(NamedTuple):
    """One thing that a report says of a template.

    ``finding`` is ``None`` for a mismatch of which no rule speaks; ``location`` is ``None`` where no place is known.
    ``beside`` marks what decides no verdict: a deployment's doing, or what only a stranger tier shows.
    """

    severity: Severity
    code: str
    targets: tuple[str, ...]
    location: Location | None
    finding: Finding | None
    proofs: tuple[Proof, ...]
    beside: bool = False

    @property
    def proof(self) -> Proof | None:
        """The plainest proof, if there is one."""
        return min(self.proofs, key=_plainness, default=None)


def items_of(report: TemplateReport) -> list[Item]:
    """What a report says of a template, the worst first, then in the order of the text."""
    findings = open_findings(report)
    proofs: dict[int, list[Proof]] = {id(finding): [] for finding in findings}
    alone: list[Proof] = []
    for target, mismatch in mismatches_of(report):
        comparison = report.comparison
        proof = Proof(target, mismatch, comparison.targets[target].cases if comparison is not None else 0)
        finding = finding_behind(report, target, mismatch) if mismatch.decides else None
        (alone if finding is None else proofs[id(finding)]).append(proof)
    items = [of_finding(report.template, finding, proofs[id(finding)]) for finding in findings]
    items.extend(_of_mismatch(report, proof) for proof in alone)
    return sorted(items, key=_order)


def of_finding(template: Template, finding: Finding, proofs: Iterable[Proof] = ()) -> Item:
    """A finding with the mismatches that show it."""
    return Item(finding.severity, finding.code, finding.targets, focus(template, finding), finding, tuple(proofs))


def _of_mismatch(report: TemplateReport, proof: Proof) -> Item:
    mismatch = proof.mismatch
    template = report.template
    span = mismatch.span
    if span is None and mismatch.line is not None:
        span = template.line_span(mismatch.line)
    location = None if span is None else template.locate(span)
    code = mismatch.code or mismatch.kind
    return Item(_severity(mismatch), code, (proof.target,), location, None, (proof,), beside=not mismatch.decides)


def _severity(mismatch: Mismatch) -> Severity:
    if not mismatch.decides:
        return Severity.NOTE
    return mismatch.severity


def _order(item: Item) -> tuple[int, int, str]:
    return _WORST_FIRST[item.severity], item.location.start if item.location else -1, item.code


def _plainness(proof: Proof) -> tuple[int, int]:
    """How far a proof is from what people send every day: by its tier, then by its length."""
    conversation = proof.mismatch.conversation
    return proof.mismatch.tier.rank, len(str(conversation.messages)) + len(str(conversation.tools))


class Block(NamedTuple):
    """The items of one cause: one code and what breaks, one severity, the same targets."""

    items: tuple[Item, ...]

    @property
    def first(self) -> Item:
        """The item that stands for the block: the first one that is proved, else the first."""
        return next((item for item in self.items if item.proofs), self.items[0])

    @property
    def proof(self) -> Proof | None:
        """The plainest proof of the block, if there is one."""
        return min((proof for item in self.items for proof in item.proofs), key=_plainness, default=None)

    @property
    def witness(self) -> Witness | None:
        """The first proof that a release check gave."""
        witnesses = (item.finding.witness for item in self.items if item.finding is not None)
        return next((witness for witness in witnesses if witness is not None), None)

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets of its items, each once."""
        return tuple(dict.fromkeys(target for item in self.items for target in item.targets))

    @property
    def places(self) -> list[str]:
        """Lines and columns of the items, each once."""
        locations = (item.location for item in self.items if item.location is not None)
        return list(dict.fromkeys(f"{location.line}:{location.column}" for location in locations))

    @property
    def fix(self) -> Fix | None:
        """The fix of the item that stands for the block, else another one's."""
        fixes = (item.finding.fix for item in (self.first, *self.items) if item.finding is not None)
        return next((fix for fix in fixes if fix is not None), None)

    @property
    def affected(self) -> Affected | None:
        """On how many conversations the worst target shows the cause, where it was seen or counted."""
        by_target: dict[str, Affected] = {}
        for item in self.items:
            for proof in item.proofs:
                before = by_target.get(proof.target, Affected(proof.cases, 0))
                affected = min(proof.cases, before.affected + proof.mismatch.cases)
                by_target[proof.target] = Affected(proof.cases, affected)
        counted = [item.finding.affected for item in self.items if item.finding and item.finding.affected]
        return max([*by_target.values(), *counted], key=lambda each: each.affected, default=None)


def blocks_of(report: TemplateReport) -> list[Block]:
    """The items of a template by cause, those of release checks by what they say; what decides no verdict last."""
    groups: dict[tuple[object, ...], list[Item]] = {}
    for item in items_of(report):
        about: tuple[object, ...] = item.targets, None if item.finding is None else _words_of(item.finding)
        if item.finding is None:
            mismatch = item.proofs[0].mismatch
            # Of one cause at one place, the targets are said together.
            at = item.targets if mismatch.cause is None or item.location is None else item.location.start
            about = mismatch.cause, mismatch.kind, at
        groups.setdefault((item.beside, item.severity, item.code, *about), []).append(item)
    blocks = [Block(tuple(items)) for items in groups.values()]
    return sorted(blocks, key=lambda block: (block.first.beside, _WORST_FIRST[block.first.severity]))


def _words_of(finding: Finding) -> object:
    """What sets a finding apart from others of its code: its words, or the features of the engines behind it."""
    return tuple(dict.fromkeys(each.feature for each in finding.effects)) if finding.feature else finding.message
