"""Tell whether a chat template renders the same bytes on every runtime that will load it.

The public names are imported when they are first used, so that ``import portable_tpl`` stays cheap.
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

_HOME = {
    "ChatTemplate": "rendering.chat_template",
    "Comparison": "model.report",
    "Conversation": "model.conversation",
    "Failed": "model.rendering",
    "Finding": "model.findings",
    "FixResult": "api",
    "Mismatch": "model.rendering",
    "NotPortable": "model.errors",
    "PortableTplError": "model.errors",
    "PromptWarning": "model.errors",
    "PromptDifference": "model.difference",
    "Refused": "model.rendering",
    "RenderError": "model.errors",
    "Rendered": "model.rendering",
    "Report": "model.report",
    "Template": "model.source",
    "TemplateDifference": "model.difference",
    "Tier": "model.conversation",
    "audit": "api",
    "check": "api",
    "compare": "api",
    "compile": "api",
    "diff": "api",
    "fix": "api",
    "load": "api",
    "render": "api",
    "row_renderer": "rendering.datasets.mapping",
}

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
