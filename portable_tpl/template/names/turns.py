"""State that a loop's turns could hand on: what one turn sets, and where a later one can read it without setting it.

In jinja2 a name that a turn sets ends with the turn, an attribute of a namespace does not. Either way a fault shows
in two turns only: one that sets, and a later one that reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from jinja2 import nodes

from portable_tpl.template.names.scopes import Resolution, Scopes, resolve_names
from portable_tpl.template.syntax.conditions import conditions_on, implies, is_given
from portable_tpl.template.syntax.walking import children, preorder

_DEEPEST = 5  # names that a list of messages goes through


@dataclass(frozen=True, eq=False)
class TurnState:
    """A variable that turns of a loop over messages set.

    ``name`` is ``x`` or, of a namespace from outside the loop, ``ns.x``. ``definitions`` are the ``set`` statements
    that set it; ``uses`` the names, and for a namespace the attributes, that a turn can read before it sets them.
    ``starts`` are the statements with which it begins afresh: the loop, or those that make the namespace. ``pairs``
    are the indexes of a definition and of a use that can see its value in a later turn.
    """

    loop: nodes.For
    name: str
    definitions: tuple[nodes.Node, ...]
    uses: tuple[nodes.Expr, ...]
    starts: tuple[nodes.Node, ...]
    pairs: tuple[tuple[int, int], ...]

    @property
    def ends_with_turn(self) -> bool:
        """Whether jinja2 forgets the value with the turn; a namespace keeps it."""
        return "." not in self.name


@lru_cache(maxsize=8)
def turn_states(tree: nodes.Template) -> tuple[TurnState, ...]:
    """Every variable of a template's loops over messages that one turn sets and another one can read."""
    return tuple(_Finder(tree).run())


class _Finder:
    """Walks a tree for names that one turn of a loop sets and a later one can read."""

    def __init__(self, tree: nodes.Template) -> None:
        self._scopes: Scopes = resolve_names(tree)
        self._nodes = list(preorder(tree))
        self._parents = {child: node for node in self._nodes for child in children(node)}

    def run(self) -> Iterator[TurnState]:
        stores: dict[nodes.For, dict[str, list[nodes.Node]]] = {}
        for node in self._nodes:
            if isinstance(node, nodes.NSRef):
                outermost = self._outermost(node)
                if outermost is not None:
                    names = stores.setdefault(outermost, {})
                    names.setdefault(f"{node.name}.{node.attr}", []).append(self._statement(node))
        for loop in self._nodes:
            if isinstance(loop, nodes.For) and self._reads_messages(loop.iter):
                inside = [node for statement in loop.body for node in preorder(statement)]
                yield from self._names(loop)
                yield from self._attributes(loop, inside, stores.get(loop, {}))

    def _reads_messages(self, items: nodes.Node, depth: int = 0) -> bool:
        """Whether a list is one of messages: all of them, or what filters, slices and names make of them."""
        while isinstance(items, (nodes.Getitem, nodes.Filter)) and items.node is not None:
            items = items.node
        if not isinstance(items, nodes.Name) or depth > _DEEPEST:
            return False
        read = self._scopes.reads[items]
        values = [binding.value for binding in read.bindings if binding.value is not None]
        return (items.name == "messages" and read.free) or any(
            self._reads_messages(value, depth + 1) for value in values
        )

    def _names(self, loop: nodes.For) -> Iterator[TurnState]:
        for name, reads in self._scopes.stale_reads(loop).items():
            start = self._scopes.turns[loop][name]
            definitions = [
                self._statement(binding.node)
                for binding in self._scopes.bindings
                if binding.name == name and binding.frame is loop and binding.kind == "set"
            ]
            uses = [node for node in reads if self._is_value(node) and not self._ruled_out(node, start)]
            if definitions and uses:
                yield self._state(loop, name, definitions, uses)

    def _ruled_out(self, node: nodes.Name, start: Resolution) -> bool:
        """Whether a condition on the way holds only where the turn has set the name: ``{% if x is defined %}``."""
        values = [binding.value for binding in start.bindings]
        if not all(isinstance(value, nodes.Const) and not value.value for value in values):
            return False
        return is_given(self._parents.get, node, node.name, by_truth=bool(values))

    def _attributes(
        self, loop: nodes.For, inside: list[nodes.Node], stores: dict[str, list[nodes.Node]]
    ) -> Iterator[TurnState]:
        uses: dict[str, list[nodes.Expr]] = {}
        for node in inside:
            if isinstance(node, nodes.Getattr):
                name = _attribute(node)
                if name in stores and self._is_value(node) and not self._set_before(node, stores[name], loop):
                    uses.setdefault(name, []).append(node)
        for name, definitions in stores.items():
            if name in uses:
                yield self._state(loop, name, definitions, uses[name])

    def _state(
        self, loop: nodes.For, name: str, definitions: Sequence[nodes.Node], uses: Sequence[nodes.Expr]
    ) -> TurnState:
        starts: list[nodes.Node] = [loop]
        pairs = [(first, second) for first in range(len(definitions)) for second in range(len(uses))]
        if "." in name:
            bindings = next(self._scopes.reads[node].bindings for node in preorder(definitions[0]) if _is_store(node))
            starts = [self._statement(binding.node) for binding in bindings if binding.kind == "set"]
            pairs = [pair for pair in pairs if self._feasible(name, definitions[pair[0]], uses[pair[1]])]
        return TurnState(loop, name, tuple(definitions), tuple(uses), tuple(starts), tuple(pairs))

    def _feasible(self, name: str, definition: nodes.Node, use: nodes.Node) -> bool:
        """Whether the constants that are set leave a way to a use: ``{% if not ns.seen %}`` is none from ``true``."""
        value = _constant_of(definition)
        if value is not None and self._needs_other(use, name, value):
            return False
        for flag, value in self._flags.items():
            if self._set_with(definition, flag, value) and self._needs_other(use, flag, value):
                return False
        return True

    def _needs_other(self, use: nodes.Node, name: str, value: nodes.Const) -> bool:
        """Whether a use is only reached with another value of an attribute."""

        def fails(test: nodes.Node, wanted: bool) -> bool:
            if isinstance(test, nodes.Test) and test.name == "none" and _attribute(test.node) == name:
                return (value.value is None) != wanted
            if isinstance(test, nodes.Compare) and len(test.ops) == 1 and test.ops[0].op in ("eq", "ne"):
                other = test.ops[0].expr
                if isinstance(other, nodes.Const) and _attribute(test.expr) == name:
                    return bool(value.value == other.value) != ((test.ops[0].op == "eq") == wanted)
            return _attribute(test) == name and bool(value.value) != wanted

        return any(implies(condition, fails) for condition in conditions_on(self._parents.get, use))

    def _set_with(self, definition: nodes.Node, flag: str, value: nodes.Const) -> bool:
        """Whether a flag that is only ever set to one constant has it wherever a definition was run."""
        body = next(body for body in _bodies(self._parents[definition]) if any(item is definition for item in body))
        if any(_stores(statement) == flag for statement in body):
            return True

        def proves(test: nodes.Node, wanted: bool) -> bool:
            return _attribute(test) == flag and bool(value.value) == wanted

        return any(implies(condition, proves) for condition in conditions_on(self._parents.get, definition))

    @cached_property
    def _flags(self) -> dict[str, nodes.Const]:
        """The attributes that loops only ever set to one constant, by ``ns.x``."""
        values: dict[str, list[nodes.Const | None]] = {}
        for node in self._nodes:
            if isinstance(node, nodes.NSRef) and any(isinstance(outer, nodes.For) for outer in self._around(node)):
                values.setdefault(f"{node.name}.{node.attr}", []).append(_constant_of(self._statement(node)))
        return {
            name: first
            for name, (first, *others) in values.items()
            if first is not None and all(each is not None and each.value == first.value for each in others)
        }

    def _outermost(self, node: nodes.NSRef) -> nodes.For | None:
        """The outermost loop around a ``set`` that a namespace was made outside of; in a macro, the macro's own."""
        made: set[nodes.Node] = set()
        for binding in self._scopes.reads[node].bindings:
            made.update(self._around(binding.node))
        outermost: nodes.For | None = None
        child: nodes.Node = node
        for outer in self._around(node):
            if outer in made or isinstance(outer, nodes.Macro):
                break
            if isinstance(outer, nodes.For) and any(item is child for item in outer.body):
                outermost = outer
            child = outer
        return outermost

    def _around(self, node: nodes.Node) -> Iterator[nodes.Node]:
        outer = self._parents.get(node)
        while outer is not None:
            yield outer
            outer = self._parents.get(outer)

    def _set_before(self, node: nodes.Node, definitions: list[nodes.Node], loop: nodes.For) -> bool:
        """Whether every way to a place in a turn sets the attribute first."""
        child: nodes.Node = node
        for parent in self._around(node):
            for body in _bodies(parent):
                place = next((index for index, item in enumerate(body) if item is child), 0)
                if any(item is definition for item in body[:place] for definition in definitions):
                    return True
            if parent is loop:
                break
            child = parent
        return False

    def _statement(self, node: nodes.Node) -> nodes.Node:
        while not isinstance(node, (nodes.Assign, nodes.AssignBlock)):
            node = self._parents[node]
        return node

    def _is_value(self, node: nodes.Node) -> bool:
        """Whether an expression's value can be looked at where it stands: a function's name is no value."""
        parent = self._parents[node]
        return not (isinstance(parent, nodes.Call) and parent.node is node)


def _is_store(node: nodes.Node) -> bool:
    return isinstance(node, nodes.NSRef)


def _constant_of(statement: nodes.Node) -> nodes.Const | None:
    """The literal that a ``set`` gives its one target."""
    value = statement.node if isinstance(statement, nodes.Assign) else None
    return value if isinstance(value, nodes.Const) else None


def _stores(statement: nodes.Node) -> str:
    """``ns.x`` of a ``set`` of it."""
    target = statement.target if isinstance(statement, nodes.Assign) else None
    return f"{target.name}.{target.attr}" if isinstance(target, nodes.NSRef) else ""


def _attribute(node: nodes.Node) -> str:
    """``ns.x`` of an expression that reads it."""
    return (
        f"{node.node.name}.{node.attr}"
        if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name)
        else ""
    )


def _bodies(node: nodes.Node) -> list[list[nodes.Node]]:
    return [value for _, value in node.iter_fields() if isinstance(value, list)]
