"""Places that fail alike: where an engine stops at the first of two, nothing can show the second.

``{{ x.y|length }}{{ x.y|items }}`` with an undefined ``x.y``: what stops the engine at one place proves the other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from jinja2 import nodes

from portable_tpl.model.findings import Effect, Finding
from portable_tpl.model.ids import FeatureId
from portable_tpl.model.rendering import Failed, Mismatch
from portable_tpl.model.source import Span
from portable_tpl.template.syntax.parsing import ParsedTemplate

Alike = Callable[[Finding, Effect, Mismatch], bool]
_OF_ONE = (nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem)


def fails_alike(parsed: ParsedTemplate) -> Alike:
    """Whether a target that failed over a kind of value elsewhere would have failed at a finding's place over it."""

    @cache
    def operand(start: int, end: int) -> str | None:
        """What is filtered, tested or looked into by the expression at a place, as it is written."""
        for node in parsed.nodes:
            if isinstance(node, _OF_ONE) and parsed.span(node) == Span(start, end):
                return None if node.node is None else parsed.source(node.node)
        return None

    def alike(finding: Finding, effect: Effect, mismatch: Mismatch) -> bool:
        if effect.outcome != "fails" or not isinstance(mismatch.target, Failed) or mismatch.span is None:
            return False
        kinds = FeatureId(effect.feature).kinds
        if not kinds or mismatch.cause is None or FeatureId(mismatch.cause).kinds != kinds:
            return False
        here = operand(finding.location.start, finding.location.end)
        return here is not None and here == operand(mismatch.span.start, mismatch.span.end)

    return alike
