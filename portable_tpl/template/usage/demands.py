"""What a template expects of the parts of a request that no standard describes: its own variables, keys and roles.

One walk notes, name by name, what is done with each variable and key (printed, looped over, compared with
``"high"``); what is done with a name that another one was assigned to counts for both. A name stands for every
variable and key of that name: coarse, and good enough to tell a flag from a text from a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from jinja2 import nodes

from portable_tpl.template.syntax.walking import names
from portable_tpl.template.usage.naming import (
    PAIR_FILTERS,
    Names,
    adds_text,
    constants_of,
    items_of,
    key_argument,
    names_of,
    pair_source,
)

PRINTED = 1
ITERATED = 2
PAIRS = 4
TRUTH = 8
ORDER = 16
BOOLEAN = 32
STRING = 64
NUMBER = 128
MAPPING = 256

_TESTS = {
    "boolean": BOOLEAN,
    "true": BOOLEAN,
    "false": BOOLEAN,
    "string": STRING,
    "number": NUMBER,
    "integer": NUMBER,
    "mapping": MAPPING,
}
_EQUALITY = frozenset({"eq", "ne", "in", "notin", "equalto", "==", "!=", "sameas"})


class Demand:
    """What a template does with one name."""

    __slots__ = ("asked", "equals", "keys", "sources", "uses")

    def __init__(self) -> None:
        self.uses = 0
        self.keys: set[str] = set()
        self.asked: set[str] = set()
        self.equals: set[object] = set()
        self.sources: set[str] = set()

    def absorb(self, other: Demand) -> bool:
        """Take over what is done with an alias; whether anything was new."""
        size = len(self.keys) + len(self.asked) + len(self.equals) + self.uses
        self.uses |= other.uses
        self.keys |= other.keys
        self.asked |= other.asked
        self.equals |= other.equals
        return len(self.keys) + len(self.asked) + len(self.equals) + self.uses != size


_NO_DEMAND = Demand()


class Demands:
    """The demands of one template; see :meth:`of`."""

    def __init__(self, tree_nodes: Iterable[nodes.Node]) -> None:
        self._found: dict[str, Demand] = {}
        self._macros: dict[str, nodes.Macro] = {}
        self.bodies: list[nodes.Macro | nodes.CallBlock] = []
        self.stores: list[tuple[nodes.Call, nodes.Assign]] = []
        self._made: dict[str, nodes.Call] = {}
        self._calls: list[nodes.Call] = []
        self._methods: set[int] = set()
        for node in tree_nodes:
            visit = _VISITS.get(node.__class__)
            if visit is not None:
                visit(self, node)
        for call in self._calls:
            self._bind_call(call)
        self._flow()

    def of(self, name: str) -> Demand:
        """What is done with a variable or key; ``name[]`` is an item of it."""
        return self._found.get(name, _NO_DEMAND)

    def knows(self, name: str) -> bool:
        """Whether anything is done with a name; ``name{}`` is a value of a mapping."""
        return name in self._found

    def asks_for(self, key: str) -> bool:
        """Whether a key of that name is read or asked for anywhere."""
        return key in self._found or any(key in demand.keys or key in demand.asked for demand in self._found.values())

    @cached_property
    def macro_names(self) -> frozenset[str]:
        """Every name in the body of a macro or of a call block."""
        return frozenset(name.name for name in names(self.bodies))

    # -- collecting ----------------------------------------------------------------------------------------------

    def _at(self, name: str) -> Demand:
        demand = self._found.get(name)
        if demand is None:
            demand = self._found[name] = Demand()
        return demand

    def _use(self, node: nodes.Node | None, use: int) -> None:
        for name in names_of(node):
            self._at(name).uses |= use

    def _alias(self, target: nodes.Node, sources: Names) -> None:
        if not sources:
            return
        if isinstance(target, nodes.Name):
            self._at(target.name).sources.update(sources)
        elif isinstance(target, nodes.NSRef):
            self._at(target.attr).sources.update(sources)

    # -- visiting ------------------------------------------------------------------------------------------------

    def _output(self, node: nodes.Output) -> None:
        for child in node.nodes:
            if child.__class__ is not nodes.TemplateData:
                self._use(child, PRINTED)

    def _concat(self, node: nodes.Concat) -> None:
        for child in node.nodes:
            self._use(child, PRINTED)

    def _add(self, node: nodes.Add) -> None:
        if adds_text(node):
            self._use(node.left, PRINTED)
            self._use(node.right, PRINTED)

    def _test_of(self, node: Any) -> None:
        if node.test is not None:
            self._use(node.test, TRUTH)

    def _choice(self, node: Any) -> None:
        self._use(node.left, TRUTH)
        self._use(node.right, TRUTH)

    def _not(self, node: nodes.Not) -> None:
        self._use(node.node, TRUTH)

    def _for(self, node: nodes.For) -> None:
        self._test_of(node)
        pairs = pair_source(node.iter)
        if pairs is not None:
            names = names_of(pairs)
            if isinstance(node.target, nodes.Tuple) and len(node.target.items) == 2:
                self._alias(node.target.items[1], tuple(name + "{}" for name in names))
            return
        self._use(node.iter, ITERATED)
        self._alias(node.target, items_of(names_of(node.iter)))

    def _assign(self, node: nodes.Assign) -> None:
        if node.target.__class__ is nodes.NSRef:
            if node.target.name in self._made:
                self.stores.append((self._made[node.target.name], node))
        elif isinstance(node.target, nodes.Name) and isinstance(node.node, nodes.Call):
            self._made[node.target.name] = node.node
        if isinstance(node.target, nodes.Tuple) and isinstance(node.node, nodes.Tuple):
            for target, value in zip(node.target.items, node.node.items, strict=False):
                self._alias(target, names_of(value))
        else:
            self._alias(node.target, names_of(node.node))

    def _call_block(self, node: nodes.CallBlock) -> None:
        self.bodies.append(node)

    def _macro(self, node: nodes.Macro) -> None:
        self.bodies.append(node)
        self._macros[node.name] = node
        for parameter, default in zip(node.args[len(node.args) - len(node.defaults) :], node.defaults, strict=True):
            self._alias(parameter, names_of(default))

    def _call(self, node: nodes.Call) -> None:
        callee: Any = node.node
        if callee.__class__ is nodes.Name:
            if callee.name == "namespace":
                for pair in node.kwargs:
                    self._at(pair.key).sources.update(names_of(pair.value))
            self._calls.append(node)
        elif callee.__class__ is nodes.Getattr:
            self._methods.add(id(callee))
            attribute: str = callee.attr
            if attribute in ("items", "keys", "values"):
                self._use(callee.node, PAIRS)
            key = key_argument(node)
            if key is not None:
                for name in names_of(callee.node):
                    self._at(name).keys.add(key)

    def _bind_call(self, node: nodes.Call) -> None:
        callee: Any = node.node
        macro = self._macros.get(callee.name)
        if macro is not None:
            for parameter, value in zip(macro.args, node.args, strict=False):
                self._alias(parameter, names_of(value))
            for pair in node.kwargs:
                self._at(pair.key).sources.update(names_of(pair.value))

    def _getattr(self, node: nodes.Getattr) -> None:
        if id(node) in self._methods:
            return
        for name in names_of(node.node):
            self._at(name).keys.add(node.attr)

    def _getitem(self, node: nodes.Getitem) -> None:
        argument = node.arg
        if argument.__class__ is nodes.Slice:
            return
        key = argument.value if argument.__class__ is nodes.Const else None
        for name in names_of(node.node):
            demand = self._at(name)
            if isinstance(key, str):
                demand.keys.add(key)
            else:
                demand.uses |= ITERATED | (MAPPING if argument.__class__ is nodes.Name else 0)

    def _filter(self, node: nodes.Filter) -> None:
        if node.name in PAIR_FILTERS:
            self._use(node.node, PAIRS)
        elif node.name in ("first", "last", "join"):
            self._use(node.node, ITERATED)
        elif node.name == "map":
            self._use(node.node, ITERATED)
            for name in names_of(node):
                for holder in items_of(names_of(node.node)):
                    self._at(holder).keys.add(name)
        elif node.name in ("selectattr", "rejectattr"):
            texts = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
            self._use(node.node, ITERATED)
            if texts and isinstance(texts[0], str):
                for name in items_of(names_of(node.node)):
                    self._at(name).keys.add(texts[0])
                demand = self._at(texts[0].rsplit(".", 1)[-1])
                demand.uses |= TRUTH
                if len(texts) > 2:
                    demand.equals.add(texts[2])

    def _test(self, node: nodes.Test) -> None:
        use = _TESTS.get(node.name)
        if use:
            self._use(node.node, use)
        if node.name in _EQUALITY and node.args:
            self._compare(node.node, node.args[0], node.name)

    def _comparison(self, node: nodes.Compare) -> None:
        left = node.expr
        for operand in node.ops:
            self._compare(left, operand.expr, operand.op)
            left = operand.expr

    def _compare(self, left: nodes.Node, right: nodes.Node, op: str) -> None:
        for one, other, side in ((left, right, op), (right, left, "contains" if op in ("in", "notin") else op)):
            names = names_of(one)
            if not names:
                continue
            constants = constants_of(other)
            for name in names:
                demand = self._at(name)
                if side == "contains":
                    demand.asked.update(
                        value for value in constants if isinstance(value, str) and value.isidentifier()
                    )
                else:
                    demand.equals.update(constants)
                    if side not in _EQUALITY:
                        demand.uses |= ORDER

    # -- flowing -------------------------------------------------------------------------------------------------

    def _flow(self) -> None:
        """Let what is done with a name count for what was assigned to it."""
        demands = self._found
        edges = [(name, source) for name, demand in demands.items() for source in demand.sources if source != name]
        inner = {name for name, _ in edges} | {source for _, source in edges} | demands.keys()
        edges += [
            (name + suffix, source + suffix)
            for name, source in edges
            for suffix in ("[]", "{}")
            if name + suffix in inner
        ]
        changed = True
        while changed:
            changed = False
            for name, source in edges:
                if name in demands and self._at(source).absorb(demands[name]):
                    changed = True


_VISITS: dict[type, Callable[[Demands, Any], None]] = {
    nodes.Output: Demands._output,
    nodes.Concat: Demands._concat,
    nodes.Add: Demands._add,
    nodes.If: Demands._test_of,
    nodes.CondExpr: Demands._test_of,
    nodes.And: Demands._choice,
    nodes.Or: Demands._choice,
    nodes.Not: Demands._not,
    nodes.For: Demands._for,
    nodes.Assign: Demands._assign,
    nodes.Macro: Demands._macro,
    nodes.CallBlock: Demands._call_block,
    nodes.Call: Demands._call,
    nodes.Getattr: Demands._getattr,
    nodes.Getitem: Demands._getitem,
    nodes.Filter: Demands._filter,
    nodes.Test: Demands._test,
    nodes.Compare: Demands._comparison,
}
