"""The formats of a report, one module each, found by being there; they see a report and nothing else.

In: a :class:`portable_tpl.model.report.Report`. Out: its text, from ``render(report)`` of the format's module.
"""

from __future__ import annotations

import os


def formats() -> tuple[str, ...]:
    """The names of all formats."""
    names = (name for folder in __path__ for name in os.listdir(folder))  # pkgutil costs start-up time
    return tuple(sorted(name[:-3] for name in names if name.endswith(".py") and not name.startswith("_")))
