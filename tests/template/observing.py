"""Watch what a template's expressions really are on the reference, and hold that against inferred types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes, pass_context
from jinja2.runtime import LoopContext, Macro, Undefined
from jinja2.utils import Namespace
from markupsafe import Markup

from portable_tpl.model.conversation import Conversation
from portable_tpl.targets.steps.reference import reference_context, reference_objection
from portable_tpl.template import ParsedTemplate, parse
from portable_tpl.template.syntax.environment import reference_environment
from portable_tpl.template.tracing.tracing import (
    BEGIN_HOOK,
    CALLED_HOOK,
    CLOSE_HOOK,
    OPEN_HOOK,
    PRINT_HOOK,
    VALUE_HOOK,
    mark_prints,
)
from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import ANY, Type
from portable_tpl.template.types.types import Types

_VIEWS: tuple[type, ...] = (type({}.items()), type({}.keys()), type({}.values()))
_DEEPEST = 4


@dataclass(frozen=True)
class Unsound:
    """A value that the inferred type leaves out."""

    node: nodes.Node
    type: Type
    value: object
    why: str


class Observer:
    """Renders one template, and notes each value that its types leave out."""

    def __init__(self, parsed: ParsedTemplate, types: Types) -> None:
        self.parsed = parsed
        self.types = types
        self.unsound: dict[tuple[int, str], Unsound] = {}
        self.seen = 0
        self.kinds: dict[int, int] = {}
        self._now = datetime.fromisoformat("2026-01-01T12:00:00")
        self._environment = reference_environment(lambda: self._now)
        tree = parse(parsed.template).tree
        mark_prints(tree, values=True)
        for name in (BEGIN_HOOK, OPEN_HOOK, CLOSE_HOOK, CALLED_HOOK):
            self._environment.filters[name] = pass_context(lambda _context, number: number)
        for name in (PRINT_HOOK, VALUE_HOOK):
            self._environment.filters[name] = pass_context(lambda _context, number, value: self._value(number, value))
        self._template = self._environment.from_string(tree)

    def watch(self, conversations: Iterable[Conversation]) -> None:
        """Render each conversation."""
        for conversation in conversations:
            if reference_objection(conversation) is not None:
                continue
            self._now = datetime.fromisoformat(conversation.clock)
            try:
                self._template.render(reference_context(conversation, self.parsed.template.special_tokens))
            except (
                TemplateError,
                TypeError,
                ValueError,
                ArithmeticError,
                LookupError,
                AttributeError,
                RecursionError,
            ):
                continue

    def _value(self, number: int, value: Any) -> Any:
        node = self.parsed.nodes[number]
        self.seen += 1
        self.kinds[number] = self.kinds.get(number, 0) | kind_of(value)
        type_ = self.types.of(node)
        for why in leaves_out(type_, value):
            self.unsound.setdefault((number, why), Unsound(node, type_, value, why))
            break
        return value


def kind_of(value: object) -> int:
    """The bits of a value's kind."""
    if isinstance(value, Undefined):
        return k.UNDEFINED
    if value is None:
        return k.NONE
    if isinstance(value, bool):
        return k.TRUE if value else k.FALSE
    for kind, mask in _KINDS:
        if isinstance(value, kind):
            empty = mask & k.EMPTY
            return mask if not empty else empty if not value else mask & ~empty
    if callable(value):
        return k.FUNCTION | k.METHOD
    return k.ITERATOR if hasattr(value, "__next__") else k.OTHER


_KINDS: tuple[tuple[Any, int], ...] = (
    (int, k.INT),
    (float, k.FLOAT),
    (Markup, k.MARKUP),
    (str, k.STR),
    (list, k.LIST),
    (tuple, k.TUPLE),
    (dict, k.DICT),
    (_VIEWS, k.VIEW),
    (range, k.RANGE),
    (Namespace, k.NAMESPACE),
    (Macro, k.MACRO),
    (LoopContext, k.LOOP),
)


def leaves_out(type_: Type, value: Any, depth: int = 0) -> Iterator[str]:
    """Why a value is not among those of a type; nothing where it is."""
    if type_ is ANY or depth > _DEEPEST:
        return
    if not type_.bits & kind_of(value):
        yield f"kind {type(value).__name__}"
        return
    if isinstance(value, str):
        facts = k.text_facts(value) & k.TEXT_FACTS & ~type_.bits
        if facts:
            yield f"text facts {facts >> 32:b}"
        if type_.texts is not None and value not in type_.texts and not isinstance(value, Markup):
            yield "text"
    elif isinstance(value, int) and not isinstance(value, bool):
        if k.number_facts(value) & k.NUMBER_FACTS & ~type_.bits:
            yield "number facts"
        if type_.numbers is not None and value not in type_.numbers:
            yield "number"
    elif isinstance(value, (list, tuple)):
        yield from _items_left_out(type_, value, depth)
    elif isinstance(value, dict):
        yield from _fields_left_out(type_, value, depth)


def _items_left_out(type_: Type, value: list[Any] | tuple[Any, ...], depth: int) -> Iterator[str]:
    shape = type_.shape
    if shape is None or shape.items is None:
        yield from ("items",) if value else ()
        return
    if len(value) < shape.least:
        yield f"fewer than {shape.least} items"
    for index, item in enumerate(value):
        expected = shape.items[index] if index < len(shape.items) else shape.tail
        if expected is None:
            yield f"more than {len(shape.items)} items"
            return
        for why in (*leaves_out(expected, item, depth + 1), *leaves_out(shape.element, item, depth + 1)):
            yield f"[] {why}"


def _fields_left_out(type_: Type, value: Mapping[Any, Any], depth: int) -> Iterator[str]:
    shape = type_.shape
    if shape is None or shape.fields is None:
        yield from ("fields",) if value else ()
        return
    for name, expected in shape.fields.items():
        if name not in value and not expected.bits & k.UNDEFINED:
            yield f"no key {name}"
    for name, inner in value.items():
        for why in leaves_out(shape.fields.get(name, shape.rest), inner, depth + 1):
            yield f".{name} {why}"
