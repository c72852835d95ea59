"""The work of ``portable-tpl compare`` and ``portable-tpl audit``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from portable_tpl.auditing.audit import AuditSettings, audit
from portable_tpl.cli.work.conversations import read_conversations
from portable_tpl.cli.work.emit import emit
from portable_tpl.cli.work.options import Common
from portable_tpl.cli.work.session import Session, in_ci, measure_first, open_session, progress_wanted, warn
from portable_tpl.differential.run.run import Progress
from portable_tpl.differential.run.settings import DEFAULT_EXAMPLES, DEFAULT_SECONDS, CompareSettings
from portable_tpl.model.report import TemplateReport
from portable_tpl.model.source import Template
from portable_tpl.sources.beside import ggufs_beside, tokenizer_of
from portable_tpl.targets.catalogue import measure_missing, running_targets


def run_audit(command: Literal["compare", "audit"], paths: Sequence[str], common: Common, **options: Any) -> int:
    """Compare, and for ``audit`` look for all else as well; gives the exit status."""
    session = open_session(common, paths, options["seed"])
    statuses = running_targets(session.asked_targets)
    if command == "audit":
        measure_missing([status.id for status in statuses if status.status == "run"], measure_first(common))
        for problem in _side_files(session):
            warn(problem)
    for status in statuses:
        # The text report says it itself.
        if status.status == "skipped" and (common.format != "text" or common.output is not None or common.quiet):
            warn(f"{status.id}: skipped: {status.reason}")
    resume = options["resume"]
    settings = AuditSettings(
        compare=_settings(session, options),
        choice=session.choice,
        jobs=common.jobs or _processors(),
        resume=None if resume is None else Path(resume),
    )
    with _progress(common, len(session.templates)) as progress:
        report = audit(
            session.containers,
            settings=settings,
            command=command,
            errors=(*session.errors, *session.missing(statuses)),
            statuses=statuses,
            progress=progress,
        )
    exit_status = emit(session.with_baseline(report), session)
    return exit_status or _coverage_status(session, report.templates)


def _side_files(session: Session) -> list[str]:
    """What could not be read of the files beside the templates; it ends no audit."""
    problems: list[str] = []
    for container in session.containers:
        tokenizer = tokenizer_of(container)
        problems += () if tokenizer is None else tokenizer.problems
        problems += ggufs_beside(container).problems
    return list(dict.fromkeys(problems))


def _settings(session: Session, options: dict[str, Any]) -> CompareSettings:
    examples = options["examples"]
    if examples is None:
        examples = session.configuration.examples
    given = options["conversations"]
    return CompareSettings(
        examples=DEFAULT_EXAMPLES if examples is None else examples,
        seed=session.seed,
        tier=session.common.tier,
        max_seconds=options["max_time"] or DEFAULT_SECONDS,
        conversations=tuple(read_conversations(given)) if given is not None else (),
        database=options["database"] and not in_ci(),
    )


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
