"""``portable-tpl fix``: rewrite what is not portable."""

from __future__ import annotations

import click

from portable_tpl.cli.work.options import Common, common_options
from portable_tpl.model.severity import Severity


@click.command("fix", short_help="Rewrite what is not portable, each change proved on the reference.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--diff", is_flag=True, help="Print what would change, and write nothing.")
@click.option(
    "--level",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.ERROR.value,
    show_default=True,
    help="Repair findings of this severity and worse.",
)
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help="Also apply what changes the reference's own output.")
@common_options
def command(paths: tuple[str, ...], common: Common, diff: bool, level: str, unsafe: bool) -> int:
    """Rewrite what is not portable in place, each change proved on the reference.

    Errors are repaired, with --level warnings and notes, too. A fix is kept only if the reference prints the same
    bytes with it. Of a container nothing but its templates changes. With --output the fixed container goes to that
    file, with - as PATH the fixed text goes to standard output; the report is then on standard error. The exit status
    is 0 where nothing is left to fix, 1 where findings are left or, with --diff, a change would be made, and 2 where
    the request could not be carried out.
    """
    from portable_tpl.cli.work.fixing import fix_all

    return fix_all(paths, common, diff=diff, level=Severity(level), unsafe=unsafe)
