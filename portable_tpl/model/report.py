"""The result of a run, as data: what the report formats see, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Finding, Severity
from portable_tpl.model.rendering import Failed, Mismatch, Rendered
from portable_tpl.model.source import Template

if TYPE_CHECKING:
    from portable_tpl.model.difference import TemplateDifference

Command = Literal["check", "compare", "audit", "fix", "diff"]
Verdict = Literal["portable", "differs", "fails", "unknown"]
TargetState = Literal["run", "static", "skipped"]


@dataclass(frozen=True)
class TargetStatus:
    """A target of the run: which engine and version answered, or why it did not."""

    id: str
    engine: str
    version: str | None
    status: TargetState
    reason: str | None = None


@dataclass(frozen=True)
class MissedBranch:
    """A branch of the template that no conversation reached on the reference.

    ``stopped_at`` is the line before it in which the reference itself fails each time.
    """

    line: int
    condition: str
    reachable: bool | None = None
    stopped_at: int | None = None


@dataclass(frozen=True)
class MissedPair:
    """A definition and a use of which no conversation had the one in a turn and the other in a later turn.

    ``name`` is the variable (``x``, ``ns.x``); the lines count from 1.
    """

    name: str
    definition: int
    use: int


@dataclass(frozen=True)
class Coverage:
    """Branches of the template, and how many of them the conversations reached on the reference.

    ``pairs`` counts definitions and uses of the variables that turns of a loop over messages set, such that one turn
    sets and a later one reads; ``covered_pairs`` those of which a conversation had both.
    """

    branches: int
    reached: int
    missed: tuple[MissedBranch, ...] = ()
    pairs: int = 0
    covered_pairs: int = 0
    missed_pairs: tuple[MissedPair, ...] = ()


@dataclass(frozen=True)
class ReferenceFailure:
    """Conversations on which the reference itself fails in one way, and not by ``raise_exception``.

    ``conversation`` is the smallest of them in the mildest tier, ``rendering`` what the reference made of it.
    """

    cases: int
    tier: Tier
    conversation: Conversation
    rendering: Failed


@dataclass(frozen=True)
class TargetComparison:
    """How one target did against the reference.

    ``failed`` counts the conversations on which the reference itself fails: there is nothing to agree with, so they
    are not ``identical`` whatever the target did.
    """

    cases: int
    identical: int
    mismatches: tuple[Mismatch, ...] = ()
    failed: int = 0


def counts(mismatch: Mismatch, tier: Tier) -> bool:
    """Whether a mismatch decides the verdict for a tier: the author's to change, and seen in that tier."""
    return mismatch.decides and mismatch.origin == "template" and mismatch.tier.rank <= tier.rank


def verdict(result: TargetComparison, tier: Tier = Tier.EVERYDAY) -> Verdict:
    """What a target's run says: ``fails`` where it gives no prompt and the reference does, else ``differs``.

    ``unknown`` where the reference answered nothing that could be compared.
    """
    if result.cases == result.failed:
        return "unknown"
    counted = [mismatch for mismatch in result.mismatches if counts(mismatch, tier)]
    failed = ("target-error", "timeout", "crash")
    if any(each.kind in failed and isinstance(each.reference, Rendered) for each in counted):
        return "fails"
    return "differs" if counted else "portable"


@dataclass(frozen=True)
class Comparison:
    """The differential run of one template; ``targets`` holds those that ran.

    ``failures`` are the ways in which the reference itself fails, the most frequent first. ``cut``: the time asked
    for ran out, so that branches may be missed that could be reached, and what was found may be neither as small nor
    as well explained as it could be.
    """

    cases: int
    coverage: Coverage
    targets: Mapping[str, TargetComparison]
    cut: bool = False
    failures: tuple[ReferenceFailure, ...] = ()


@dataclass(frozen=True)
class Unasked:
    """A release check whose question does not fit a template, and why."""

    code: str
    reason: str


@dataclass(frozen=True)
class TemplateReport:
    """All that a run says about one template.

    ``unasked`` are release checks that could not be asked. ``milder`` are findings below the level that was asked
    for: the verdicts speak of them, too, and nothing else does. ``error`` is the one line that explains why nothing
    could be said (a template that does not parse).
    """

    template: Template
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    comparison: Comparison | None = None
    error: str | None = None
    unasked: tuple[Unasked, ...] = ()
    milder: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ContainerReport:
    """What is wrong between the files of one container, which ``path`` names as the user did.

    Places in the findings are those of ``template``, the first of the container's.
    """

    path: str
    findings: tuple[Finding, ...]
    template: Template

    @property
    def entry(self) -> TemplateReport:
        """The same in the form of what is said of a template, for formats that show findings alike."""
        return TemplateReport(replace(self.template, path=self.path, name="default"), findings=self.findings)


@dataclass(frozen=True)
class Report:
    """A whole run; ``errors`` are what could not be looked at, ``containers`` those with findings of their own.

    ``differences`` are those of a ``diff``, one for each template's name, in the order of ``templates``.
    """

    command: Command
    tier: Tier
    seed: int
    targets: tuple[TargetStatus, ...]
    templates: tuple[TemplateReport, ...]
    errors: tuple[str, ...] = ()
    containers: tuple[ContainerReport, ...] = ()
    differences: tuple[TemplateDifference, ...] = ()

    @property
    def entries(self) -> tuple[TemplateReport, ...]:
        """What is said of each template, and after that what is said of containers."""
        return (*self.templates, *(container.entry for container in self.containers))


class RuleDoc(NamedTuple):
    """What a report may say about a rule besides its findings.

    ``summary`` is one sentence; ``help`` is the rule's page in Markdown.
    """

    code: str
    name: str
    summary: str
    help: str
    severity: Severity = Severity.WARNING
