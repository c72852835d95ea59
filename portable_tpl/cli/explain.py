"""``portable-tpl explain``: the page of whatever a report names."""

from __future__ import annotations

import click

from portable_tpl.model.errors import InputError
from portable_tpl.model.words import did_you_mean


@click.command("explain", short_help="Show the page of a rule, a feature, a step or a target.")
@click.argument("subject", metavar="CODE|FEATURE|STEP|TARGET")
def command(subject: str) -> int:
    """Show the page of whatever a report names.

    That is a rule or release check (PTL101 or python-method), a feature (method.str.strip), a step of a deployment
    (generation-prompt-always), or a target (tgi, hf-jinja@0.5.6).
    """
    from portable_tpl.checking.pages import page_of
    from portable_tpl.cli.work.emit import write_text

    page = page_of(subject)
    if page is None:
        raise InputError(_unknown(subject))
    write_text(page if page.endswith("\n") else page + "\n", None)
    return 0


def _unknown(subject: str) -> str:
    from portable_tpl.checking.pages import known_subjects

    hint = did_you_mean(subject, known_subjects(), 3, "`portable-tpl compat` lists the features")
    return f"no rule, feature, step or target is called {subject!r}{hint}"
