"""Options that several commands share, as decorators and as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, TypeVar

import click

from portable_tpl.model.conversation import Tier
from portable_tpl.model.findings import Severity
from portable_tpl.reports import formats

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Common:
    """What the common flags say; ``None`` and empty mean that the flag was not given."""

    targets: tuple[str, ...]
    tier: Tier
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    format: str
    reports: tuple[tuple[str, str], ...]
    fail_on: Severity | None
    output: str | None
    config: str | None
    baseline: str | None
    write_baseline: str | None
    exit_zero: bool
    require_targets: bool | None
    jobs: int | None
    skip_without_template: bool
    quiet: bool
    color: bool | None
    verbose: bool
    statistics: bool


def common_options(function: Function) -> Function:
    """Add the common flags; the command gets them as the keyword ``common``."""

    def wrapped(**options: Any) -> Any:
        given = {field.name: options.pop(field.name) for field in fields(Common)}
        common = Common(**{**given, **{name: convert(given[name]) for name, convert in _CONVERTED.items()}})
        return function(common=common, **options)

    wrapped.__name__ = function.__name__
    wrapped.__doc__ = function.__doc__
    wrapped.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


_OPTIONS: list[Callable[[Any], Any]] = [
    click.option(
        "--target",
        "-t",
        "targets",
        multiple=True,
        metavar="T",
        help="Runtime or deployment to be portable to (repeatable). [default: minijinja, hf-jinja, llama.cpp]",
    ),
    click.option(
        "--tier",
        type=click.Choice([tier.value for tier in Tier]),
        default=Tier.EVERYDAY.value,
        show_default=True,
        help="How unusual the conversations may be for which the verdict is given.",
    ),
    click.option("--select", multiple=True, metavar="CODES", help="Only these rules (codes or prefixes)."),
    click.option("--ignore", multiple=True, metavar="CODES", help="Without these rules (codes or prefixes)."),
    click.option(
        "--format", type=click.Choice(formats()), default="text", show_default=True, help="Form of the report."
    ),
    click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=FILE",
        help="Write the report in this form, too (repeatable).",
    ),
    click.option(
        "--fail-on",
        type=click.Choice([severity.value for severity in Severity]),
        help="How bad a finding must be for the exit status 1. [default: error]",
    ),
    click.option("--output", "-o", metavar="FILE", help="Write the report there instead of standard output."),
    click.option("--config", metavar="FILE", help="Configuration file. [default: nearest upwards]"),
    click.option("--baseline", metavar="FILE", help="Findings in this file do not count."),
    click.option("--write-baseline", metavar="FILE", help="Write the findings of this run as a baseline."),
    click.option("--exit-zero", is_flag=True, help="Exit with 0 even if something was found."),
    click.option(
        "--require-targets/--no-require-targets",
        default=None,
        help="A target that cannot be asked is an error, exit status 2. [default: where CI is set]",
    ),
    click.option("--jobs", "-j", type=click.IntRange(1), metavar="N", help="Processes. [default: one a core]"),
    click.option(
        "--skip-without-template",
        is_flag=True,
        help="A file or folder that holds no template is no error (for hooks, which name every changed file).",
    ),
    click.option("--quiet", "-q", is_flag=True, help="Only what was found, without the summary."),
    click.option("--color/--no-color", default=None, help="Colours. [default: on a terminal]"),
    click.option("--verbose", "-v", is_flag=True, help="Everything in full, with the commands that reproduce it."),
    click.option("--statistics", is_flag=True, help="Counts by rule instead of single findings."),
]


def _report(given: str) -> tuple[str, str]:
    form, equals, path = given.partition("=")
    if not equals or not path or form not in formats():
        raise click.BadParameter(
            f"{given!r}: expected FORMAT=FILE, with a format of {', '.join(formats())}", param_hint="'--report'"
        )
    return form, path


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


_CONVERTED: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "targets": _split,
        "tier": Tier,
        "select": _split,
        "ignore": _split,
        "reports": lambda values: tuple(map(_report, values)),
        "fail_on": lambda value: None if value is None else Severity(value),
    }
)
