"""Types: sets of values, interned so that equal sets of one pool are one object."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.template.types.lattice import kinds as k

_NO_LABELS: frozenset[str] = frozenset()


class Type:
    """What a value can be: its kinds, its constants where they are few, and what it holds.

    ``bits`` are kinds and facts of :mod:`.kinds`. ``texts`` and ``numbers`` are all the texts and integers it can be,
    or ``None`` where they are not known (or it has none). ``shape`` says what is inside lists, dicts and namespaces.
    Types are interned and never change: compare them with ``is``.
    """

    __slots__ = ("bits", "numbers", "shape", "texts")

    def __init__(
        self,
        bits: int,
        texts: frozenset[str] | None = None,
        numbers: frozenset[int] | None = None,
        shape: Shape | None = None,
    ) -> None:
        self.bits = bits
        self.texts = texts
        self.numbers = numbers
        self.shape = shape

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the possible kinds."""
        return k.kind_names(self.bits)

    def may(self, mask: int) -> bool:
        """Whether it can be of a kind (or have a fact) in ``mask``."""
        return bool(self.bits & mask)

    def only(self, mask: int) -> bool:
        """Whether every value it can have is of a kind in ``mask``; false where it can have no value."""
        kinds = self.bits & k.ALL_KINDS
        return bool(kinds) and not kinds & ~mask

    def __repr__(self) -> str:
        parts = ["|".join(self.kinds) or "never"]
        if self.texts is not None:
            parts.append(repr(sorted(self.texts)))
        if self.numbers is not None:
            parts.append(repr(sorted(self.numbers)))
        return f"<{' '.join(parts)}>"


_INSIDE = k.ALL_KINDS | k.ALL_FACTS  # of what is inside it does not matter whether ordinary requests have it


class Shape:
    """What is inside a value.

    For sequences ``items`` are the types of the first positions, ``tail`` that of all later ones (``None``: there are
    none), ``element`` the join of all, and ``least`` how many there are for certain; ``items`` is ``None`` where the
    value is no sequence. For dicts ``fields`` are the known keys (a type with ``UNDEFINED`` may be absent) and
    ``rest`` what any other key gives, ``UNDEFINED`` included; ``fields`` is ``None`` where the value is no dict.
    ``cases`` refines a dict by what is under one of its keys: its text, else ``*`` for anything and ``""`` for
    nothing. ``refs`` names the macros or namespaces it can be.
    ``deep`` are the bits of all that is inside, at any depth; ``endless`` says that the inside is of the very same
    shape.
    """

    __slots__ = ("cases", "deep", "element", "endless", "fields", "items", "least", "refs", "rest", "tail")

    def __init__(
        self,
        items: tuple[Type, ...] | None = None,
        tail: Type | None = None,
        least: int = 0,
        fields: Mapping[str, Type] | None = None,
        rest: Type | None = None,
        cases: Cases | None = None,
        refs: frozenset[object] = frozenset(),
    ) -> None:
        self.items = items
        self.tail = tail
        self.least = least
        self.element = NEVER if tail is None else tail
        self.fields = fields
        self.rest = ABSENT if rest is None else rest
        self.cases = cases
        self.refs = refs
        self.deep = 0
        self.endless = False

    def sum_up(self) -> None:
        """Find ``deep``; to be called when the parts are set."""
        parts = [*(self.items or ()), *(self.fields or {}).values(), self.rest, self.tail or NEVER]
        for part in parts:
            self.deep |= part.bits & _INSIDE
            if part.shape is not None:
                self.deep |= part.shape.deep

    def close(self, inside: Type, rest: Type) -> None:
        """Make this a shape whose inside is of the same shape again."""
        self.items, self.tail, self.element, self.fields, self.rest = (), inside, inside, {}, rest
        self.deep = (inside.bits | rest.bits) & _INSIDE
        self.endless = True


Cases = tuple[str, Mapping[str, Type]]
NEVER = Type(0)
ABSENT = Type(k.UNDEFINED)
ANY = Type(k.ALL_KINDS | k.ALL_FACTS)
ANY.shape = Shape()
ANY.shape.close(ANY, ANY)
DATA_BITS = k.NONE | k.BOOL | k.INT | k.FLOAT | k.STR | k.LIST | k.DICT | k.UNDEFINED | k.ALL_FACTS
DATA = Type(DATA_BITS)
DATA.shape = Shape()
DATA.shape.close(DATA, DATA)


def case_labels(cases: Cases | None, key: str | int, type_: Type) -> frozenset[str]:
    """The cases of a dict that fit a type under one of its keys; none where that says nothing."""
    if cases is None or cases[0] != key:
        return _NO_LABELS
    labels = set()
    if type_.bits & k.UNDEFINED:
        labels.add("")
    if type_.bits & k.ALL_KINDS & ~k.UNDEFINED:
        if "*" in cases[1]:
            labels.add("*")
        elif type_.texts is None or type_.bits & k.ALL_KINDS & ~(k.STR | k.UNDEFINED):
            return _NO_LABELS
        else:
            labels |= type_.texts
    return frozenset(labels.intersection(cases[1]))
