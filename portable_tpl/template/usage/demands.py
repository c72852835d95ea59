"""What a template expects of the parts of a request that no standard describes: its own variables, keys and roles.

They are told apart by name alone: what is done with a variable or key, and with a name that it was assigned to,
counts for all variables and keys of that name. Coarse, and good enough to tell a flag from a text from a list.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from jinja2 import nodes

from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.syntax.walking import names
from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE, Facts
from portable_tpl.template.usage.reading import Reader

Names = frozenset[str]


@dataclass
class Demand(Facts):
    """What a template does with one name: ``keys`` are read of it; ``sources`` are what it is assigned from."""

    keys: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)

    @property
    def wanted(self) -> set[str]:
        """The keys that are read, and those that are asked for with ``in``."""
        return self.keys.union(marker for marker in self.markers if marker.isidentifier())

    def absorb(self, other: Demand) -> bool:
        """Take over what is done with an alias; whether anything was new."""
        size = self._size()
        self.uses |= other.uses
        self.keys |= other.keys
        self.markers.update(other.markers)
        self.equals.update(other.equals)
        return self._size() != size

    def _size(self) -> int:
        return len(self.uses) + len(self.keys) + len(self.markers) + len(self.equals)


_NO_DEMAND = Demand()


class Demands(Reader[str, Demand]):
    """The demands of one template; see :meth:`of`.

    ``stores`` are the assignments to attributes of namespaces: the call that is likely to have made the namespace,
    the attribute, and the value.
    """

    def __init__(self, parsed: ParsedTemplate) -> None:
        super().__init__(node for node in parsed.nodes if isinstance(node, nodes.Macro))
        self.stores: list[tuple[nodes.Call, nodes.NSRef, nodes.Node]] = []
        self._made: dict[str, nodes.Call] = {}
        self._bodies: list[nodes.Node] = []
        with suppress(RecursionError):  # deeper than the reference itself can compile: nothing is asked of the rest
            self.statements(parsed.tree.body)
        self._flow()

    def of(self, name: str) -> Demand:
        """What is done with a variable or key; ``name[]`` is an item of it."""
        return self.facts.get(name, _NO_DEMAND)

    def knows(self, name: str) -> bool:
        """Whether anything is done with a name; ``name{}`` is a value of a mapping."""
        return name in self.facts

    def asks_for(self, key: str) -> bool:
        """Whether a key of that name is read or asked for anywhere."""
        return key in self.facts or any(key in demand.keys or key in demand.markers for demand in self.facts.values())

    @cached_property
    def macro_names(self) -> frozenset[str]:
        """Every name in the body of a macro or of a call block."""
        return frozenset(name.name for name in names(self._bodies))

    def new_facts(self) -> Demand:
        """The demand of a name of which nothing is known."""
        return Demand()

    def named(self, node: nodes.Name) -> Names:
        """The name itself."""
        return frozenset((node.name,))

    def step(self, parts: Names, *steps: str) -> Names:
        """A key's own name, whatever it is a key of; else the name with the step."""
        for step in steps:
            if step == TEXT:
                continue
            if step == ITEM:
                self.use(parts, "iterated")
            if step in (ITEM, VALUE, KEY):
                parts = frozenset(name + step for name in parts)
                continue
            for name in parts:
                self.fact(name).keys.add(step)
            parts = frozenset((step,))
        return parts

    def index(self, parts: Names, argument: nodes.Expr) -> Names:
        """An item; what a name is the index of may be a mapping."""
        self.read(argument)
        if isinstance(argument, nodes.Name):
            self.use(parts, "mapping")
        return self.step(parts, ITEM)

    def bind(self, name: str, parts: Names) -> None:
        """Note where a name comes from."""
        if parts and name:
            self.fact(name).sources |= parts

    def slot(self, namespace: str, attribute: str) -> str:
        """An attribute goes by its own name."""
        return attribute

    def assign(self, target: nodes.Node, value: nodes.Node) -> None:
        """Note what makes a namespace, too."""
        if isinstance(target, nodes.NSRef) and target.name in self._made:
            self.stores.append((self._made[target.name], target, value))
        elif isinstance(target, nodes.Name) and isinstance(value, nodes.Call):
            self._made[target.name] = value
        super().assign(target, value)

    def body(self, node: nodes.Macro | nodes.CallBlock) -> None:
        """Note the bodies, too."""
        self._bodies.append(node)
        super().body(node)

    def _flow(self) -> None:
        """Let what is done with a name count for what was assigned to it."""
        demands = self.facts
        edges = [(name, source) for name, demand in demands.items() for source in demand.sources if source != name]
        inner = {name for name, _ in edges} | {source for _, source in edges} | demands.keys()
        edges += [
            (name + suffix, source + suffix)
            for name, source in edges
            for suffix in (ITEM, VALUE)
            if name + suffix in inner
        ]
        changed = True
        while changed:
            changed = False
            for name, source in edges:
                if name in demands and self.fact(source).absorb(demands[name]):
                    changed = True
