"""What to go through where there may be nothing to go through: no characters, and no pieces of what is absent."""

from __future__ import annotations

from collections.abc import Collection

from jinja2 import nodes

from portable_tpl.checking.base import Look
from portable_tpl.checking.kinds import TEXT_KINDS
from portable_tpl.checking.support import repeatable, supported
from portable_tpl.model.findings import Fix
from portable_tpl.rewriting.expressions import Level, operand, replace


def or_nothing(node: nodes.Node, broken: Collection[str], look: Look, nothing: Collection[str]) -> Fix | None:
    """``x or []`` for what may be one of the kinds that are ``nothing``, and no characters for text.

    ``broken`` are the kinds that some target does not take. In the reference, text gives a character a turn: that
    nothing is printed for these, the proof has to show.
    """
    kinds = [kind for kind in look.kinds(node) if kind in broken]
    characters = any(kind in TEXT_KINDS and kind not in nothing for kind in kinds)
    empty = any(kind in nothing and not (characters and kind in TEXT_KINDS) for kind in kinds)
    text = f"{operand(node, look, Level.AND)} or []" if empty else operand(node, look, Level.OR)
    if characters:
        # Anything longer would be better off with a name of its own.
        short = isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)) and repeatable(node)
        if not short or not supported(look, "test.string.value", "condexpr", "or.value"):
            return None
        text = f"([] if {operand(node, look)} is string else {text})"
        return replace(node, text, Level.ATOM, look, "Loop over no characters")
    if not empty:
        return None
    return replace(node, f"({text})", Level.ATOM, look, "Loop over nothing where there is nothing")
