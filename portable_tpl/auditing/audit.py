"""The audit: check, compare and release checks of containers, in one report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.release import inspected_container, is_asked
from portable_tpl.auditing.static import unusable
from portable_tpl.auditing.templates import Examination, Examined
from portable_tpl.auditing.verdicts import verdicts_of
from portable_tpl.differential.run.run import Outcome, Plan, Progress, run_all
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.errors import InputError, described
from portable_tpl.model.report import ContainerReport, Report, TargetStatus, TemplateReport
from portable_tpl.sources import Container
from portable_tpl.targets.catalogue import running_targets


@dataclass(frozen=True)
class AuditSettings:
    """What an audit is asked to do, and where.

    ``resume`` is a file that keeps results, from which a run goes on.
    """

    compare: CompareSettings = field(default_factory=CompareSettings)
    choice: Choice = field(default_factory=Choice)
    jobs: int = 1
    resume: Path | None = None


def audit(
    containers: Sequence[Container],
    targets: Sequence[str] = (),
    settings: AuditSettings | None = None,
    *,
    command: Literal["compare", "audit"] = "audit",
    errors: tuple[str, ...] = (),
    statuses: tuple[TargetStatus, ...] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Audit containers, or only compare their templates; ``errors`` are what could not be opened.

    ``statuses`` are those of the targets where they are known already. Raises ``UnknownTarget``,
    ``TargetUnavailable``, and ``InputError`` for a code that is none; what goes wrong with one template is an error
    in its report.
    """
    settings = settings or AuditSettings()
    containers = _without_parts(containers)
    statuses = running_targets(targets) if statuses is None else statuses
    settings.choice.expect_known()
    plan = _plan(statuses, settings, progress)
    work = Examination(
        settings.compare,
        tuple(status.id for status in statuses),
        tuple(containers),
        settings.choice,
        with_findings=command == "audit",
    )
    templates = [template for container in containers for template in container.templates]
    reports = tuple(_report(outcome, statuses, settings) for outcome in run_all(templates, work, plan))
    between, faults = _between(containers, plan, settings) if command == "audit" else ((), ())
    compare = settings.compare
    return Report(command, compare.tier, compare.seed, statuses, reports, (*errors, *faults), between)


def _plan(statuses: tuple[TargetStatus, ...], settings: AuditSettings, progress: Progress | None) -> Plan:
    running = [status for status in statuses if status.status == "run"]
    return Plan(
        targets=tuple(status.id for status in running),
        versions=tuple(f"{status.id}={status.version}" for status in running),
        jobs=settings.jobs,
        journal=settings.resume,
        resume=settings.resume is not None,
        progress=progress,
    )


def _without_parts(containers: Sequence[Container]) -> list[Container]:
    """The containers without those all of whose files are among another's: a model's folder, and a file of it."""
    files = [
        frozenset(os.path.realpath(slot.file) for slot in container.slots if os.path.exists(slot.file))
        for container in containers
    ]
    return [
        container
        for number, container in enumerate(containers)
        if not any(
            files[number] < other or (files[number] == other and earlier < number)
            for earlier, other in enumerate(files)
            if files[number]
        )
    ]


def _between(
    containers: Sequence[Container], plan: Plan, settings: AuditSettings
) -> tuple[tuple[ContainerReport, ...], tuple[str, ...]]:
    """What is wrong between the files of each container; and what went wrong in asking."""
    reports: list[ContainerReport] = []
    faults: list[str] = []
    several = [container for container in containers if is_asked(container)]
    with ExitStack() as stack:
        session = stack.enter_context(Session(plan.targets, plan.limits)) if several else None
        for container in several:
            assert session is not None
            try:
                findings = inspected_container(container, session, settings.choice, settings.compare).findings
            except InputError as error:
                faults.append(str(error))
                continue
            except Exception as error:
                faults.append(f"{container.path}: {described(error)}")
                continue
            if findings:
                graded = settings.choice.graded(findings)
                reports.append(ContainerReport(container.path, graded, container.templates[0]))
    return tuple(reports), tuple(faults)


def _report(
    outcome: Outcome[Examined], statuses: tuple[TargetStatus, ...], settings: AuditSettings
) -> TemplateReport:
    if outcome.result is None:
        return unusable(outcome.template, outcome.error or "", statuses)
    comparison = outcome.result.comparison
    if comparison.cut and not comparison.cases:
        seconds = settings.compare.max_seconds or 0
        error = f"{outcome.template.label}: nothing could be compared in the {seconds:g} s that a template may take"
        return unusable(outcome.template, f"{error}; --max-time gives it more", statuses)
    verdicts = verdicts_of(comparison, statuses, settings.compare.tier)
    findings, unasked = outcome.result.findings, outcome.result.unasked
    return TemplateReport(outcome.template, verdicts, findings, comparison, unasked=unasked)
