"""Makes the types of plain values, each only once."""

from __future__ import annotations

from collections.abc import Iterable

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ABSENT, NEVER, Shape, Type

MOST_CONSTANTS = 16


class Interner:
    """Makes types without an inside."""

    def __init__(self) -> None:
        self._types: dict[object, Type] = {}
        self._plain: dict[int, Type] = {NEVER.bits: NEVER, ABSENT.bits: ABSENT}
        self._texts: dict[str, Type] = {}

    def type(
        self,
        bits: int,
        texts: frozenset[str] | None = None,
        numbers: frozenset[int] | None = None,
        shape: Shape | None = None,
    ) -> Type:
        """The type of these parts, which must be consistent (see :meth:`of_texts` for constants)."""
        if texts is None and numbers is None and shape is None:
            result = self._plain.get(bits)
            if result is None:
                result = self._plain[bits] = Type(bits)
            return result
        key = (bits, texts, numbers, shape)
        result = self._types.get(key)
        if result is None:
            result = self._types[key] = Type(bits, texts, numbers, shape)
        return result

    def text(self, value: str) -> Type:
        """The type of one text."""
        result = self._texts.get(value)
        if result is None:
            result = self._texts[value] = self.type(k.text_facts(value), frozenset((value,)))
        return result

    def of_texts(self, values: Iterable[str]) -> Type:
        """The type of a few texts; its facts alone where they are many."""
        texts = frozenset(values)
        bits = 0
        for value in texts:
            bits |= k.text_facts(value)
        return self.type(bits, texts if 0 < len(texts) <= MOST_CONSTANTS else None)

    def number(self, value: int) -> Type:
        """The type of one integer."""
        return self.of_numbers((value,))

    def of_numbers(self, values: Iterable[int]) -> Type:
        """The type of a few integers."""
        numbers = frozenset(values)
        bits = 0
        for value in numbers:
            bits |= k.number_facts(value)
        return self.type(bits, None, numbers if 0 < len(numbers) <= MOST_CONSTANTS else None)
