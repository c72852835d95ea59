"""One line a problem, as compilers write them: ``path:line:column: severity: code [targets] message``."""

from __future__ import annotations

from portable_tpl.model.report import Report
from portable_tpl.reports.parts.blocks import Paint, Writer
from portable_tpl.reports.parts.visible import encodable
from portable_tpl.reports.text import COLUMNS, problem_lines


def render(report: Report) -> str:
    """The report as lines; empty where there is nothing to say."""
    return encodable("".join(f"{line}\n" for line in problem_lines(report, Writer(Paint(False), COLUMNS, False))))
