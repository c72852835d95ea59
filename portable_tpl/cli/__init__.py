"""The command line: one file a command, imported when that command runs.

In: arguments. Out: a report on standard output, notes on standard error, and an exit code (0, 1, or 2 for misuse).
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from portable_tpl import __version__
from portable_tpl.model.errors import TRACEBACK_VARIABLE, PortableTplError, described
from portable_tpl.model.words import did_you_mean

# Imports and trees make many objects and little garbage: looking for it less often saves a twentieth of the start and
# of a check of many templates.
GARBAGE = 200_000

_COMMANDS = {
    "audit": "Check and compare: one verdict a target (the CI gate).",
    "card": "Show what a template can do, as text, JSON or Markdown.",
    "check": "Find what is not portable, without rendering.",
    "compare": "Render conversations on every target and report mismatches.",
    "compat": "Show the support table.",
    "corpus": "List, fetch or audit the known hub templates.",
    "diff": "Say whether two templates print the same prompts.",
    "explain": "Show the page of a rule or a feature.",
    "fix": "Rewrite what is not portable, each change proved on the reference.",
    "init": "Write configuration, hook and workflow for this repository.",
    "render": "Print the prompt of a conversation.",
    "targets": "Show, install and test the engines.",
}


class _LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"portable_tpl.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], _COMMANDS) if args and "Did you mean" not in error.message else ""
            raise (click.UsageError(error.message.rstrip(".") + hint, ctx) if hint else error) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="portable-tpl")
def portable_tpl() -> None:
    """Tell whether a chat template renders the same bytes on every runtime that will load it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with the contract's exit status."""
    gc.set_threshold(GARBAGE)
    _open_closed_streams()
    _take_signals()
    status = run(arguments)
    gc.freeze()  # the process ends: to look through all that is left for garbage takes a seventh of a short run
    sys.exit(status)


class _Ended(KeyboardInterrupt):
    """A signal that asks this process to end, which it does as after Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.status = 128 + number


def _take_signals() -> None:
    def end(number: int, _frame: object) -> None:
        raise _Ended(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup has it ignored
            signal.signal(number, end)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status (0 clean, 1 findings, 2 could not be carried out)."""
    try:
        status = portable_tpl.main(
            args=None if arguments is None else list(arguments), prog_name="portable-tpl", standalone_mode=False
        )
    except click.ClickException as error:
        from portable_tpl.cli.streams import say_usage

        say_usage(error)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt) as stop:
        click.echo("portable-tpl: interrupted", err=True)
        cause = stop.__cause__ or stop
        return cause.status if isinstance(cause, _Ended) else 130
    except PortableTplError as error:
        _say(f"portable-tpl: error: {error}")
        return 2
    except BrokenPipeError:
        from portable_tpl.cli.work.emit import give_up_stdout

        give_up_stdout()
        return 0
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        if isinstance(error, OSError):
            from portable_tpl.cli.work.emit import give_up_stdout

            give_up_stdout()  # if it was that, Python would try once more when the process ends
        _say(f"portable-tpl: {described(error)}")
        return 2
    return status if isinstance(status, int) else 0


def _open_closed_streams() -> None:
    """Stand in for streams that the caller closed (``<&-``, ``>&-``, some cron and service managers).

    Python has none then, and the next file that is opened would take its number. A closed standard input is an empty
    one; what is written to a closed standard output fails, since it would be lost; standard error says nothing.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))


def _say(message: str) -> None:
    from portable_tpl.cli.streams import say

    say(message)
