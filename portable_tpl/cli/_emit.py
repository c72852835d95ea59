"""Write a report in the form and to the place that were asked for."""

from __future__ import annotations

import sys
from importlib import import_module

from portable_tpl.cli._options import Common
from portable_tpl.cli._session import color_wanted, exit_status
from portable_tpl.report import Report


def emit(report: Report, common: Common) -> int:
    """Write the report; gives the exit status."""
    write_text(_rendered(report, common), common.output)
    return exit_status(report, common)


def _rendered(report: Report, common: Common) -> str:
    form = import_module(f"portable_tpl.reports.{common.format}")
    if common.format == "text":
        return str(form.render(report, color=color_wanted(common), quiet=common.quiet, statistics=common.statistics))
    if common.format == "sarif":
        from portable_tpl.linting import rule_docs

        return str(form.render(report, rules=rule_docs()))
    return str(form.render(report))


def write_text(text: str, output: str | None) -> None:
    """Write text as UTF-8 to standard output, or to a file that is replaced whole."""
    data = text.encode("utf-8", "surrogatepass")
    if output is not None:
        from portable_tpl.sources import replace_files

        replace_files({output: [data]})
        return
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        stream.write(data)
        stream.flush()
