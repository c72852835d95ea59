"""Types: sets of values, interned so that equal sets of one pool are one object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from portable_tpl.template.inference.kinds import (
    ALL_FACTS,
    ALL_KINDS,
    ANY_TEXT,
    BOOL,
    CALLABLE,
    DICT,
    EMPTY,
    EMPTY_MARKUP,
    EMPTY_STR,
    FLOAT,
    FULL_DICT,
    INT,
    ITERATOR,
    LIST,
    LOOP,
    MARKUP,
    NAMESPACE,
    NONE,
    NUMBER_FACTS,
    RANGE,
    STR,
    TEXT_FACTS,
    TUPLE,
    UNDEFINED,
    VIEW,
    kind_names,
    number_facts,
    text_facts,
)

_Constant = TypeVar("_Constant", str, int)
_STRUCTURED = LIST | TUPLE | DICT | VIEW | ITERATOR | RANGE | NAMESPACE | LOOP | CALLABLE
_TEXT_BITS = ANY_TEXT | TEXT_FACTS
_MOST_CONSTANTS = 16
_DEEPEST_JOIN = 3
_NOTHING: frozenset[object] = frozenset()
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
        return kind_names(self.bits)

    def may(self, mask: int) -> bool:
        """Whether it can be of a kind (or have a fact) in ``mask``."""
        return bool(self.bits & mask)

    def only(self, mask: int) -> bool:
        """Whether every value it can have is of a kind in ``mask``; false where it can have no value."""
        kinds = self.bits & ALL_KINDS
        return bool(kinds) and not kinds & ~mask

    def __repr__(self) -> str:
        parts = ["|".join(self.kinds) or "never"]
        if self.texts is not None:
            parts.append(repr(sorted(self.texts)))
        if self.numbers is not None:
            parts.append(repr(sorted(self.numbers)))
        return f"<{' '.join(parts)}>"


class Shape:
    """What is inside a value.

    For sequences ``items`` are the types of the first positions, ``tail`` that of all later ones (``None``: there are
    none), ``element`` the join of all, and ``least`` how many there are for certain; ``items`` is ``None`` where the
    value is no sequence. For dicts ``fields`` are the known keys (a type with ``UNDEFINED`` may be absent) and
    ``rest`` what any other key gives, ``UNDEFINED`` included; ``fields`` is ``None`` where the value is no dict.
    ``cases`` refines a dict by what is under one of its keys: its text, else ``*`` for anything and ``""`` for nothing.
    ``refs`` names the macros or namespaces it can be.
    ``deep`` are the bits of all that is inside, at any depth; ``endless`` says that the inside is of the very same shape.
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
            self.deep |= part.bits
            if part.shape is not None:
                self.deep |= part.shape.deep

    def close(self, inside: Type, rest: Type) -> None:
        """Make this a shape whose inside is of the same shape again."""
        self.items, self.tail, self.element, self.fields, self.rest = (), inside, inside, {}, rest
        self.deep = inside.bits | rest.bits
        self.endless = True


Cases = tuple[str, Mapping[str, Type]]
NEVER = Type(0)
ABSENT = Type(UNDEFINED)
ANY = Type(ALL_KINDS | ALL_FACTS)
ANY.shape = Shape()
ANY.shape.close(ANY, ANY)
_DATA_BITS = NONE | BOOL | INT | FLOAT | STR | LIST | DICT | UNDEFINED | ALL_FACTS
DATA = Type(_DATA_BITS)
DATA.shape = Shape()
DATA.shape.close(DATA, DATA)


class Pool:
    """Makes types, and makes each only once."""

    def __init__(self) -> None:
        self._types: dict[object, Type] = {(0, None, None, None): NEVER, (UNDEFINED, None, None, None): ABSENT}
        self._shapes: dict[object, Shape] = {}
        self._joins: dict[tuple[Type, Type], Type] = {}
        self._kept: dict[tuple[Type, int], Type] = {}
        self._texts: dict[str, Type] = {}
        self._cases: dict[tuple[int, frozenset[str]], Type] = {}
        self.equal: dict[tuple[Type, Type], tuple[Type, Type]] = {}
        self._data: dict[int, tuple[Type, Type]] = {}
        self._depth = 0
        self.requests: dict[object, Mapping[str, Type]] = {}

    @property
    def size(self) -> int:
        """Number of joins remembered: how much memory the pool holds on to."""
        return len(self._joins) + len(self._types)

    def type(
        self,
        bits: int,
        texts: frozenset[str] | None = None,
        numbers: frozenset[int] | None = None,
        shape: Shape | None = None,
    ) -> Type:
        """The type of these parts, which must be consistent (see :meth:`of_texts` for constants)."""
        key = (bits, texts, numbers, shape)
        found = self._types.get(key)
        if found is None:
            found = self._types[key] = Type(bits, texts, numbers, shape)
        return found

    def text(self, value: str) -> Type:
        """The type of one text."""
        found = self._texts.get(value)
        if found is None:
            found = self._texts[value] = self.type(text_facts(value), frozenset((value,)))
        return found

    def of_texts(self, values: Iterable[str]) -> Type:
        """The type of a few texts; its facts alone where they are many."""
        texts = frozenset(values)
        bits = 0
        for value in texts:
            bits |= text_facts(value)
        return self.type(bits, texts if 0 < len(texts) <= _MOST_CONSTANTS else None)

    def number(self, value: int) -> Type:
        """The type of one integer."""
        return self.of_numbers((value,))

    def of_numbers(self, values: Iterable[int]) -> Type:
        """The type of a few integers."""
        numbers = frozenset(values)
        bits = 0
        for value in numbers:
            bits |= number_facts(value)
        return self.type(bits, None, numbers if 0 < len(numbers) <= _MOST_CONSTANTS else None)

    def shape(
        self,
        items: tuple[Type, ...] | None = None,
        tail: Type | None = None,
        least: int = 0,
        fields: Mapping[str, Type] | None = None,
        rest: Type = ABSENT,
        cases: Cases | None = None,
        refs: frozenset[object] = _NOTHING,
    ) -> Shape:
        """The shape of these parts."""
        key = (items, tail, least, None if fields is None else tuple(fields.items()), rest, id(cases), refs)
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = Shape(items, tail, least, fields, rest, cases, refs)
            found.sum_up()
            for item in items or ():
                found.element = self.join(found.element, item)
        return found

    def sequence(self, bits: int, element: Type) -> Type:
        """A sequence of unknown length whose elements are all of one type."""
        return self.type(bits, None, None, self.shape((), element, 0 if bits & EMPTY else 1))

    def dict_of(self, bits: int, fields: Mapping[str, Type], rest: Type = ABSENT) -> Type:
        """A dict with known keys."""
        return self.type(bits, None, None, self.shape(fields=fields, rest=rest))

    def data(self, bits: int) -> tuple[Type, Type]:
        """JSON data of some kinds, at every depth; and what a key gives under which there may be such data.

        The second one stands for keys whose type depends on the template: see :meth:`.machine.Machine.field`.
        """
        found = self._data.get(bits)
        if found is None:
            inside = Shape()
            value = self.type(bits, None, None, inside)
            inside.close(value, self.type(bits | UNDEFINED, None, None, inside))
            unknown = Shape((), value, 0, {}, inside.rest)
            unknown.sum_up()
            found = self._data[bits] = value, self.type(bits | UNDEFINED, None, None, unknown)
        return found

    def keep(self, type_: Type, mask: int) -> Type:
        """The type without the kinds that are not in ``mask``."""
        bits = type_.bits
        if not bits & ALL_KINDS & ~mask:
            return type_
        key = (type_, mask)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._keep(type_, mask)
        return found

    def _keep(self, type_: Type, mask: int) -> Type:
        bits = type_.bits & (mask | ALL_FACTS)
        texts, numbers = type_.texts, type_.numbers
        if not bits & ANY_TEXT:
            bits, texts = bits & ~TEXT_FACTS, None
        elif texts is not None:
            texts = frozenset(text for text in texts if text_facts(text) & bits & STR)
            bits = bits & ~_TEXT_BITS | self.of_texts(texts).bits
        elif not bits & (ANY_TEXT & ~EMPTY_STR):
            bits, texts = bits & ~TEXT_FACTS, frozenset(("",))
        if not bits & INT:
            bits, numbers = bits & ~NUMBER_FACTS if not bits & FLOAT else bits, None
        elif numbers is not None:
            numbers = frozenset(number for number in numbers if number_facts(number) & bits & INT)
        return self.type(bits, texts, numbers, type_.shape if bits & _STRUCTURED else None)

    def only_texts(self, type_: Type, texts: frozenset[str]) -> Type:
        """The values of a type that are one of these texts."""
        if type_.texts is not None:
            texts = texts & type_.texts
        bits = type_.bits
        known = self.of_texts(text for text in texts if text_facts(text) & bits & STR) if bits & STR else NEVER
        marked = bits & MARKUP
        return self.join(known, self.type(marked | bits & TEXT_FACTS)) if marked else known

    def without_texts(self, type_: Type, texts: frozenset[str]) -> Type:
        """The values of a type that are none of these texts."""
        if type_.texts is not None:
            rest = self.of_texts(type_.texts - texts)
            return self.join(rest, self.keep(type_, ~ANY_TEXT))
        return self.keep(type_, ~(EMPTY_STR | EMPTY_MARKUP)) if "" in texts else type_

    def case(self, cases: Cases, keys: frozenset[str]) -> Type:
        """The dict whose value under the deciding key has one of the labels ``keys``."""
        memo = (id(cases), keys)
        found = self._cases.get(memo)
        if found is None:
            shape = self.join_all(cases[1][key] for key in sorted(keys)).shape
            assert shape is not None
            both = self.shape(fields=shape.fields, rest=shape.rest, cases=cases)
            found = self._cases[memo] = self.type(FULL_DICT, None, None, both)
        return found

    def with_field(self, type_: Type, name: str, field: Type) -> Type:
        """The dict with another type under one key."""
        shape = type_.shape
        if shape is None or shape.fields is None or shape.fields.get(name) is field:
            return type_
        fields = {**shape.fields, name: field}
        cases = shape.cases
        labels = case_labels(cases, name, field)
        if cases is not None and labels:
            return self.case(cases, labels)
        changed = self.shape(shape.items, shape.tail, shape.least, fields, shape.rest, cases, shape.refs)
        return self.type(type_.bits, type_.texts, type_.numbers, changed)

    def widen(self, type_: Type) -> Type:
        """The type without constants, so that a value that grows in a loop reaches an end."""
        if type_.texts is None and type_.numbers is None:
            return type_
        bits = type_.bits
        if bits & STR:
            bits |= STR
        if bits & INT:
            bits |= INT
        return self.type(bits, None, None, type_.shape)

    def join(self, left: Type, right: Type) -> Type:
        """The type of a value that is of either type."""
        if left is right or right is NEVER:
            return left
        if left is NEVER:
            return right
        key = (left, right)
        found = self._joins.get(key)
        if found is None:
            self._depth += 1
            found = self._joins[key] = self._joins[right, left] = self._join(left, right)
            self._depth -= 1
        return found

    def _join(self, left: Type, right: Type) -> Type:
        if left is ANY or right is ANY:
            return ANY
        texts = _join_constants(left.bits & ANY_TEXT, right.bits & ANY_TEXT, left.texts, right.texts)
        numbers = _join_constants(left.bits & INT, right.bits & INT, left.numbers, right.numbers)
        shape = self._join_shapes(left.shape, right.shape)
        return self.type(left.bits | right.bits, texts, numbers, shape)

    def _join_shapes(self, left: Shape | None, right: Shape | None) -> Shape | None:
        if left is right or right is None:
            return left
        if left is None:
            return right
        deep = left.deep | right.deep
        if left.endless and deep == left.deep:
            return left
        if right.endless and deep == right.deep:
            return right
        if (left.endless and right.endless) or self._depth > _DEEPEST_JOIN:
            # Types that hold themselves would be joined forever, and deep ones for long: say only what is inside.
            return self._flat(deep)
        items, tail, least = self._join_items(left, right)
        fields, rest = self._join_fields(left, right)
        cases = right.cases if left.fields is None or left.cases is right.cases else None
        if right.fields is None:
            cases = left.cases
        return self.shape(items, tail, least, fields, rest, cases, left.refs | right.refs)

    def _flat(self, deep: int) -> Shape | None:
        return ANY.shape if deep & ~_DATA_BITS else self.data(deep & ~UNDEFINED)[0].shape

    def _join_items(self, left: Shape, right: Shape) -> tuple[tuple[Type, ...] | None, Type | None, int]:
        if left.items is None:
            return right.items, right.tail, right.least
        if right.items is None:
            return left.items, left.tail, left.least
        join = self.join
        common = min(len(left.items), len(right.items))
        tail = left.tail if right.tail is None else right.tail if left.tail is None else join(left.tail, right.tail)
        for extra in (*left.items[common:], *right.items[common:]):
            tail = extra if tail is None else join(tail, extra)
        return tuple(map(join, left.items[:common], right.items[:common])), tail, min(left.least, right.least)

    def _join_fields(self, left: Shape, right: Shape) -> tuple[Mapping[str, Type] | None, Type]:
        if left.fields is None:
            return right.fields, right.rest
        if right.fields is None:
            return left.fields, left.rest
        rest = self.join(left.rest, right.rest)
        if left.fields == right.fields:
            return left.fields, rest
        fields = {name: self.join(type_, right.fields.get(name, right.rest)) for name, type_ in left.fields.items()}
        for name, type_ in right.fields.items():
            if name not in fields:
                fields[name] = self.join(left.rest, type_)
        return fields, rest

    def join_all(self, types: Iterable[Type]) -> Type:
        """The join of any number of types."""
        result = NEVER
        for type_ in types:
            result = self.join(result, type_)
        return result


def case_labels(cases: Cases | None, key: str | int, type_: Type) -> frozenset[str]:
    """The cases of a dict that fit a type under one of its keys; none where that says nothing."""
    if cases is None or cases[0] != key:
        return _NO_LABELS
    labels = set()
    if type_.bits & UNDEFINED:
        labels.add("")
    if type_.bits & ALL_KINDS & ~UNDEFINED:
        if "*" in cases[1]:
            labels.add("*")
        elif type_.texts is None or type_.bits & ALL_KINDS & ~(STR | UNDEFINED):
            return _NO_LABELS
        else:
            labels |= type_.texts
    return frozenset(labels.intersection(cases[1]))


def _join_constants(
    left: int, right: int, first: frozenset[_Constant] | None, second: frozenset[_Constant] | None
) -> frozenset[_Constant] | None:
    if not left:
        return second
    if not right:
        return first
    if first is None or second is None:
        return None
    both = first | second
    return both if len(both) <= _MOST_CONSTANTS else None
