"""The audit of one template on warm engines: what a process of the run does with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from portable_tpl.auditing.aiming import aims_of
from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.joining import graded, joined, unforeseen, unproved, unseen
from portable_tpl.auditing.likeness import fails_alike
from portable_tpl.auditing.release import inspected
from portable_tpl.auditing.static import parsed_whole, static_findings
from portable_tpl.auditing.time_limit import time_limit
from portable_tpl.differential.run.plain import to_plain
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.fixing.pricing import with_prices
from portable_tpl.fixing.repairs import with_repairs
from portable_tpl.model.findings import Finding
from portable_tpl.model.report import Comparison, Unasked
from portable_tpl.model.source import Template
from portable_tpl.sources import Container
from portable_tpl.targets.reproduce import readdressed, reproduce

_GRACE = 15.0  # seconds beyond a template's time for what is under way then to come to its end


@dataclass(frozen=True)
class Examined:
    """What was seen of one template; ``unasked`` are release checks whose question does not fit it."""

    comparison: Comparison
    findings: tuple[Finding, ...] = ()
    unasked: tuple[Unasked, ...] = ()


@dataclass(frozen=True)
class Examination:
    """Compare each template and, for an audit, say what is found in it.

    ``targets`` are all targets of the report, those without an engine included. ``with_findings``: else templates are
    only compared. ``containers`` are those of the templates.
    """

    settings: CompareSettings
    targets: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()
    choice: Choice = field(default_factory=Choice)
    with_findings: bool = False

    @property
    def result(self) -> type[Examined]:
        """The class of results."""
        return Examined

    def parts(self, template: Template) -> list[Any]:
        """What a result depends on besides the text and the targets; not on how long it may take."""
        settings = to_plain(replace(self.settings, max_seconds=None))
        choice = self.choice
        if not self.with_findings:
            return [settings, *([to_plain(sorted(choice.severities.items()))] if choice.severities else [])]
        chosen = [choice.select, choice.without(template.path), choice.provided, sorted(choice.severities.items())]
        container = self._containers.get((template.path, template.name))
        alone = container is None or container.kind == "jinja"
        return [settings, self.targets, to_plain(chosen), None if alone else template.label]

    def do(self, session: Session, template: Template) -> Examined:
        """Compare a template, and look for what it has."""
        seconds = self.settings.max_seconds
        # The engines stop by themselves at that time; this is for what runs in this process.
        with time_limit(None if seconds is None else seconds + _GRACE, template.label):
            return self._examined(session, template)

    def _examined(self, session: Session, template: Template) -> Examined:
        parsed = parsed_whole(template)
        run = session.run(parsed, self.settings)
        if not self.with_findings:
            return Examined(graded(run.comparison, self.choice))
        container = self._containers.get((template.path, template.name))
        inspection = inspected(parsed, container, run, session, self.choice, self.settings.tier)
        findings = static_findings(parsed, self.targets, self.settings.tier, self.choice, inspection.findings)
        tier, unaimed = self.settings.tier, run.comparison
        sample = [(each.conversation, each.rendering) for each in run.sample if each.tier.rank <= tier.rank]
        findings = tuple(with_prices(template, findings, sample, session.reference.render_all))
        run.aim(aims_of(parsed, unproved(findings, unaimed, tier)))
        # Where no mild conversation gets there, a stranger one may: what the table says must not pass for portable.
        run.aim(aims_of(parsed, unseen(findings, run.comparison, tier), tier))
        comparison = graded(run.comparison, self.choice)
        known = joined(findings, comparison, tier, unaimed, fails_alike(parsed))
        further = self.choice.chosen(unforeseen(template, known, comparison, tier, unaimed), template.path)
        renders = {engine.id: engine.render_all for engine in (session.reference, *session.targets)}
        known = tuple(with_repairs(template, known, renders))
        return Examined(comparison, self.choice.graded((*known, *further)), inspection.unasked)

    @cached_property
    def _containers(self) -> Mapping[tuple[str | None, str], Container]:
        return {(each.path, each.name): container for container in self.containers for each in container.templates}

    def is_whole(self, result: Examined) -> bool:
        """Whether the time sufficed."""
        return not result.comparison.cut

    def readdressed(self, result: Examined, template: Template) -> Examined:
        """The same, with commands that name the template's own file."""
        comparison = result.comparison
        targets = {
            target: replace(
                compared,
                mismatches=tuple(
                    replace(each, reproduce=reproduce(template, each.conversation, target))
                    for each in compared.mismatches
                ),
            )
            for target, compared in comparison.targets.items()
        }
        findings = tuple(_readdressed(finding, template) for finding in result.findings)
        return replace(result, comparison=replace(comparison, targets=targets), findings=findings)


def _readdressed(finding: Finding, template: Template) -> Finding:
    if finding.witness is None:
        return finding
    commands = tuple(readdressed(command, template) for command in finding.witness.reproduce)
    return replace(finding, witness=replace(finding.witness, reproduce=commands))
