"""``portable-tpl diff``: whether two templates print the same prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portable_tpl.model.conversation import Tier
from portable_tpl.reports import formats

if TYPE_CHECKING:
    from portable_tpl.sources import Container


@click.command("diff", short_help="Say whether two templates print the same prompts.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--name", metavar="NAME", help="Which of several templates. [default: all, each with its namesake]")
@click.option("--target", "-t", metavar="T", default="transformers", show_default=True, help="What renders both.")
@click.option(
    "--tier",
    type=click.Choice([tier.value for tier in Tier]),
    default=Tier.EVERYDAY.value,
    show_default=True,
    help="How unusual the conversations may be.",
)
@click.option("--examples", type=click.IntRange(0), metavar="N", help="Generated conversations a template.")
@click.option("--seed", type=int, metavar="S", default=0, show_default=True, help="Seed of the generation.")
@click.option("--conversations", metavar="FILE", help="JSON lines of conversations to render as well.")
@click.option("--format", "form", type=click.Choice(formats()), default="text", show_default=True)
@click.option("--output", "-o", metavar="FILE", help="Write the report there instead of standard output.")
@click.option("--color/--no-color", default=None, help="Colours. [default: on a terminal]")
@click.option("--verbose", "-v", is_flag=True, help="Everything in full, with the commands that reproduce it.")
def command(
    old: str,
    new: str,
    name: str | None,
    target: str,
    tier: str,
    examples: int | None,
    seed: int,
    conversations: str | None,
    form: str,
    output: str | None,
    color: bool | None,
    verbose: bool,
) -> int:
    """Say whether two templates, or the templates of two containers, print the same prompts.

    OLD and NEW are containers of any kind, also two revisions of a model (org/name@a org/name@b), or a GGUF file and
    the folder that it was made from. Conversations are shaped by both templates. Each difference comes with the
    smallest conversation that shows it and the change behind it. As with diff, the exit status is 0 where all prompts
    are the same, 1 where some differ, and 2 where that cannot be said.
    """
    from portable_tpl.auditing.difference import differences_of, is_different
    from portable_tpl.cli.work.conversations import read_conversations
    from portable_tpl.cli.work.emit import rendered, write_escaped, writes_to_terminal
    from portable_tpl.differential.run.settings import DEFAULT_EXAMPLES, CompareSettings

    one, other = _containers(old, new, name)
    settings = CompareSettings(
        examples=DEFAULT_EXAMPLES if examples is None else examples,
        seed=seed,
        tier=Tier(tier),
        conversations=() if conversations is None else tuple(read_conversations(conversations)),
    )
    report = differences_of(one, other, target, settings)
    colored = writes_to_terminal() if color is None else color
    write_escaped(rendered(report, form, output, colored and output is None, verbose=verbose), form, output)
    return 1 if is_different(report) else 0


def _containers(old: str, new: str, name: str | None) -> list[Container]:
    """The two containers, each with only the template ``name`` where one is named."""
    from dataclasses import replace

    from portable_tpl.model.errors import InputError
    from portable_tpl.sources import open_container

    if old == new == "-":
        raise InputError("standard input can be read only once; name a file for OLD or NEW")
    containers = [open_container(old), open_container(new)]
    if name is None:
        return containers
    return [replace(each, templates=(each.template(name),)) for each in containers]
