"""Which construct of a template makes a target differ; said only where a second check confirms it."""

from __future__ import annotations

from dataclasses import dataclass

from portable_tpl.conversation import Conversation, Tier
from portable_tpl.differential.locus import Locus
from portable_tpl.differential.tracer import Tracer
from portable_tpl.rendering import Origin, Rendering
from portable_tpl.runtimes._base import Runtime
from portable_tpl.template.parsing import ParsedTemplate


@dataclass(frozen=True)
class Cause:
    """The cause of a mismatch: ``name`` is ``None`` where none was confirmed."""

    origin: Origin
    name: str | None
    code: str | None
    line: int | None


class Causes:
    """Finds causes on one target."""

    def __init__(self, parsed: ParsedTemplate, target: Runtime, tracer: Tracer, tier: Tier) -> None:
        self._parsed = parsed

    def find(self, conversation: Conversation, base: Conversation, answer: Rendering, locus: Locus, tier: Tier) -> Cause:
        line = self._parsed.nodes[locus.node].lineno if locus.node is not None and locus.node >= 0 else None
        return Cause("template", None, None, line)
