"""Tell whether a chat template renders the same bytes on every runtime that will load it.

The public names are imported when they are first used, so that ``import portable_tpl`` stays cheap.

The rooms from the ground up; each imports from those above it in this list and never the other way (``lint-imports``
checks it). Each package's docstring says what comes in and what goes out.

=================  ===================================================================================================
``model``          data only: template, conversation, rendering, finding, report, card, the ids, the exceptions
``requests``       what a chat request may hold, once
``sources``        the files that carry templates, one module a kind; the only code that reads or writes them
``configuration``  the settings of a project, from its files
``template``       a template as data: ``syntax``, ``names``, ``usage`` (what it reads), ``types``, ``tracing``
``support``        the measured table: features with probes, answers by target and version
``generation``     conversations for a template, drawn or built towards a branch; ``strategies`` for hypothesis
``targets``        ``catalogue``, ``engines``, ``deployments`` and their ``steps``, ``processes`` and ``workers``
``rewriting``      the rewrites that fixes share
``checking``       the frame of rules: base, registry, selection, suppression, pages, linting
``rules``          one file a rule
``release``        one file a release check, and the card of a template
``differential``   what engines print: ``run``, ``grouping``, ``attribute``, ``explain``; two templates: ``between``
``rendering``      prompts for people who want one (``ChatTemplate``), and of whole ``datasets``
``probing``        runs the probes and writes the table
``fixing``         fixes, each proved on the reference
``auditing``       findings, comparison, release checks and container checks in one report
``api``            the public functions
``reports``        one file a format; what they share is in ``parts``
``cli``            one file a command; what commands share is in ``work``
``pytest_plugin``  the fixture ``assert_portable``
=================  ===================================================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from portable_tpl.api import FixResult, audit, check, compare, compile, diff, fix, load, render  # noqa: A004
    from portable_tpl.model.conversation import Conversation, Tier
    from portable_tpl.model.difference import PromptDifference, TemplateDifference
    from portable_tpl.model.errors import NotPortable, PortableTplError, PromptWarning, RenderError
    from portable_tpl.model.findings import Finding
    from portable_tpl.model.rendering import Failed, Mismatch, Refused, Rendered
    from portable_tpl.model.report import Comparison, Report
    from portable_tpl.model.source import Template
    from portable_tpl.rendering.chat_template import ChatTemplate
    from portable_tpl.rendering.datasets.mapping import row_renderer

_NAMES = {
    "api": ("FixResult", "audit", "check", "compare", "compile", "diff", "fix", "load", "render"),
    "model.conversation": ("Conversation", "Tier"),
    "model.difference": ("PromptDifference", "TemplateDifference"),
    "model.errors": ("NotPortable", "PortableTplError", "PromptWarning", "RenderError"),
    "model.findings": ("Finding",),
    "model.rendering": ("Failed", "Mismatch", "Refused", "Rendered"),
    "model.report": ("Comparison", "Report"),
    "model.source": ("Template",),
    "rendering.chat_template": ("ChatTemplate",),
    "rendering.datasets.mapping": ("row_renderer",),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "ChatTemplate",
    "Comparison",
    "Conversation",
    "Failed",
    "Finding",
    "FixResult",
    "Mismatch",
    "NotPortable",
    "PortableTplError",
    "PromptDifference",
    "PromptWarning",
    "Refused",
    "RenderError",
    "Rendered",
    "Report",
    "Template",
    "TemplateDifference",
    "Tier",
    "__version__",
    "audit",
    "check",
    "compare",
    "compile",
    "diff",
    "fix",
    "load",
    "render",
    "row_renderer",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
