"""What every auditing command does first: configuration, containers and targets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from portable_tpl.cli._options import Common
from portable_tpl.configuration import Configuration, load_configuration
from portable_tpl.errors import InputError, SourceError, TemplateSyntaxError
from portable_tpl.report import Report, TargetStatus
from portable_tpl.source import Template
from portable_tpl.sources import Container, discover


@dataclass(frozen=True)
class Session:
    """The request, resolved: what to look at, for which targets, and what could not be opened."""

    common: Common
    configuration: Configuration
    containers: tuple[Container, ...]
    errors: tuple[str, ...]

    @property
    def templates(self) -> tuple[Template, ...]:
        """Every template of every container, in order."""
        return tuple(template for container in self.containers for template in container.templates)

    @property
    def asked_targets(self) -> tuple[str, ...]:
        """The targets that the command line or the configuration names; empty where neither does."""
        return self.common.targets or tuple(self.configuration.targets)


def open_session(common: Common, paths: Sequence[str]) -> Session:
    """Read the configuration and open all containers.

    One path that cannot be opened is an error at once; among several, the others go on and the errors are reported
    with exit status 2.
    """
    configuration = load_configuration(common.config)
    problems: list[SourceError] = []
    containers = discover(paths, on_error=problems.append)
    if problems and not containers:
        raise InputError("\n".join(str(problem) for problem in problems))
    return Session(common, configuration, tuple(containers), tuple(str(problem) for problem in problems))


def running_targets(asked: Sequence[str]) -> tuple[tuple[str, ...], tuple[TargetStatus, ...]]:
    """The ids of the targets to run, and the status of all of them.

    A default target that is not installed is skipped and says so; raises
    :class:`portable_tpl.errors.TargetUnavailable` for one that was asked for by name.
    """
    from portable_tpl.audit import resolve_targets

    return resolve_targets(asked)


def syntax_error_line(error: TemplateSyntaxError) -> str:
    """The one line for a template that does not parse."""
    return str(error)


def color_wanted(common: Common) -> bool:
    """Whether to colour: as asked, else where the report goes to a terminal that NO_COLOR does not forbid."""
    import os

    if common.color is not None:
        return common.color
    return common.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def progress_wanted(common: Common) -> bool:
    """Whether a progress bar helps: on a terminal and not asked to be quiet."""
    return not common.quiet and sys.stderr.isatty()


def warn(message: str) -> None:
    """Say something on standard error that does not belong into the report."""
    click.echo(f"portable-tpl: {message}", err=True)


def exit_status(report: Report, common: Common) -> int:
    """The contract's exit status of a report."""
    if report.errors or any(template.error is not None for template in report.templates):
        return 2
    if common.exit_zero:
        return 0
    return 1 if _something_found(report) else 0


def _something_found(report: Report) -> bool:
    from portable_tpl.findings import Severity

    for template in report.templates:
        if any(not finding.suppressed and finding.severity != Severity.INFO for finding in template.findings):
            return True
        if template.comparison is not None and any(
            mismatch.decides and mismatch.origin == "template" and mismatch.tier.rank <= report.tier.rank
            for target in template.comparison.targets.values()
            for mismatch in target.mismatches
        ):
            return True
    return False
