"""What this program says beside its reports: on standard error, a line at a time, made harmless on the way."""

from __future__ import annotations

import io
import re

import click

from portable_tpl.model.words import did_you_mean
from portable_tpl.reports.parts.visible import for_log, printable, unbroken

_NO_CHOICE = re.compile(r"'(.*)' is not one of (.*)\Z", re.DOTALL)  # in the words of click.Choice


def say(message: str) -> None:
    """Say something on standard error; names, paths and messages in it may come from strangers."""
    click.echo(for_log(unbroken(message)), err=True)


def say_usage(error: click.ClickException) -> None:
    """Say what is wrong with the command line, in click's own form, with the choice that may have been meant."""
    words = io.StringIO()
    error.show(file=words)
    message = words.getvalue()
    choice = _NO_CHOICE.match(error.message)
    if choice is not None:
        message = message.rstrip(".\n") + did_you_mean(choice[1], re.findall("'([^']*)'", choice[2])) + "\n"
    click.echo(for_log(printable(message)), err=True, nl=False)
