"""Write a report in the form and to the place that were asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from errno import EBADF
from importlib import import_module
from typing import TYPE_CHECKING

import click

from portable_tpl.cli.streams import say
from portable_tpl.model.errors import InputError
from portable_tpl.reports.parts.visible import escaped_for_log

if TYPE_CHECKING:  # a prompt is written without them
    from portable_tpl.cli.work.options import Common
    from portable_tpl.cli.work.session import Session
    from portable_tpl.model.report import Report

_PLAIN = ("text", "concise")  # formats for people who read the log


def emit(report: Report, session: Session, *, to_stderr: bool = False) -> int:
    """Write the report, and every further one that was asked for; gives the exit status.

    What could not be carried out is in the report, and on standard error where the report is not for the reader of
    this terminal. A text report that holds nothing else is left out. ``to_stderr``: standard output is taken.
    """
    from portable_tpl.cli.work.session import exit_status

    common = session.common
    _write_files(report, common)
    problems = problems_of(report)
    usable = any(template.error is None for template in report.templates)
    if common.format == "text" and problems and not usable:
        report_problems(problems)
        return exit_status(report, session)
    text = _rendered(report, common, common.format, common.output)
    if to_stderr:
        click.echo(text, err=True, nl=False)
    else:
        write_escaped(text, common.format, common.output)
    if common.format != "text" or common.output is not None:
        report_problems(problems)
    return exit_status(report, session)


def write_escaped(text: str, form: str, output: str | None) -> None:
    """Write text of a form so that no runner of continuous integration obeys it."""
    text = escaped_for_log(text, form)
    write_text(_unheard(text) if form in _PLAIN and output is None else text, output)


def _unheard(text: str) -> str:
    """Plain text for the log of a GitHub workflow, whose runner is told not to listen.

    The word that ends it is made of the text itself, so that no text can hold it, and equal runs print the same.
    """
    if not os.environ.get("GITHUB_ACTIONS") or not text:
        return text
    from hashlib import sha256

    word = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"::stop-commands::{word}\n{text}{'' if text.endswith(chr(10)) else chr(10)}::{word}::\n"


def _write_files(report: Report, common: Common) -> None:
    if common.reports:
        from portable_tpl.sources import replace_files

        texts = {path: _rendered(report, common, form, path) for form, path in common.reports}
        replace_files({path: [text.encode("utf-8", "surrogatepass")] for path, text in texts.items()})


def problems_of(report: Report) -> list[str]:
    """Each thing that could not be looked at, in a line."""
    return [*report.errors, *(template.error for template in report.templates if template.error is not None)]


def report_problems(problems: list[str]) -> None:
    """Say on standard error what could not be looked at."""
    for problem in problems:
        say(f"portable-tpl: error: {problem}")


def _rendered(report: Report, common: Common, form: str, output: str | None) -> str:
    from portable_tpl.cli.work.session import color_wanted

    color = color_wanted(common) and output is None
    return rendered(
        report, form, output, color, quiet=common.quiet, statistics=common.statistics, verbose=common.verbose
    )


def rendered(report: Report, form: str, output: str | None, color: bool, **text_options: bool) -> str:
    """The report in a form; ``color`` and ``text_options`` are for the text, which is as wide as the terminal."""
    return escaped_for_log(_formatted(report, form, output, color, text_options), form)


def _formatted(report: Report, form: str, output: str | None, color: bool, text_options: Mapping[str, bool]) -> str:
    module = import_module(f"portable_tpl.reports.{form}")
    if form == "text":
        return str(module.render(report, color=color, columns=columns(output), **text_options))
    if form == "sarif":
        from portable_tpl.checking.pages import rule_docs

        return str(module.render(report, rules=rule_docs()))
    return str(module.render(report))


def columns(output: str | None) -> int:
    """The width of the terminal; where the report goes elsewhere, that of ``COLUMNS``, else 80."""
    from shutil import get_terminal_size

    if output is None and writes_to_terminal():
        return max(40, get_terminal_size().columns)
    given = os.environ.get("COLUMNS", "")
    return max(40, int(given)) if given.isascii() and given.isdigit() else 80


def writes_to_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def write_text(text: str, output: str | None, errors: str = "surrogatepass") -> None:
    """Write text as UTF-8 to standard output, or to a file that is replaced whole."""
    write_bytes(text.encode("utf-8", errors), output)


def write_bytes(data: bytes, output: str | None) -> None:
    """Write bytes to standard output, or to a file that is replaced whole."""
    if output is not None:
        from portable_tpl.sources import replace_files

        replace_files({output: [data]})
        return
    stream = getattr(sys.stdout, "buffer", None)
    try:
        if stream is None:
            sys.stdout.write(data.decode("utf-8", "replace"))
        else:
            sys.stdout.flush()
            stream.write(data)
            stream.flush()
    except OSError as error:
        give_up_stdout()
        if not isinstance(error, BrokenPipeError):
            reason = "it is closed" if error.errno == EBADF else error.strerror
            raise InputError(f"standard output: cannot be written: {reason}") from None


def give_up_stdout() -> None:
    """Send the rest of the output nowhere: its reader went away (`| head`, no error), or its disc is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open until the process ends
    finally:
        os.close(nowhere)
