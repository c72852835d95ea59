"""One walk over a template that notes what it does with the parts of its input.

What such a part is, is for a subclass to say: a path of the input (:mod:`.paths`), for whoever makes requests, or no
more than a name (:mod:`.demands`), which takes a tenth of the time, for the types, which every ``check`` needs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from jinja2 import nodes

from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE, Facts
from portable_tpl.template.usage.idioms import (
    CUTTING_METHODS,
    EQUAL_TESTS,
    LAST_FILTERS,
    SAME_FILTERS,
    SAME_METHODS,
    SEARCHES,
    adds_text,
    constants_of,
    leading_text,
    pair_source,
)

PartT = TypeVar("PartT")
FactsT = TypeVar("FactsT", bound=Facts)


class Reader(ABC, Generic[PartT, FactsT]):
    """The walk; ``facts`` are what it has seen of each part.

    ``called`` are the names that are called and are no macros: functions that a deployment may bring. A subclass says
    what a name, a step and an index lead to, and what becomes of a name that is set.
    """

    def __init__(self, macros: Iterable[nodes.Macro]) -> None:
        self.facts: dict[PartT, FactsT] = {}
        self.called: set[str] = set()
        self._macros = {macro.name: macro for macro in macros}
        self._nothing: frozenset[PartT] = frozenset()

    # -- what a part is ------------------------------------------------------------------------------------------

    @abstractmethod
    def new_facts(self) -> FactsT:
        """Facts of a part of which nothing is known."""

    @abstractmethod
    def named(self, node: nodes.Name) -> frozenset[PartT]:
        """The parts that a name stands for."""

    def attribute(self, node: nodes.Getattr) -> frozenset[PartT]:
        """The parts that an attribute is."""
        return self.step(self.read(node.node), node.attr)

    @abstractmethod
    def step(self, parts: frozenset[PartT], *steps: str) -> frozenset[PartT]:
        """The parts that lie some steps below."""

    @abstractmethod
    def index(self, parts: frozenset[PartT], argument: nodes.Expr) -> frozenset[PartT]:
        """The parts that an index leads to which is no text that the template spells."""

    @abstractmethod
    def bind(self, name: str, parts: frozenset[PartT]) -> None:
        """Note that a name is set to what comes from some parts."""

    @abstractmethod
    def slot(self, namespace: str, attribute: str) -> str:
        """The name by which an attribute of a namespace is bound."""

    # -- facts ---------------------------------------------------------------------------------------------------

    def fact(self, part: PartT) -> FactsT:
        """The facts of a part, from now on."""
        facts = self.facts.get(part)
        if facts is None:
            facts = self.facts[part] = self.new_facts()
        return facts

    def use(self, parts: frozenset[PartT], use: str) -> None:
        """Note a use of some parts."""
        for part in parts:
            self.fact(part).uses.add(use)

    def _compare(self, parts: frozenset[PartT], other: nodes.Node, op: str) -> None:
        if not parts:
            return
        constants = list(constants_of(other))
        for part in parts:
            facts = self.fact(part)
            if op == "contains":
                facts.markers.update(dict.fromkeys(value for value in constants if isinstance(value, str)))
                continue
            if op not in ("eq", "ne", "in", "notin"):
                facts.uses.add("order")
            facts.equals.update(dict.fromkeys(constants))

    # -- statements ----------------------------------------------------------------------------------------------

    def statements(self, body: Iterable[nodes.Node]) -> None:
        """Read statements, in their order."""
        for node in body:
            self._statement(node)

    def _statement(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                if not isinstance(child, nodes.TemplateData):
                    self.use(self.read(child), "printed")
        elif isinstance(node, nodes.If):
            self.use(self.read(node.test), "truth")
            self.statements([*node.body, *node.elif_, *node.else_])
        elif isinstance(node, nodes.For):
            self._loop(node)
        elif isinstance(node, nodes.Assign):
            self.assign(node.target, node.node)
        elif isinstance(node, (nodes.Macro, nodes.CallBlock)):
            self.body(node)
        elif isinstance(node, nodes.AssignBlock):
            self.statements(node.body)
        else:
            for inner in node.iter_child_nodes():
                if isinstance(inner, nodes.Expr):
                    self.read(inner)
                else:
                    self._statement(inner)

    def body(self, node: nodes.Macro | nodes.CallBlock) -> None:
        """Read the definition of a macro, or a call with a body."""
        if isinstance(node, nodes.CallBlock):
            self.read(node.call)
        for target, default in zip(reversed(node.args), reversed(node.defaults), strict=False):
            self.bind(target.name, self.read(default))
        self.statements(node.body)

    def _loop(self, node: nodes.For) -> None:
        source = self.read(node.iter)
        pairs = pair_source(node.iter)
        if isinstance(node.target, nodes.Tuple) and len(node.target.items) == 2 and pairs is not None:
            base = self.read(pairs)
            self.use(base, "pairs")
            key, value = node.target.items
            self.bind(self._target(key), self.step(base, KEY))
            self.bind(self._target(value), self.step(base, VALUE))
        elif pairs is None:
            self.use(source, "iterated")
            self.bind(self._target(node.target), self.step(source, ITEM))
        if node.test is not None:
            self.use(self.read(node.test), "truth")
        self.statements([*node.body, *node.else_])

    def assign(self, target: nodes.Node, value: nodes.Node) -> None:
        """Read what a target is set to."""
        if isinstance(target, nodes.Tuple) and isinstance(value, nodes.Tuple):
            for inner, source in zip(target.items, value.items, strict=False):
                self.assign(inner, source)
            return
        name = self._target(target)
        if isinstance(value, nodes.Call) and isinstance(value.node, nodes.Name) and value.node.name == "namespace":
            for pair in value.kwargs:
                self.bind(self.slot(name, pair.key), self.read(pair.value))
            return
        self.bind(name, self.read(value))

    def _target(self, target: nodes.Node) -> str:
        if isinstance(target, nodes.NSRef):
            return self.slot(target.name, target.attr)
        return target.name if isinstance(target, nodes.Name) else ""

    # -- expressions ---------------------------------------------------------------------------------------------

    def read(self, node: nodes.Node | None) -> frozenset[PartT]:
        """The parts that an expression's value may come from; notes the facts on the way."""
        kind = node.__class__
        if node is None or kind is nodes.Const or kind is nodes.TemplateData:
            return self._nothing
        if kind is nodes.Name:
            return self.named(node)  # type: ignore[arg-type]
        if kind is nodes.Getattr:
            return self.attribute(node)  # type: ignore[arg-type]
        reader = _READERS.get(kind)
        if reader is not None:
            parts: frozenset[PartT] = reader(self, node)
            return parts
        for child in node.iter_child_nodes():
            self.read(child)
        return self._nothing

    def _subscript(self, node: nodes.Getitem) -> frozenset[PartT]:
        base = self.read(node.node)
        argument = node.arg
        if isinstance(argument, nodes.Slice):
            self.read(argument)
            return base
        if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
            return self.step(base, argument.value)
        return self.index(base, argument)

    def _call(self, node: nodes.Call) -> frozenset[PartT]:
        arguments = [self.read(argument) for argument in node.args]
        keywords = {pair.key: self.read(pair.value) for pair in node.kwargs}
        if isinstance(node.node, nodes.Getattr):
            return self._method(node, node.node, self.read(node.node.node))
        if isinstance(node.node, nodes.Name):
            macro = self._macros.get(node.node.name)
            if macro is None:
                self.called.add(node.node.name)
            else:
                for target, parts in zip(macro.args, arguments, strict=False):
                    self.bind(target.name, parts)
                for name, parts in keywords.items():
                    self.bind(name, parts)
        return self._nothing

    def _method(self, node: nodes.Call, callee: nodes.Getattr, base: frozenset[PartT]) -> frozenset[PartT]:
        name, texts = callee.attr, leading_text(node)
        if name in ("get", "pop") and texts:
            return self.step(base, *texts)
        if name in SEARCHES:
            for part in base:
                self.fact(part).markers.update(dict.fromkeys(texts))
        if name in SAME_METHODS:
            return base
        if name in CUTTING_METHODS:
            return self.step(base, TEXT)
        if name in ("items", "keys", "values"):
            self.use(base, "pairs")
            return self.step(base, VALUE, TEXT) if name == "items" else self._nothing
        return self._nothing

    def _filter(self, node: nodes.Filter) -> frozenset[PartT]:
        base = self.read(node.node)
        for child in (*node.args, *(pair.value for pair in node.kwargs)):
            self.read(child)
        name = node.name
        if name == "map":
            for pair in node.kwargs:
                if pair.key == "attribute" and isinstance(pair.value, nodes.Const):
                    # A list of parts: the caller's `[]` must lead to the part itself.
                    return self.step(base, ITEM, str(pair.value.value))
            return base
        if name in ("selectattr", "rejectattr") or (name == "sort" and node.kwargs):
            self._attribute_filter(node, base)
        last = LAST_FILTERS.get(name)
        if last is not None:
            self.use(base, last)
            return self._nothing
        if name in ("first", "last"):
            return self.step(base, ITEM)
        return base if name in SAME_FILTERS else self._nothing

    def _attribute_filter(self, node: nodes.Filter, base: frozenset[PartT]) -> None:
        for text in leading_text(node):
            parts = self.step(base, ITEM, *text.split("."))
            if len(node.args) > 2 and isinstance(node.args[2], nodes.Const):
                for part in parts:
                    self.fact(part).equals[node.args[2].value] = None
            self.use(parts, "truth")

    def _test(self, node: nodes.Test) -> frozenset[PartT]:
        base = self.read(node.node)
        self.use(base, f"is-{node.name}")
        for argument in node.args:
            self.read(argument)
            self._compare(base, argument, "eq" if node.name in EQUAL_TESTS else node.name)
        return self._nothing

    def _comparison(self, node: nodes.Compare) -> frozenset[PartT]:
        left: nodes.Node = node.expr
        for operand in node.ops:
            right, op = operand.expr, operand.op
            self._compare(self.read(left), right, op)
            self._compare(self.read(right), left, "contains" if op in ("in", "notin") else op)
            left = right
        return self._nothing

    def _condition(self, node: nodes.CondExpr) -> frozenset[PartT]:
        self.use(self.read(node.test), "truth")
        return self.read(node.expr1) | self.read(node.expr2)

    def _choice(self, node: nodes.And | nodes.Or) -> frozenset[PartT]:
        parts = self.read(node.left) | self.read(node.right)
        self.use(parts, "truth")
        return parts

    def _not(self, node: nodes.Not) -> frozenset[PartT]:
        self.use(self.read(node.node), "truth")
        return self._nothing

    def _add(self, node: nodes.Add) -> frozenset[PartT]:
        parts = self.read(node.left) | self.read(node.right)
        if not adds_text(node):
            return parts
        self.use(parts, "printed")
        return self._nothing

    def _concat(self, node: nodes.Concat) -> frozenset[PartT]:
        for child in node.nodes:
            self.use(self.read(child), "printed")
        return self._nothing


_READERS: dict[Any, Callable[[Any, Any], Any]] = {
    nodes.Getitem: Reader._subscript,
    nodes.Call: Reader._call,
    nodes.Filter: Reader._filter,
    nodes.Test: Reader._test,
    nodes.Compare: Reader._comparison,
    nodes.CondExpr: Reader._condition,
    nodes.And: Reader._choice,
    nodes.Or: Reader._choice,
    nodes.Not: Reader._not,
    nodes.Add: Reader._add,
    nodes.Concat: Reader._concat,
}
