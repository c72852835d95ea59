"""What this program says beside its reports: on standard error, a line at a time, made harmless on the way."""

from __future__ import annotations

import io

import click

from portable_tpl.reports.parts.visible import for_log, printable, unbroken


def say(message: str) -> None:
    """Say something on standard error; names, paths and messages in it may come from strangers."""
    click.echo(for_log(unbroken(message)), err=True)


def say_usage(error: click.ClickException) -> None:
    """Say what is wrong with the command line, in click's own form."""
    words = io.StringIO()
    error.show(file=words)
    click.echo(for_log(printable(words.getvalue())), err=True, nl=False)
