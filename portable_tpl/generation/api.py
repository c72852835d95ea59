"""The public strategy: every decision about a conversation is drawn by hypothesis, so that it can shrink it."""

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

# A conversation takes 100 to 300 decisions of a byte each. Drawn one by one they cost hypothesis some ten times as
# much as drawn in blocks; of a block it still lowers each byte by itself, and 0 is always the simplest decision.
# No constant of anybody's code is a text of so many bytes, so that none of them is mixed in.
_BLOCK = 61
_SPREAD = 2  # how many times as many values as decisions, at least: so much for how evenly they are spread


class _Drawn:
    """Decisions drawn by hypothesis, in blocks of so many bytes."""

    def __init__(self, draw: Callable[[st.SearchStrategy[bytes]], bytes], tier: Tier, size: int = _BLOCK) -> None:
        self._draw = draw
        self._size = size
        self._left = iter(b"")
        self.tier = tier

    def within(self, tier: Tier) -> _Drawn:
        """The same source, for another tier."""
        return _Drawn(self._draw, tier, self._size)

    def below(self, bound: int) -> int:
        """A whole number below ``bound``."""
        if bound <= 1:
            return 0
        byte = next(self._left, None)
        value, values = self._more() if byte is None else byte, 256
        while values < bound * _SPREAD:
            byte = next(self._left, None)
            value, values = value * 256 + (self._more() if byte is None else byte), values * 256
        return value * bound // values

    def _more(self) -> int:
        self._left = iter(self._draw(st.binary(min_size=self._size, max_size=self._size)))
        return next(self._left)


@st.composite
def _conversations(draw: Any, shape: TemplateShape, tier: Tier) -> Conversation:
    return conversation(_Drawn(draw, tier), shape)


@st.composite
def batches(draw: Any, shape: TemplateShape, tier: Tier, count: int) -> list[Conversation]:
    """So many conversations at a time, from one block if that suffices: they cost hypothesis little more than one."""
    choices = _Drawn(draw, tier, _BLOCK * count)
    return [conversation(choices, shape) for _ in range(count)]


def conversations(
    template: Template | ParsedTemplate | TemplateShape | str | None = None, tier: Tier | str = Tier.EVERYDAY
) -> st.SearchStrategy[Conversation]:
    """A hypothesis strategy for conversations of a tier, the milder tiers included.

    With a ``template`` (a text, a :class:`Template`, a parsed one, or what is known of its shape) they are shaped by
    it: its roles, the keys it reads, the texts it looks for, the variables it expects. Raises
    ``TemplateSyntaxError`` where it does not parse, and ``ValueError`` for an unknown tier.
    """
    return _conversations(_shape(template), Tier(tier))


def _shape(template: Template | ParsedTemplate | TemplateShape | str | None) -> TemplateShape:
    if template is None:
        return TemplateShape()
    if isinstance(template, TemplateShape):
        return template
    if isinstance(template, ParsedTemplate):
        return shape_of(template.tree)
    return shape_of(parse(Template(template) if isinstance(template, str) else template).tree)
