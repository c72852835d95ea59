"""The work of ``portable-tpl compare`` and ``portable-tpl audit``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from portable_tpl.audit.verdicts import verdicts_of
from portable_tpl.cli._checking import findings_of, unusable
from portable_tpl.cli._conversations import read_conversations
from portable_tpl.cli._emit import emit
from portable_tpl.cli._options import Common
from portable_tpl.cli._session import Session, open_session, progress_wanted, warn
from portable_tpl.differential.run.run import Outcome, Progress, compare_all
from portable_tpl.differential.run.settings import DEFAULT_EXAMPLES, CompareSettings
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.report import Report, TargetStatus, TemplateReport
from portable_tpl.model.source import Template
from portable_tpl.targets.catalogue import running_targets


def run_audit(command: Literal["compare", "audit"], paths: Sequence[str], common: Common, **options: Any) -> int:
    """Compare, and for ``audit`` check as well; gives the exit status."""
    session = open_session(common, paths, options["seed"])
    settings = _settings(session, options)
    statuses = running_targets(session.asked_targets)
    running = [status for status in statuses if status.status == "run"]
    for status in statuses:
        # The text report says it itself.
        if status.status == "skipped" and (common.format != "text" or common.output is not None or common.quiet):
            warn(f"{status.id}: skipped: {status.reason}")
    with _progress(common, len(session.templates)) as progress:
        reports = [
            _report(session, outcome, statuses, with_findings=command == "audit")
            for outcome in _outcomes(session, running, settings, options, progress)
        ]
    report = Report(command, common.tier, settings.seed, statuses, tuple(reports), session.errors)
    found = emit(session.with_baseline(report), common)
    return found or _coverage_status(session, reports)


def _settings(session: Session, options: dict[str, Any]) -> CompareSettings:
    examples = options["examples"]
    if examples is None:
        examples = session.configuration.examples
    given = options["conversations"]
    return CompareSettings(
        examples=DEFAULT_EXAMPLES if examples is None else examples,
        seed=session.seed,
        tier=session.common.tier,
        max_seconds=options["max_time"],
        conversations=tuple(read_conversations(given)) if given is not None else (),
    )


def _outcomes(
    session: Session,
    running: Sequence[TargetStatus],
    settings: CompareSettings,
    options: dict[str, Any],
    progress: Progress | None,
) -> Iterator[Outcome]:
    resume = options["resume"]
    return compare_all(
        session.templates,
        [status.id for status in running],
        settings,
        versions=[f"{status.id}={status.version}" for status in running],
        jobs=session.common.jobs or _processors(),
        journal=None if resume is None else Path(resume),
        resume=resume is not None,
        progress=progress,
    )


def _report(
    session: Session, outcome: Outcome, statuses: tuple[TargetStatus, ...], *, with_findings: bool
) -> TemplateReport:
    if outcome.error is not None:
        return unusable(outcome.template, outcome.error, statuses)
    targets = tuple(status.id for status in statuses)
    try:
        findings = findings_of(session, outcome.template, targets) if with_findings else ()
    except TemplateSyntaxError as error:
        return unusable(outcome.template, str(error), statuses)
    verdicts = verdicts_of(outcome.comparison, statuses, session.common.tier)
    return TemplateReport(outcome.template, verdicts, findings, outcome.comparison)


def _coverage_status(session: Session, reports: Sequence[TemplateReport]) -> int:
    """1 where a template's branch coverage is below what the configuration asks for."""
    wanted = session.configuration.min_branch_coverage
    if wanted is None or session.common.exit_zero:
        return 0
    below = 0
    for report in reports:
        coverage = report.comparison.coverage if report.comparison is not None else None
        if coverage is not None and coverage.branches and coverage.reached / coverage.branches < wanted:
            share = coverage.reached / coverage.branches
            warn(f"{report.template.label}: branch coverage {share:.2f} is below min-branch-coverage = {wanted}")
            below = 1
    return below


def _processors() -> int:
    import os

    counted = getattr(os, "sched_getaffinity", None)
    return len(counted(0)) if counted is not None else os.cpu_count() or 1


@contextmanager
def _progress(common: Common, total: int) -> Iterator[Progress | None]:
    if total < 2 or not progress_wanted(common):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("comparing", total=total)

        def step(done: int, _total: int, template: Template) -> None:
            bar.update(task, completed=done, description=Path(template.label).name[:40])

        yield step
