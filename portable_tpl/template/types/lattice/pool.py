"""Makes types, each only once, and puts them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.interning import MOST_CONSTANTS, Interner
from portable_tpl.template.types.lattice.lattice import ABSENT, ANY, DATA_BITS, NEVER, Cases, Shape, Type, case_labels

_Constant = TypeVar("_Constant", str, int)
_STRUCTURED = k.LIST | k.TUPLE | k.DICT | k.VIEW | k.ITERATOR | k.RANGE | k.NAMESPACE | k.LOOP | k.CALLABLE
_DEEPEST_JOIN = 3  # levels of two shapes that are joined part by part: a list of messages with their parts
_NOTHING: frozenset[object] = frozenset()
_TEXT_BITS = k.ANY_TEXT | k.TEXT_FACTS


class Pool(Interner):
    """Makes types, and makes each only once."""

    def __init__(self) -> None:
        super().__init__()
        self._shapes: dict[object, Shape] = {}
        self._joins: dict[tuple[Type, Type], Type] = {}
        self._kept: dict[tuple[Type, int], Type] = {}
        self._cases: dict[tuple[int, frozenset[str]], Type] = {}
        self._whole: dict[int, Cases] = {}  # by the id of refined cases, which `_refined` keeps alive
        self._refined: dict[tuple[int, str | int, Type], tuple[Cases, Cases]] = {}
        self._data: dict[int, tuple[Type, Type]] = {}
        self._depth = 0
        self.equal: dict[tuple[Type, Type], tuple[Type, Type]] = {}
        self.requests: dict[object, Mapping[str, Type]] = {}

    def copy(self) -> Pool:
        """A pool that has made the very same types, and goes on by itself."""
        other = Pool()
        for name, value in vars(self).items():
            setattr(other, name, dict(value) if isinstance(value, dict) else value)
        return other

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
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = Shape(items, tail, least, fields, rest, cases, refs)
            shape.sum_up()
            for item in items or ():
                shape.element = self.join(shape.element, item)
        return shape

    def sequence(self, bits: int, element: Type) -> Type:
        """A sequence of unknown length whose elements are all of one type."""
        return self.type(bits, None, None, self.shape((), element, 0 if bits & (k.EMPTY | k.ITERATOR) else 1))

    def dict_of(self, bits: int, fields: Mapping[str, Type], rest: Type = ABSENT) -> Type:
        """A dict with known keys."""
        return self.type(bits, None, None, self.shape(fields=fields, rest=rest))

    def data(self, bits: int) -> tuple[Type, Type]:
        """JSON data of some kinds, at every depth; and what a key gives under which there may be such data.

        The second one stands for keys whose type depends on the template: see :meth:`.machine.Machine.field`.
        """
        pair = self._data.get(bits)
        if pair is None:
            inside = Shape()
            value = self.type(bits, None, None, inside)
            inside.close(value, self.type(bits | k.UNDEFINED, None, None, inside))
            unknown = Shape((), value, 0, {}, inside.rest)
            unknown.sum_up()
            pair = self._data[bits] = value, self.type(bits | k.UNDEFINED, None, None, unknown)
        return pair

    def keep(self, type_: Type, mask: int) -> Type:
        """The type without the kinds that are not in ``mask``."""
        bits = type_.bits
        if not bits & k.ALL_KINDS & ~mask:
            return type_
        key = (type_, mask)
        part = self._kept.get(key)
        if part is None:
            part = self._kept[key] = self._keep(type_, mask)
        return part

    def _keep(self, type_: Type, mask: int) -> Type:
        bits = type_.bits & (mask | k.ALL_FACTS | k.UNSURE | k.RARELY_EMPTY | k.RARELY_NON_ASCII)
        if type_ is ANY:
            bits |= k.unsure_marks(bits)
        texts, numbers = type_.texts, type_.numbers
        if not bits & k.ANY_TEXT:
            bits, texts = bits & ~k.TEXT_FACTS, None
        elif texts is not None:
            texts = frozenset(text for text in texts if k.text_facts(text) & bits & k.STR)
            bits = bits & ~_TEXT_BITS | self.of_texts(texts).bits
        elif not bits & (k.ANY_TEXT & ~k.EMPTY_STR):
            bits, texts = bits & ~k.TEXT_FACTS, frozenset(("",))
        if not bits & k.EMPTY_STR:
            bits &= ~k.RARELY_EMPTY
        if not bits & k.NON_ASCII:
            bits &= ~k.RARELY_NON_ASCII
        if bits & k.UNSURE:
            bits &= ~k.UNSURE | k.unsure_marks(bits)
        if not bits & k.INT:
            bits, numbers = bits & ~k.NUMBER_FACTS if not bits & k.FLOAT else bits, None
        elif numbers is not None:
            numbers = frozenset(number for number in numbers if k.number_facts(number) & bits & k.INT)
        return self.type(bits, texts, numbers, type_.shape if bits & _STRUCTURED else None)

    def unsure(self, type_: Type, but: int = 0) -> Type:
        """The type of a value of which no ordinary request need have these kinds, but for some."""
        marks = k.unsure_marks(type_.bits & k.ALL_KINDS & ~but)
        if type_ is ANY or type_.bits | marks == type_.bits:
            return type_
        return self.type(type_.bits | marks, type_.texts, type_.numbers, type_.shape)

    def by_sureness(self, type_: Type, make: Callable[[Type], Type]) -> Type:
        """What is made of a value, apart of the kinds that are sure and of those that are not."""
        if not type_.bits & k.UNSURE:
            return make(type_)
        rare = k.unsure_kinds(type_.bits)
        sure, unsure = self.keep(type_, k.ALL_KINDS & ~rare), self.keep(type_, rare)
        usual = make(sure) if sure.bits & k.ALL_KINDS else NEVER
        return self.join(usual, self.unsure(make(unsure)))

    def only_texts(self, type_: Type, texts: frozenset[str]) -> Type:
        """The values of a type that are one of these texts."""
        if type_.texts is not None:
            texts = texts & type_.texts
        bits = type_.bits
        known = self.of_texts(text for text in texts if k.text_facts(text) & bits & k.STR) if bits & k.STR else NEVER
        marked = bits & k.MARKUP
        return self.join(known, self.type(marked | bits & k.TEXT_FACTS)) if marked else known

    def without_texts(self, type_: Type, texts: frozenset[str]) -> Type:
        """The values of a type that are none of these texts."""
        if type_.texts is not None:
            rest = self.of_texts(type_.texts - texts)
            return self.join(rest, self.keep(type_, ~k.ANY_TEXT))
        return self.keep(type_, ~(k.EMPTY_STR | k.EMPTY_MARKUP)) if "" in texts else type_

    def case(self, cases: Cases, keys: frozenset[str]) -> Type:
        """The dict whose value under the deciding key has one of the labels ``keys``."""
        memo = (id(cases), keys)
        choice = self._cases.get(memo)
        if choice is None:
            shape = self.join_all(cases[1][key] for key in sorted(keys)).shape
            assert shape is not None
            both = self.shape(fields=shape.fields, rest=shape.rest, cases=cases)
            choice = self._cases[memo] = self.type(k.FULL_DICT, None, None, both)
        return choice

    def refine(self, type_: Type, key: str | int, field: Type) -> Type:
        """The dict whose cases have cases of their own, when what is under the key of these is of a type."""
        shape = type_.shape
        assert shape is not None
        decides = None if shape.cases is None or shape.fields is None else shape.fields.get(shape.cases[0])
        if shape.cases is None or decides is None or decides.texts is None:
            return type_
        memo = (id(shape.cases), key, field)
        known = self._refined.get(memo)
        if known is None:
            known = self._refined[memo] = self._refine(shape.cases, key, field)
        labels = decides.texts.intersection(known[1][1])
        return self.case(known[1], labels) if labels and known[1] is not shape.cases else type_

    def _refine(self, cases: Cases, key: str | int, field: Type) -> tuple[Cases, Cases]:
        """The cases, which the memo must keep alive, and what is left of them; the same where nothing is known."""
        inside: dict[str, Type] = {}
        is_narrower = False
        for label, case in cases[1].items():
            nested = None if case.shape is None else case.shape.cases
            if nested is not None and nested[0] == key:
                is_narrower = True
                labels = case_labels(nested, key, field)
                inside[label] = self.case(nested, labels) if labels else case
            elif case.shape is None or self.field_kinds(case, key) & field.bits & k.ALL_KINDS:
                inside[label] = case
        if not is_narrower:
            return cases, cases
        refined = cases[0], inside
        self._whole[id(refined)] = self._whole.get(id(cases), cases)
        return cases, refined

    def _whole_cases(self, shape: Shape) -> Cases | None:
        """The cases of a dict before any were refined: so that what was told apart finds together again."""
        return self._whole.get(id(shape.cases), shape.cases)

    @staticmethod
    def field_kinds(type_: Type, key: str | int) -> int:
        """The kinds of what a dict gives under a key."""
        shape = type_.shape
        if shape is None or shape.fields is None:
            return k.ALL_KINDS
        return shape.fields.get(str(key), shape.rest).bits & k.ALL_KINDS

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
        if bits & k.STR:
            bits |= k.STR
        if bits & k.INT:
            bits |= k.INT
        return self.type(bits, None, None, type_.shape)

    def join(self, left: Type, right: Type) -> Type:
        """The type of a value that is of either type."""
        if left is right or right is NEVER:
            return left
        if left is NEVER:
            return right
        key = (left, right)
        union = self._joins.get(key)
        if union is None:
            self._depth += 1
            union = self._joins[key] = self._joins[right, left] = self._join(left, right)
            self._depth -= 1
        return union

    def _join(self, left: Type, right: Type) -> Type:
        if left is ANY or right is ANY:
            return ANY
        texts = _join_constants(left.bits & k.ANY_TEXT, right.bits & k.ANY_TEXT, left.texts, right.texts)
        numbers = _join_constants(left.bits & k.INT, right.bits & k.INT, left.numbers, right.numbers)
        shape = self._join_shapes(left.shape, right.shape)
        bits = left.bits | right.bits
        if bits & k.UNSURE:
            sure = k.unsure_marks(left.bits) & ~left.bits | k.unsure_marks(right.bits) & ~right.bits
            bits &= ~sure
        if (left.bits | right.bits) & (k.UNSURE | k.RARELY_NON_ASCII):
            rare = bits & k.NON_ASCII and not (k.surely_non_ascii(left.bits) or k.surely_non_ascii(right.bits))
            bits = bits | k.RARELY_NON_ASCII if rare else bits & ~k.RARELY_NON_ASCII
        return self.type(bits, texts, numbers, shape)

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
        if cases is None and left.cases is not None and self._whole_cases(left) is self._whole_cases(right):
            cases = self._whole_cases(left)
        if right.fields is None:
            cases = left.cases
        return self.shape(items, tail, least, fields, rest, cases, left.refs | right.refs)

    def _flat(self, deep: int) -> Shape | None:
        if deep & ~DATA_BITS:
            return ANY.shape
        bits = deep & ~k.UNDEFINED
        return self.data(bits | k.unsure_marks(bits))[0].shape  # what is where is not known any more

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
    return both if len(both) <= MOST_CONSTANTS else None
