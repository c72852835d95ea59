"""Which parts of its input a template reads, and what it compares them with.

A path names a part of the input: ``("messages", "[]", "content")`` is the content of some message. ``[]`` stands for
an item of a list, ``{}`` for a value of a mapping under a key that the template does not name, ``{key}`` for such a
key, and ``~`` for a text made from the part before it. Names are followed through ``set``, ``for``, namespaces and
macro calls, without regard to order: a name stands for everything that it is ever set to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.usage.naming import (
    CUTTING_METHODS,
    SAME_FILTERS,
    SAME_METHODS,
    adds_text,
    pair_source,
)

Path = tuple[str, ...]
Paths = frozenset[Path]

ITEM, VALUE, KEY, TEXT = "[]", "{}", "{key}", "~"
NOTHING: Paths = frozenset()
_DEEPEST = 9  # steps; 191 of 199 real templates read no deeper, the others pass a value on to itself
_ROUNDS = 3  # of assignments; 566 of 597 real templates come to rest in these
_MOST_ITEMS = 40  # a template that reads item 1,000 is not given a list of that length

_SEARCHES = {"startswith", "endswith", "find", "rfind", "index", "count", "split", "rsplit", "partition", "replace",
             "removeprefix", "removesuffix", "strip", "lstrip", "rstrip"}  # fmt: skip


@dataclass
class Facts:
    """What a template does with one part of its input.

    ``equals``: constants that it is compared with; ``markers``: texts searched for in it; ``uses``: ``printed``,
    ``iterated``, ``truth``, ``pairs``, ``dumped``, ``length``, ``order``, ``joined``, and ``is-<test>`` for each
    test. ``least``: how many items a list must have for the indexes that the template takes from it.
    """

    equals: dict[Any, None] = field(default_factory=dict)
    markers: dict[str, None] = field(default_factory=dict)
    uses: set[str] = field(default_factory=set)
    least: int = 1


class PathReader:
    """Follows a template's names and collects :class:`Facts` for each path, in ``facts``, and names in ``free``.

    ``called`` are the names that are called and are no macros: functions that a deployment may bring.
    """

    def __init__(self, tree: nodes.Template) -> None:
        self.facts: dict[Path, Facts] = {}
        self.free: dict[str, None] = {}
        self.called: set[str] = set()
        self._names: dict[str, Paths] = {}
        self._macros = {macro.name: macro for macro in tree.find_all(nodes.Macro)}
        self._namespaces: set[str] = set()
        self._reads = resolve_names(tree).reads
        for _ in range(_ROUNDS):
            before = dict(self._names)
            self._statements(tree.body)
            if before == self._names:
                break

    # -- facts ---------------------------------------------------------------------------------------------------

    def _fact(self, path: Path) -> Facts:
        if path not in self.facts:
            self.facts[path] = Facts()
        return self.facts[path]

    def _use(self, paths: Paths, use: str) -> None:
        for path in paths:
            self._fact(path).uses.add(use)

    def _step(self, paths: Paths, *steps: str) -> Paths:
        made = set()
        for path in paths:
            if path[-1] == TEXT:
                made.add(path)
            elif path[-1] == steps[0] == "function":
                continue  # `set call = call.function`, read again without regard to order
            elif len(path) + len(steps) <= _DEEPEST:
                made.add(path + steps)
        for path in made:
            self._fact(path)
        return frozenset(made)

    def _bind(self, name: str, paths: Paths) -> None:
        if paths:
            self._names[name] = self._names.get(name, NOTHING) | paths

    # -- statements ----------------------------------------------------------------------------------------------

    def _statements(self, body: Iterable[nodes.Node]) -> None:
        for node in body:
            self._statement(node)

    def _statement(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                if not isinstance(child, nodes.TemplateData):
                    self._use(self.read(child), "printed")
        elif isinstance(node, nodes.If):
            self._use(self.read(node.test), "truth")
            self._statements([*node.body, *node.elif_, *node.else_])
        elif isinstance(node, nodes.For):
            self._loop(node)
        elif isinstance(node, nodes.Assign):
            self._assign(node.target, node.node)
        elif isinstance(node, (nodes.Macro, nodes.CallBlock)):
            self._macro(node)
        elif isinstance(node, nodes.AssignBlock):
            self._bind(_target_name(node.target), NOTHING)
            self._statements(node.body)
        else:
            for inner in node.iter_child_nodes():
                if isinstance(inner, nodes.Expr):
                    self.read(inner)
                else:
                    self._statement(inner)

    def _macro(self, node: nodes.Macro | nodes.CallBlock) -> None:
        if isinstance(node, nodes.CallBlock):
            self.read(node.call)
        for target, default in zip(reversed(node.args), reversed(node.defaults), strict=False):
            self._bind(target.name, self.read(default))
        self._statements(node.body)

    def _loop(self, node: nodes.For) -> None:
        source = self.read(node.iter)
        pairs = pair_source(node.iter)
        if isinstance(node.target, nodes.Tuple) and len(node.target.items) == 2 and pairs is not None:
            base = self.read(pairs)
            self._use(base, "pairs")
            key, value = node.target.items
            self._bind(_target_name(key), self._step(base, KEY))
            self._bind(_target_name(value), self._step(base, VALUE))
        elif pairs is None:
            self._use(source, "iterated")
            self._bind(_target_name(node.target), self._step(source, ITEM))
        if node.test is not None:
            self._use(self.read(node.test), "truth")
        self._statements([*node.body, *node.else_])

    def _assign(self, target: nodes.Node, value: nodes.Node) -> None:
        if isinstance(target, nodes.Tuple) and isinstance(value, nodes.Tuple):
            for inner, source in zip(target.items, value.items, strict=False):
                self._assign(inner, source)
            return
        name = _target_name(target)
        if isinstance(value, nodes.Call) and isinstance(value.node, nodes.Name) and value.node.name == "namespace":
            self._namespaces.add(name)
            for pair in value.kwargs:
                self._bind(f"{name}.{pair.key}", self.read(pair.value))
            return
        self._bind(name, self.read(value))

    # -- expressions ---------------------------------------------------------------------------------------------

    def read(self, node: nodes.Node | None) -> Paths:
        """The paths that an expression's value may come from; notes the facts on the way."""
        if node is None or isinstance(node, (nodes.Const, nodes.TemplateData)):
            return NOTHING
        reader = getattr(self, "_read_" + type(node).__name__.lower(), None)
        if reader is not None:
            paths: Paths = reader(node)
            return paths
        for child in node.iter_child_nodes():
            self.read(child)
        return NOTHING

    def _read_name(self, node: nodes.Name) -> Paths:
        paths = self._names.get(node.name, NOTHING)
        if node in self._reads and self._reads[node].free:
            self.free[node.name] = None
            self._fact((node.name,))
            paths |= {(node.name,)}
        return paths

    def _read_getattr(self, node: nodes.Getattr) -> Paths:
        if isinstance(node.node, nodes.Name) and node.node.name in self._namespaces:
            return self._names.get(f"{node.node.name}.{node.attr}", NOTHING)
        return self._step(self.read(node.node), node.attr)

    def _read_getitem(self, node: nodes.Getitem) -> Paths:
        base = self.read(node.node)
        if isinstance(node.arg, nodes.Slice):
            self.read(node.arg)
            return base
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._step(base, node.arg.value)
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int):
            for path in base:
                self._fact(path).least = max(self._fact(path).least, min(node.arg.value, _MOST_ITEMS - 1) + 1)
        key = self.read(node.arg)
        if any(path[-1] in (KEY, ITEM) for path in key) and not isinstance(node.arg, nodes.Const):
            return self._step(base, VALUE)
        return self._step(base, ITEM)

    def _read_call(self, node: nodes.Call) -> Paths:
        arguments = [self.read(argument) for argument in node.args]
        named = {pair.key: self.read(pair.value) for pair in node.kwargs}
        if isinstance(node.node, nodes.Getattr):
            return self._method(node, node.node, self.read(node.node.node))
        if isinstance(node.node, nodes.Name):
            macro = self._macros.get(node.node.name)
            if macro is None:
                self.called.add(node.node.name)
            else:
                for target, paths in zip(macro.args, arguments, strict=False):
                    self._bind(target.name, paths)
                for name, paths in named.items():
                    self._bind(name, paths)
        return NOTHING

    def _method(self, node: nodes.Call, callee: nodes.Getattr, base: Paths) -> Paths:
        texts = [arg.value for arg in node.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
        if callee.attr in ("get", "pop") and texts:
            return self._step(base, texts[0])
        if callee.attr in _SEARCHES:
            for path in base:
                self._fact(path).markers.update(dict.fromkeys(texts[:1]))
        if callee.attr in SAME_METHODS:
            return base
        if callee.attr in CUTTING_METHODS:
            return self._step(base, TEXT)
        if callee.attr in ("items", "keys", "values"):
            self._use(base, "pairs")
            return self._step(base, VALUE, TEXT) if callee.attr == "items" else NOTHING
        return NOTHING

    def _read_filter(self, node: nodes.Filter) -> Paths:
        base = self.read(node.node)
        for child in (*node.args, *(pair.value for pair in node.kwargs)):
            self.read(child)
        texts = [arg.value for arg in node.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
        if node.name in ("selectattr", "rejectattr", "map") or (node.name == "sort" and node.kwargs):
            self._attribute_filter(node, base, texts)
        if node.name in ("map",):
            return self._mapped(node, base)
        if node.name in ("tojson", "length", "count", "join", "items", "dictsort"):
            use = {"tojson": "dumped", "items": "pairs", "dictsort": "pairs", "join": "joined"}.get(
                node.name, "length"
            )
            self._use(base, use)
            return NOTHING
        if node.name in ("first", "last"):
            return self._step(base, ITEM)
        return base if node.name in SAME_FILTERS else NOTHING

    def _attribute_filter(self, node: nodes.Filter, base: Paths, texts: list[str]) -> None:
        if node.name == "map" or not texts:
            return
        part = self._step(base, ITEM, *texts[0].split("."))
        if len(node.args) > 2 and isinstance(node.args[2], nodes.Const):
            for path in part:
                self._fact(path).equals[node.args[2].value] = None
        self._use(part, "truth")

    def _mapped(self, node: nodes.Filter, base: Paths) -> Paths:
        for pair in node.kwargs:
            if pair.key == "attribute" and isinstance(pair.value, nodes.Const):
                # A list of parts: the caller's `[]` must lead to the part itself.
                return frozenset(path for path in self._step(base, ITEM, str(pair.value.value)))
        return base

    def _read_test(self, node: nodes.Test) -> Paths:
        base = self.read(node.node)
        self._use(base, f"is-{node.name}")
        for argument in node.args:
            self._compare(base, argument, "eq" if node.name in ("eq", "equalto", "sameas", "==") else node.name)
        return NOTHING

    def _read_compare(self, node: nodes.Compare) -> Paths:
        left: nodes.Node = node.expr
        for operand in node.ops:
            right = operand.expr
            self._compare(self.read(left), right, operand.op)
            self._compare(self.read(right), left, {"in": "contains", "notin": "contains"}.get(operand.op, operand.op))
            left = right
        return NOTHING

    def _compare(self, paths: Paths, other: nodes.Node, op: str) -> None:
        constants = list(_constants(other))
        for path in paths:
            facts = self._fact(path)
            if op == "contains":
                facts.markers.update(dict.fromkeys(value for value in constants if isinstance(value, str)))
            elif op in ("eq", "ne", "in", "notin"):
                facts.equals.update(dict.fromkeys(constants))
            else:
                facts.uses.add("order")
                facts.equals.update(dict.fromkeys(constants))

    def _read_condexpr(self, node: nodes.CondExpr) -> Paths:
        self._use(self.read(node.test), "truth")
        return self.read(node.expr1) | self.read(node.expr2)

    def _read_or(self, node: nodes.Or) -> Paths:
        left, right = self.read(node.left), self.read(node.right)
        self._use(left | right, "truth")
        return left | right

    _read_and = _read_or

    def _read_not(self, node: nodes.Not) -> Paths:
        self._use(self.read(node.node), "truth")
        return NOTHING

    def _read_add(self, node: nodes.Add) -> Paths:
        left, right = self.read(node.left), self.read(node.right)
        if not adds_text(node):
            return left | right
        self._use(left | right, "printed")
        return NOTHING

    def _read_concat(self, node: nodes.Concat) -> Paths:
        for child in node.nodes:
            self._use(self.read(child), "printed")
        return NOTHING


def _target_name(target: nodes.Node) -> str:
    if isinstance(target, nodes.NSRef):
        return f"{target.name}.{target.attr}"
    return target.name if isinstance(target, nodes.Name) else ""


def _constants(node: nodes.Node) -> Iterator[Any]:
    if isinstance(node, nodes.Const):
        yield node.value
    elif isinstance(node, (nodes.List, nodes.Tuple)):
        for item in node.items:
            yield from _constants(item)
    elif isinstance(node, nodes.Dict):
        for pair in node.items:
            yield from _constants(pair.key)
    elif isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        yield -node.node.value
