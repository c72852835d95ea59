"""``portable-tpl explain``: the page of a rule or of a feature."""

from __future__ import annotations

import click

from portable_tpl.model.errors import InputError


@click.command("explain", short_help="Show the page of a rule or a feature.")
@click.argument("subject", metavar="CODE|FEATURE")
def command(subject: str) -> int:
    """Show the page of a rule (PTL101 or python-method) or what is known of a feature (method.str.strip)."""
    from portable_tpl.checking.linting import page_of
    from portable_tpl.cli.work.emit import write_text

    page = page_of(subject)
    if page is None:
        raise InputError(_unknown(subject))
    write_text(page if page.endswith("\n") else page + "\n", None)
    return 0


def _unknown(subject: str) -> str:
    from difflib import get_close_matches

    from portable_tpl.checking.linting import known_subjects

    near = get_close_matches(subject, known_subjects(), n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else "; `portable-tpl compat` lists the features"
    return f"no rule and no feature is called {subject!r}{hint}"
