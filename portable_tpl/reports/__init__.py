"""The formats of a report, one module each; they see a :class:`portable_tpl.model.report.Report` and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from portable_tpl.model.report import Report, RuleDoc

FORMATS = ("text", "json", "sarif", "junit", "github", "markdown", "html")

_NO_RULES: Mapping[str, RuleDoc] = MappingProxyType({})


def render(
    report: Report,
    format: str = "text",  # noqa: A002 - the name of the command line's option
    *,
    color: bool = False,
    quiet: bool = False,
    statistics: bool = False,
    rules: Mapping[str, RuleDoc] = _NO_RULES,
) -> str:
    """The report in one of :data:`FORMATS`, ending in a newline where it is not empty.

    ``color``, ``quiet`` and ``statistics`` are for people and change ``text`` alone; ``rules`` maps codes to the
    pages that ``sarif`` carries. The text can always be encoded as UTF-8. Raises ``ValueError`` on an unknown format.
    """
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}; known: {', '.join(FORMATS)}")
    options: dict[str, Any] = {}
    if format == "text":
        options = {"color": color, "quiet": quiet, "statistics": statistics}
    elif format == "sarif":
        options = {"rules": rules}
    text: str = import_module(f"{__name__}.{format}").render(report, **options)
    return text
