"""``portable-tpl render``: print a prompt, or the prompts of a data set."""

from __future__ import annotations

from typing import Any

import click

from portable_tpl.model.errors import InputError


@click.command("render", short_help="Print the prompt of a conversation.")
@click.argument("path", metavar="PATH")
@click.option("--messages", metavar="FILE", help="JSON file with the messages, or a whole conversation; - for stdin.")
@click.option("--conversation", metavar="JSON", help="A whole conversation as JSON text, or @FILE.")
@click.option("--tools", metavar="FILE", help="JSON file with the tools' schemas.")
@click.option("--documents", metavar="FILE", help="JSON file with the documents.")
@click.option("--var", "variables", multiple=True, metavar="K=JSON", help="Another variable of the template.")
@click.option("--add-generation-prompt", is_flag=True, help="End with the header of the assistant's turn.")
@click.option("--continue-final-message", is_flag=True, help="Leave the last message open to be continued.")
@click.option("--target", "-t", "targets", multiple=True, metavar="T", help="Runtime to render with, or all.")
@click.option(
    "--as",
    "steps",
    multiple=True,
    metavar="NAME",
    help="Change the conversation as a named deployment step does (repeatable).",
)
@click.option("--name", metavar="NAME", help="Which of a container's named templates. [default: as transformers]")
@click.option("--clock", metavar="TIME", help="Local time that strftime_now sees, as 2026-01-01T12:00:00.")
@click.option("--input", "input_", metavar="FILE", help="JSON lines, one conversation a line.")
@click.option("--output", "-o", metavar="FILE", help="Write there instead of standard output.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Form of the answer.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
def command(path: str, **options: Any) -> int:
    """Print the prompt that a template makes of a conversation.

    Without --target it is the reference's, equal to transformers' to the byte. The exit status is 1 where the
    template refuses or fails on the conversation, and where several targets do not agree.
    """
    from portable_tpl.cli import _rendering

    ways = [name for name in ("messages", "conversation", "input_") if options[name] is not None]
    if len(ways) != 1:
        raise InputError("name the conversation with one of --messages FILE, --conversation JSON or --input FILE")
    _refuse_two_readers(path, options)
    template = _rendering.open_template(path, options["name"])
    if options["input_"] is not None:
        _refuse_with_input(options)
        return _rendering.render_data_set(template, options)
    return _rendering.render_one(template, options)


def _refuse_two_readers(path: str, options: dict[str, Any]) -> None:
    names = ("messages", "tools", "documents", "input_")
    readers = [path, *(options[name] for name in names), (options["conversation"] or "").removeprefix("@")]
    if readers.count("-") > 1:
        raise InputError("standard input can be read only once: name a file for all but one")


def _refuse_with_input(options: dict[str, Any]) -> None:
    given = [name for name in ("tools", "documents", "variables", "add_generation_prompt", "clock") if options[name]]
    if given:
        flag = given[0].replace("_", "-").replace("variables", "var")
        raise InputError(f"--{flag} does not go with --input: each line of the file is a whole conversation")
    if len(options["targets"]) > 1 or options["targets"] == ("all",):
        raise InputError("--input renders with one target; name one --target")
