"""``portable-tpl render``: print a prompt, or the prompts of a data set."""

from __future__ import annotations

from typing import Any

import click

from portable_tpl.model.errors import InputError


@click.command("render", short_help="Print the prompt of a conversation.")
@click.argument("path", metavar="PATH")
@click.option(
    "--messages",
    metavar="FILE",
    help="JSON file with the messages, a whole conversation, or the body of a request; - for stdin.",
)
@click.option("--conversation", metavar="JSON", help="A whole conversation as JSON text, or @FILE; its clock stands.")
@click.option("--tools", metavar="FILE", help="JSON file with the tools' schemas.")
@click.option("--documents", metavar="FILE", help="JSON file with the documents.")
@click.option("--var", "variables", multiple=True, metavar="K=JSON", help="Another variable of the template.")
@click.option(
    "--add-generation-prompt/--no-generation-prompt",
    default=None,
    help="End with the header of the assistant's turn. [default: as the conversation says; a request's body: yes]",
)
@click.option("--continue-final-message", is_flag=True, help="Leave the last message open to be continued.")
@click.option("--continue-field", metavar="FIELD", help="The same, at the end of another field than its content.")
@click.option("--target", "-t", "targets", multiple=True, metavar="T", help="Runtime to render with, or all.")
@click.option(
    "--as",
    "steps",
    multiple=True,
    metavar="NAME",
    help="Change the conversation first, as a named step of a deployment does, or all such steps of a target "
    "(repeatable). What a deployment does to variables, template and prompt, --target shows.",
)
@click.option("--name", metavar="NAME", help="Which of a container's named templates. [default: as transformers]")
@click.option("--clock", metavar="TIME", help="Local time that strftime_now sees, as 2026-01-01T12:00:00. [now]")
@click.option("--require-portable", multiple=True, metavar="T", help="Refuse a template that has errors for T.")
@click.option("--input", "input_", metavar="FILE", help="JSON lines (also .gz) or Parquet, one conversation a row.")
@click.option("--column", "columns", multiple=True, metavar="ARG=COLUMN", help="Where rows have it: messages=chat.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Column of the input to copy into the output.")
@click.option(
    "--on-error", type=click.Choice(("raise", "skip", "keep")), help="What to do with rows without a prompt."
)
@click.option("--jobs", "-j", type=click.IntRange(1), default=1, metavar="N", help="Processes for --input. [1]")
@click.option("--scheduler", metavar="ADDRESS", help="Render --input on a Dask cluster.")
@click.option("--resume", is_flag=True, help="Go on where a run with the same arguments was stopped.")
@click.option("--isolated", is_flag=True, help="Render --input in a worker with limits, for templates of strangers.")
@click.option("--output", "-o", metavar="FILE", help="Write there instead of standard output.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Form of the answer.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar, no remarks.")
def command(path: str, **options: Any) -> int:
    """Print the prompt that a template makes of a conversation.

    Without --target it is the reference's, equal to transformers' to the byte. The exit status is 1 where the
    template refuses or fails on the conversation, and where several targets do not agree.
    """
    ways = [name for name in ("messages", "conversation", "input_") if options[name] is not None]
    if len(ways) != 1:
        raise InputError("name the conversation with one of --messages FILE, --conversation JSON or --input FILE")
    _refuse_two_readers(path, options)
    _refuse_what_does_not_go_together(options)
    from portable_tpl.cli.work import rendering

    template = rendering.open_template(path, options["name"])
    if options["require_portable"]:
        from portable_tpl.rendering.strict import require_all_portable

        require_all_portable(template, options["require_portable"])
    if options["input_"] is not None:
        from portable_tpl.cli.work import dataset

        return dataset.render_data_set(template, options)
    return rendering.render_one(template, options)


def _refuse_two_readers(path: str, options: dict[str, Any]) -> None:
    names = ("messages", "tools", "documents", "input_")
    readers = [path, *(options[name] for name in names), (options["conversation"] or "").removeprefix("@")]
    if readers.count("-") > 1:
        raise InputError("standard input can be read only once: name a file for all but one")


def _refuse_what_does_not_go_together(options: dict[str, Any]) -> None:
    of_data_sets = ("keep", "on_error", "scheduler", "resume", "isolated")
    if options["input_"] is None:
        given = [name for name in of_data_sets if options[name]]
        if given:
            raise InputError(f"--{given[0].replace('_', '-')} goes with --input FILE")
        if options["conversation"] is not None and options["columns"]:
            raise InputError("--column goes with --messages FILE or --input FILE")
        return
    if len(options["targets"]) > 1 or options["targets"] == ("all",):
        raise InputError("--input renders with one target; name one --target")
    if options["resume"] and (options["output"] is None or options["input_"] == "-"):
        raise InputError("--resume needs an --input and an --output that are files")
    if options["scheduler"] is not None and options["jobs"] > 1:
        raise InputError("--jobs does not go with --scheduler: the cluster says how many work")
