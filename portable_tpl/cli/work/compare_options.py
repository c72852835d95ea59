"""Options of the commands that render."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS: list[Callable[[Any], Any]] = [
    click.option("--examples", type=click.IntRange(0), metavar="N", help="Generated conversations a template."),
    click.option("--seed", type=int, metavar="S", help="Seed of the generation. [default: 0]"),
    click.option(
        "--max-time",
        type=click.FloatRange(min=0, min_open=True),
        metavar="S",
        help="Seconds that a template may take in all; what it cuts off is said. [default: 120]",
    ),
    click.option(
        "--no-database",
        "database",
        flag_value=False,
        default=True,
        help="Neither keep nor try first what once showed a mismatch: equal runs, equal reports. [default: in CI]",
    ),
    click.option("--conversations", metavar="FILE", help="JSON lines of conversations to render as well."),
    click.option("--resume", metavar="FILE", help="Keep results in this file, and take those it has."),
]


def comparison_options(function: Function) -> Function:
    """Add the flags of a differential run."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
