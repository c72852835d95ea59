"""``portable-tpl card``: what a template can do."""

from __future__ import annotations

import click


@click.command("card", short_help="Show what a template can do.")
@click.argument("path", metavar="PATH")
@click.option("--name", metavar="NAME", help="Which of several templates. [default: all]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--output", "-o", metavar="FILE", help="Write the card there instead of standard output.")
def command(path: str, name: str | None, form: str, output: str | None) -> int:
    """Show what a template can do: roles, tools, reasoning, parts, documents, variables, prompt and mask.

    The facts are those of renders on the reference; --format markdown is for a model card.
    """
    from portable_tpl.auditing.cards import cards_of
    from portable_tpl.cli.work.card import FORMS
    from portable_tpl.cli.work.emit import write_escaped
    from portable_tpl.sources import open_container

    container = open_container(path)
    templates = [container.template(name)] if name is not None else list(container.templates)
    write_escaped(FORMS[form](cards_of(templates)), form, output)
    return 0
