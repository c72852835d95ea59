"""Which parts of its input a template reads, by path, and what it compares them with.

A path names a part of the input: ``("messages", "[]", "content")`` is the content of some message; see
:data:`.facts.ITEM` for the steps that are no keys. Names are followed through ``set``, ``for``, namespaces and macro
calls, without regard to order: a name stands for everything that it is ever set to.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.usage.facts import ITEM, KEY, TEXT, VALUE, Facts
from portable_tpl.template.usage.reading import Reader

Path = tuple[str, ...]
Paths = frozenset[Path]

_NOTHING: Paths = frozenset()
_DEEPEST = 9  # steps; 191 of 199 real templates read no deeper, the others pass a value on to itself
_ROUNDS = 3  # of assignments; 566 of 597 real templates come to rest in these
_MOST_ITEMS = 40  # a template that reads item 1,000 is not given a list of that length


class PathReader(Reader[Path, Facts]):
    """Follows a template's names and collects :class:`Facts` for each path, and the names that it does not set."""

    def __init__(self, tree: nodes.Template) -> None:
        super().__init__(tree.find_all(nodes.Macro))
        self.free: dict[str, None] = {}
        self._names: dict[str, Paths] = {}
        self._namespaces: set[str] = set()
        self._reads = resolve_names(tree).reads
        for _ in range(_ROUNDS):
            before = dict(self._names)
            self.statements(tree.body)
            if before == self._names:
                break

    def new_facts(self) -> Facts:
        """Facts of a path of which nothing is known."""
        return Facts()

    def named(self, node: nodes.Name) -> Paths:
        """What a name was set to, and the variable of that name."""
        paths = self._names.get(node.name, _NOTHING)
        if node in self._reads and self._reads[node].free:
            self.free[node.name] = None
            self.fact((node.name,))
            paths |= {(node.name,)}
        return paths

    def attribute(self, node: nodes.Getattr) -> Paths:
        """A key, or what an attribute of a namespace was set to."""
        if isinstance(node.node, nodes.Name) and node.node.name in self._namespaces:
            return self._names.get(self.slot(node.node.name, node.attr), _NOTHING)
        return super().attribute(node)

    def step(self, parts: Paths, *steps: str) -> Paths:
        """The paths some steps on, which from now on are read."""
        paths = set()
        for path in parts:
            if path[-1] == TEXT:
                paths.add(path)
            elif path[-1] == steps[0] == "function":
                continue  # `set call = call.function`, read again without regard to order
            elif len(path) + len(steps) <= _DEEPEST:
                paths.add(path + steps)
        for path in sorted(paths):  # not in the order of their hashes
            self.fact(path)
        return frozenset(paths)

    def index(self, parts: Paths, argument: nodes.Expr) -> Paths:
        """An item, or a value under a key that a loop gives."""
        if isinstance(argument, nodes.Const):
            if isinstance(argument.value, int):
                for path in parts:
                    facts = self.fact(path)
                    facts.least = max(facts.least, min(argument.value, _MOST_ITEMS - 1) + 1)
            return self.step(parts, ITEM)
        given = any(path[-1] in (KEY, ITEM) for path in self.read(argument))
        return self.step(parts, VALUE if given else ITEM)

    def bind(self, name: str, parts: Paths) -> None:
        """Add to what a name was set to."""
        if parts:
            self._names[name] = self._names.get(name, _NOTHING) | parts

    def assign(self, target: nodes.Node, value: nodes.Node) -> None:
        """Note the names of namespaces, too."""
        if isinstance(value, nodes.Call) and isinstance(value.node, nodes.Name) and value.node.name == "namespace":
            self._namespaces.add(self._target(target))
        super().assign(target, value)

    def slot(self, namespace: str, attribute: str) -> str:
        """Attributes of two namespaces are two."""
        return f"{namespace}.{attribute}"
