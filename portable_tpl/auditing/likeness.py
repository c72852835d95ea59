"""Places that fail alike: where an engine stops at the first of two, nothing can show the second.

``{{ x.y|length }}{{ x.y|items }}`` with an undefined ``x.y``: what stops the engine at one place proves the other. So
does a construct that keeps it from loading the template at all: it stops at the first of them.
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
_BY_KEY = "item.key"  # what is odd is the key, not what is looked into
_OF_ONE = (nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem)


def fails_alike(parsed: ParsedTemplate) -> Alike:
    """Whether a target that failed over a kind of value elsewhere would have failed at a finding's place over it."""

    @cache
    def operand(start: int, end: int, family: str) -> str | None:
        """What is filtered, tested, looked into or looked up by the expression at a place, as it is written."""
        for node in parsed.nodes:
            if isinstance(node, _OF_ONE) and parsed.span(node) == Span(start, end):
                value = node.arg if family == _BY_KEY and isinstance(node, nodes.Getitem) else node.node
                return None if value is None else parsed.source(value)
        return None

    def alike(finding: Finding, effect: Effect, mismatch: Mismatch) -> bool:
        if not isinstance(mismatch.target, Failed) or mismatch.span is None or mismatch.cause is None:
            return False
        if mismatch.target.kind == "syntax":
            return mismatch.cause == effect.feature
        feature, cause = FeatureId(effect.feature), FeatureId(mismatch.cause)
        if not feature.kinds or cause.kinds != feature.kinds:
            return False
        here = operand(finding.location.start, finding.location.end, feature.family)
        return here is not None and here == operand(mismatch.span.start, mismatch.span.end, cause.family)

    return alike
