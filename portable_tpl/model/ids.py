"""Ids with a grammar, read and written here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

# Families whose next words are a name and not a form: the filter `tojson`, the method `strip` of `str`.
_NAMES = {"filter": 1, "test": 1, "global": 1, "name": 1, "statement": 1, "loop": 1, "literal": 1, "method": 2}


class FeatureId(str):
    """The id of a feature: ``construct[.variant][@kind[,kind]]``.

    ``filter.tojson.indent`` is the variant ``indent`` of the construct ``filter.tojson``; ``item.int@none`` is the
    variant ``int`` of ``item`` on values of the kind ``none``; an operator has two kinds (``add@plain,none``). It is
    text, so that tables, reports and JSON take it as it is.
    """

    __slots__ = ()

    @classmethod
    def of(cls, *words: str, kinds: tuple[str, ...] = ()) -> FeatureId:
        """The id made of words, of which empty ones are left out, and of the kinds of values it is about."""
        head = ".".join(word for word in words if word)
        return cls(f"{head}@{','.join(kinds)}" if kinds else head)

    @property
    def family(self) -> str:
        """The id without the kinds of values."""
        return self.partition("@")[0]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of values it is about, in the order of the operands; empty where it is about none."""
        kinds = self.partition("@")[2]
        return tuple(kinds.split(",")) if kinds else ()

    @property
    def construct(self) -> str:
        """What a template's author would call it: ``filter.tojson``, ``method.str.strip``, ``item``."""
        words = self.family.split(".")
        return ".".join(words[: 1 + _NAMES.get(words[0], 0)])

    @property
    def variant(self) -> str:
        """Which form of the construct it is; empty for the plain one."""
        return self.family[len(self.construct) + 1 :]

    @property
    def name(self) -> str:
        """The name within the family: ``tojson`` of ``filter.tojson.indent``; empty for an operator."""
        return self.construct.partition(".")[2]

    def wider(self) -> Iterator[FeatureId]:
        """The ids that it is a special case of, the nearest first: without kinds, then without the last words."""
        family = self.family
        if family != self:
            yield FeatureId(family)
        while "." in family:
            family = family.rpartition(".")[0]
            yield FeatureId(family)
