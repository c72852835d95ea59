"""The public strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from portable_tpl.generation.generate import conversation
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from portable_tpl.template.usage.shape import TemplateShape, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable


class _Drawn:
    """Decisions drawn by hypothesis, so that it can shrink them."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int], tier: Tier) -> None:
        self._draw = draw
        self.tier = tier

    def within(self, tier: Tier) -> _Drawn:
        """The same source, for another tier."""
        return _Drawn(self._draw, tier)

    def below(self, bound: int) -> int:
        """A whole number below ``bound``."""
        return self._draw(st.integers(0, bound - 1)) if bound > 1 else 0


@st.composite
def _conversations(draw: Any, shape: TemplateShape, tier: Tier) -> Conversation:
    return conversation(_Drawn(draw, tier), shape)


def conversations(
    template: Template | ParsedTemplate | str | None = None, tier: Tier | str = Tier.EVERYDAY
) -> st.SearchStrategy[Conversation]:
    """A hypothesis strategy for conversations of a tier, the milder tiers included.

    With a ``template`` (a text, a :class:`Template` or a parsed one) they are shaped by it: its roles, the keys it
    reads, the texts it looks for, the variables it expects. Raises ``TemplateSyntaxError`` where it does not parse,
    and ``ValueError`` for an unknown tier.
    """
    return _conversations(_shape(template), Tier(tier))


def _shape(template: Template | ParsedTemplate | str | None) -> TemplateShape:
    if template is None:
        return TemplateShape()
    if isinstance(template, ParsedTemplate):
        return shape_of(template.tree)
    return shape_of(parse(Template(template) if isinstance(template, str) else template).tree)
