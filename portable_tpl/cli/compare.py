"""``portable-tpl compare``: what the engines make of the same conversations."""

from __future__ import annotations

from typing import Any

import click

from portable_tpl.cli.work.compare_options import comparison_options
from portable_tpl.cli.work.options import Common, common_options


@click.command("compare", short_help="Render conversations on every target and report mismatches.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@comparison_options
@common_options
def command(paths: tuple[str, ...], common: Common, **options: Any) -> int:
    """Render conversations on every target and on the reference, and report what differs.

    Conversations are shaped by the template; each mismatch comes with the smallest one that shows it, its cause, and
    a command that reproduces it. A default target that is not installed is skipped.
    """
    from portable_tpl.cli.work.auditing import run_audit

    return run_audit("compare", paths, common, **options)
