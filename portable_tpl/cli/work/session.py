"""What every auditing command does first: configuration, containers and targets."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.gate import is_held
from portable_tpl.cli.streams import say
from portable_tpl.cli.work.options import Common
from portable_tpl.configuration import Configuration, load_configuration
from portable_tpl.model.errors import NoTemplate, SourceError
from portable_tpl.model.findings import Severity
from portable_tpl.model.report import Report, TargetStatus
from portable_tpl.model.source import Template
from portable_tpl.sources import Container, discover, read_text, replace_files

if TYPE_CHECKING:
    from portable_tpl.support.table import Table
    from portable_tpl.targets.catalogue import Measure


def in_ci() -> bool:
    """Whether a continuous integration says that it runs this."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


@dataclass(frozen=True)
class Session:
    """The request, resolved: what to look at, for which targets, and what could not be opened."""

    common: Common
    configuration: Configuration
    containers: tuple[Container, ...]
    errors: tuple[str, ...]
    common_seed: int | None = None

    @property
    def templates(self) -> tuple[Template, ...]:
        """Every template of every container, in order."""
        return tuple(template for container in self.containers for template in container.templates)

    @property
    def asked_targets(self) -> tuple[str, ...]:
        """The targets that the command line or the configuration names; empty where neither does."""
        return self.common.targets or self.configuration.targets or ()

    @property
    def select(self) -> tuple[str, ...]:
        """The rules to keep; empty means all."""
        return self.common.select or self.configuration.select or ()

    @property
    def ignore(self) -> tuple[str, ...]:
        """The rules to leave out, from the command line and the configuration."""
        return (*self.common.ignore, *self.configuration.ignore)

    @property
    def choice(self) -> Choice:
        """What the report is to say."""
        configuration = self.configuration
        return Choice(
            self.select, self.ignore, configuration.provided, configuration.ignored_in, configuration.severity
        )

    @property
    def fail_on(self) -> Severity:
        """The mildest severity that makes the exit status 1."""
        return self.common.fail_on or self.configuration.fail_on or Severity.ERROR

    def missing(self, statuses: Sequence[TargetStatus]) -> tuple[str, ...]:
        """What to say of targets that cannot answer, where that is not to be passed over: in CI, or as asked."""
        required = self.common.require_targets
        if required is None:
            required = in_ci()
        if not required:
            return ()
        return tuple(
            f"{status.id}: required, and cannot be asked: {status.reason} (--no-require-targets passes it over)"
            for status in statuses
            if status.status == "skipped"
        )

    @property
    def seed(self) -> int:
        """The seed of generated conversations."""
        return self.configuration.seed or 0 if self.common_seed is None else self.common_seed

    def with_baseline(self, report: Report) -> Report:
        """The report without what the baseline knows; writes a new baseline where that was asked for."""
        path = self.common.baseline or self.configuration.baseline
        new = self.common.write_baseline
        if path is None and new is None:
            return report
        from portable_tpl.auditing import baseline

        if new is not None:
            replace_files({new: [baseline.write(report, new).encode()]})
            path = new
        assert path is not None
        return baseline.apply(report, baseline.read(read_text(path), path))


def open_session(common: Common, paths: Sequence[str], seed: int | None = None) -> Session:
    """Read the configuration and open all containers.

    Where a path cannot be opened the others go on, and the report says so, with exit status 2. One without a template
    is passed over with a line on standard error where ``--skip-without-template`` asks for that.
    """
    configuration = load_configuration(common.config)
    problems: list[SourceError] = []

    def on_error(problem: SourceError) -> None:
        if common.skip_without_template and isinstance(problem, NoTemplate):
            warn(f"skipped: {problem}")
        else:
            problems.append(problem)

    containers = discover(paths, on_error=on_error)
    errors = tuple(str(problem) for problem in problems)
    return Session(common, configuration, tuple(containers), errors, seed)


def color_wanted(common: Common) -> bool:
    """Whether to colour: as asked, else where the report goes to a terminal that NO_COLOR does not forbid."""
    if common.color is not None:
        return common.color
    return common.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def progress_wanted(common: Common) -> bool:
    """Whether a progress bar helps: on a terminal and not asked to be quiet."""
    return not common.quiet and sys.stderr.isatty()


def measure_first(common: Common) -> Measure:
    """Measures a version that has no table yet, and says so."""

    def measure(target: str) -> Table:
        from portable_tpl.probing.first_use import measured_once

        return measured_once(target, None if common.quiet else warn)

    return measure


def warn(message: str) -> None:
    """Say something on standard error that does not belong into the report."""
    say(f"portable-tpl: {message}")


def exit_status(report: Report, session: Session) -> int:
    """The contract's exit status of a report."""
    if report.errors or any(template.error is not None for template in report.templates):
        return 2
    if session.common.exit_zero:
        return 0
    return 1 if is_held(report, session.fail_on) else 0
