"""The formats of a report, one module each, found by being there; they see a report and nothing else.

In: a :class:`portable_tpl.model.report.Report`. Out: its text, from ``render(report)`` of the format's module.
"""

from __future__ import annotations

from pkgutil import iter_modules


def formats() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
