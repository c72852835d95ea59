"""``portable-tpl audit``: the gate of continuous integration."""

from __future__ import annotations

from typing import Any

import click

from portable_tpl.cli.work.compare_options import comparison_options
from portable_tpl.cli.work.options import Common, common_options


@click.command("audit", short_help="Check and compare: one verdict a target.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@comparison_options
@common_options
def command(paths: tuple[str, ...], common: Common, **options: Any) -> int:
    """Check and compare: static findings, mismatches with proof, and one verdict a target.

    The exit status is 1 where something was found and 2 where the request could not be carried out.
    """
    from portable_tpl.cli.work.auditing import run_audit

    return run_audit("audit", paths, common, **options)
