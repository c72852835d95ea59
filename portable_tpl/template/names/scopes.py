"""What each name in a template can stand for: something the template sets, or something it is given.

This follows jinja2's own rules (``jinja2.idtracking`` and ``jinja2.compiler``, 3.1), the surprising ones included:

* Loops, macros, and call, filter, set, ``with`` and ``autoescape`` blocks are frames of their own, ``if`` is not.
  What is set in a frame ends with it, and in a loop with each turn.
* A name belongs to a frame as a whole. One that the frame first sets is never looked up in the context, not even by
  a loop before the ``set``; one that it first reads, or sets in a branch only, is, until it is set.
* A macro sees the names around it as they are when it is called.

Code behind a refusal (``raise_exception``), ``break`` or ``continue`` is not reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, TypeAlias

from jinja2 import nodes

from portable_tpl.template.names.bindings import Binding, BindingKind, Resolution
from portable_tpl.template.names.frames import Frame, defined_names, first_read
from portable_tpl.template.syntax.conditions import raises
from portable_tpl.template.syntax.walking import NameIndex, children, names

__all__ = ["Binding", "Resolution", "Scopes", "resolve_names"]


@dataclass(frozen=True)
class Scopes:
    """The names of one template.

    ``reads`` has each name that is read (``set ns.x`` reads ``ns``), ``bindings`` all places that set one, and
    ``lookups`` the names that jinja2 looks up in the context, be their values used or not: those of
    ``jinja2.meta.find_undeclared_variables`` and the globals. ``turns`` has for each loop the names that its turns
    set, and what each is when a turn begins.
    """

    reads: dict[nodes.Node, Resolution]
    bindings: tuple[Binding, ...]
    lookups: frozenset[str]
    turns: dict[nodes.For, dict[str, Resolution]]

    def resolve(self, node: nodes.Name | nodes.NSRef) -> Resolution:
        """Where a name that is read gets its value; raises ``KeyError`` for a name that is set."""
        return self.reads[node]

    def stale_reads(self, loop: nodes.For) -> dict[str, list[nodes.Name]]:
        """Where a turn of a loop can read names that turns set before it has set them, by name."""
        inside = [node for node in names(loop.body) if isinstance(node, nodes.Name) and node in self.reads]
        reads = {
            name: [node for node in inside if node.name == name and self.reads[node].overlaps(start)]
            for name, start in self.turns[loop].items()
        }
        return {name: places for name, places in reads.items() if places}


@lru_cache(maxsize=8)
def resolve_names(tree: nodes.Template) -> Scopes:
    """Resolve every name of a template; its tree must not be changed afterwards."""
    return _Resolver(tree).run()


_Source: TypeAlias = "Binding | Literal['free', 'unset']"
_Values: TypeAlias = "dict[str, frozenset[_Source]]"
_FREE: frozenset[_Source] = frozenset(("free",))
_UNSET: frozenset[_Source] = frozenset(("unset",))


class _Scope(Frame):
    """A frame while its code is gone through: what each of its names can be at this point."""

    def __init__(self, index: NameIndex, parent: _Scope | None, node: nodes.Node, repeats: bool = False) -> None:
        super().__init__(index, parent, repeats)
        self.node = node
        self.values: _Values = {}
        self.log: dict[str, list[frozenset[_Source]]] = {}
        """All that each of its names has been, oldest first."""

    def put(self, name: str, sources: frozenset[_Source]) -> None:
        self.values[name] = sources
        self.log.setdefault(name, []).append(sources)

    def chain(self) -> list[_Scope]:
        """This scope and those around it."""
        scopes: list[_Scope] = []
        scope: Any = self
        while scope is not None:
            scopes.append(scope)
            scope = scope.parent
        return scopes


class _Resolver:
    """Goes through the code of each frame in the order in which it runs."""

    def __init__(self, tree: nodes.Template) -> None:
        self._tree = tree
        self._index = NameIndex(tree)
        self._reads: dict[nodes.Node, frozenset[_Source]] = {}
        self._bindings: list[Binding] = []
        self._lookups: set[str] = set()
        self._turns: dict[nodes.For, _Values] = {}
        self._macros: list[Callable[[], None]] = []
        self._used = {node.name for node in self._index.order if isinstance(node, nodes.Name)}

    def run(self) -> Scopes:
        tree = self._tree
        root = _Scope(self._index, None, tree)
        given = self._implicit(tree, tree.body, ("self",))
        self._enter(root, given, tree.body)
        self._run(tree.body, root)
        for run_macro in self._macros:  # grows: macros hold macros
            run_macro()
        self._bindings.sort(key=lambda binding: self._index.order[binding.node])
        place = {binding: index for index, binding in enumerate(self._bindings)}

        @cache
        def resolution(sources: frozenset[_Source]) -> Resolution:
            bindings = sorted((item for item in sources if isinstance(item, Binding)), key=place.__getitem__)
            return Resolution(tuple(bindings), "free" in sources, "unset" in sources)

        reads = {node: resolution(sources) for node, sources in self._reads.items()}
        turns = {
            loop: {name: resolution(sources) for name, sources in sorted(values.items())}
            for loop, values in self._turns.items()
        }
        return Scopes(reads, tuple(self._bindings), frozenset(self._lookups), turns)

    # -- names

    def _bind(
        self, name: str, kind: BindingKind, node: nodes.Node, frame: nodes.Node, value: nodes.Node | None = None
    ) -> frozenset[_Source]:
        binding = Binding(name, kind, node, frame, value)
        self._bindings.append(binding)
        return frozenset((binding,))

    def _set(self, target: nodes.Node, scope: _Scope, value: nodes.Node | None) -> None:
        if isinstance(target, nodes.NSRef):
            self._read((target,), scope)
        elif isinstance(target, nodes.Name):
            scope.put(target.name, self._bind(target.name, "set", target, scope.node, value))
        elif isinstance(target, nodes.Tuple):
            values = value.items if isinstance(value, nodes.Tuple) else ()
            fits = len(values) == len(target.items)
            for index, inner in enumerate(target.items):
                self._set(inner, scope, values[index] if fits else None)

    def _implicit(self, node: nodes.Node, body: Iterable[nodes.Node], wanted: Iterable[str]) -> _Values:
        """Names that jinja2 provides in a body that reads them."""
        implicit = first_read(self._index, body, self._used.intersection(wanted))
        return {name: self._bind(name, "implicit", node, node) for name in sorted(implicit)}

    def _read(self, roots: Iterable[nodes.Node], scope: _Scope) -> None:
        for node in self._index.beneath(roots):
            owner = scope.owner(node.name)
            # Without an owner jinja2 cannot compile the template: {% set x | default(y) %}…{% endset %}
            self._reads[node] = owner.values[node.name] if isinstance(owner, _Scope) else _FREE

    def _enter(self, scope: _Scope, given: _Values, *code: Iterable[nodes.Node]) -> None:
        """Find a frame's names and their values at its beginning."""
        for name in given:
            scope.give(name)
        for part in code:
            scope.analyse(part)
        for name, load in scope.loads.items():
            if isinstance(load, _Scope):
                scope.put(name, load.values[name])
            else:
                scope.put(name, given.get(name, _FREE if load == "context" else _UNSET))
            if load == "context":
                self._lookups.add(name)

    # -- statements: each says whether the code after it can be reached

    def _run(self, body: Iterable[nodes.Node], scope: _Scope) -> bool:
        goes_on = True
        for node in body:
            goes_on &= _STATEMENTS.get(type(node), _Resolver._plain)(self, node, scope)
        return goes_on

    def _plain(self, node: nodes.Node, scope: _Scope) -> bool:
        self._read((node,), scope)
        return not (isinstance(node, (nodes.Break, nodes.Continue)) or raises(node))

    def _if(self, node: nodes.If, scope: _Scope) -> bool:
        before, outcomes = scope.values, []
        for branch in (node, *node.elif_):
            self._read((branch.test,), scope)
            scope.values = dict(before)
            if self._run(branch.body, scope):
                outcomes.append(scope.values)
            scope.values = before
        scope.values = dict(before)
        if self._run(node.else_, scope):
            outcomes.append(scope.values)
        if outcomes:
            scope.values = {name: frozenset().union(*(values[name] for values in outcomes)) for name in before}
        return bool(outcomes)

    def _assign(self, node: nodes.Assign, scope: _Scope) -> bool:
        self._read((node.node,), scope)
        self._set(node.target, scope, node.node)
        return True

    def _assign_block(self, node: nodes.AssignBlock, scope: _Scope) -> bool:
        inner = _Scope(self._index, scope, node)
        self._enter(inner, {}, node.body)
        self._run(node.body, inner)
        if node.filter is not None:
            self._read((node.filter,), inner)
        self._set(node.target, scope, None)
        return True

    def _for(self, node: nodes.For, scope: _Scope) -> bool:
        self._read((node.iter,), scope)
        given = {name.name: self._bind(name.name, "for", name, node) for name in names((node.target,))}
        if node.test is not None:
            test = _Scope(self._index, scope, node)
            self._enter(test, given, (node.test,))
            self._read((node.test,), test)
        reads_loop = node.recursive or first_read(self._index, node.body, self._used & {"loop"})
        if reads_loop or (self._index.blocks and any(block.scoped for block in node.find_all(nodes.Block))):
            given = {"loop": self._bind("loop", "loop", node, node), **given}
        body, otherwise = _Scope(self._index, scope, node, repeats=True), _Scope(self._index, scope, node)
        self._enter(body, given, node.body)
        self._turns[node] = {name: body.values[name] for name in body.stored if name not in given}
        self._run(node.body, body)
        self._enter(otherwise, {}, node.else_)
        self._run(node.else_, otherwise)
        return True

    def _with(self, node: nodes.With, scope: _Scope) -> bool:
        self._read(node.values, scope)
        inner = _Scope(self._index, scope, node)
        given: _Values = {}
        for name, value in zip(node.targets, node.values, strict=True):
            for each in names((name,)):
                given[each.name] = self._bind(each.name, "with", each, node, value if each is name else None)
        self._enter(inner, given, node.body)
        self._run(node.body, inner)
        return True

    def _filter_block(self, node: nodes.FilterBlock, scope: _Scope) -> bool:
        inner = _Scope(self._index, scope, node)
        self._enter(inner, {}, node.body, (node.filter,))
        self._run(node.body, inner)
        self._read((node.filter,), inner)
        return True

    def _scope(self, node: nodes.Scope, scope: _Scope) -> bool:
        inner = _Scope(self._index, scope, node)
        self._enter(inner, {}, node.body)
        self._run(node.body, inner)
        return True

    def _eval_context(self, node: nodes.ScopedEvalContextModifier, scope: _Scope) -> bool:
        self._read(node.options, scope)
        return self._run(node.body, scope)

    def _block(self, node: nodes.Block, scope: _Scope) -> bool:
        """A block is a function of its own that sees other names through the context only."""
        inner = _Scope(self._index, None, node)
        self._enter(inner, self._implicit(node, node.body, ("self", "super")), node.body)
        # What the top level has set is in the context by now; a scoped block's context has all that is set around it.
        visible = scope.chain() if node.scoped else scope.chain()[-1:]
        for name, load in inner.loads.items():
            owner = next((outer for outer in visible if name in outer.values), None)
            if load == "context" and owner is not None:
                inner.put(name, _FREE | (owner.values[name] - _UNSET))
        self._run(node.body, inner)
        return True

    def _define(self, node: nodes.Import | nodes.FromImport, scope: _Scope) -> bool:
        self._read(children(node), scope)
        for name in defined_names(node):
            scope.put(name, self._bind(name, "import", node, scope.node))
        return True

    def _macro(self, node: nodes.Macro, scope: _Scope) -> bool:
        scope.put(node.name, self._bind(node.name, "macro", node, scope.node))
        inside = {each.name for each in names((node,))}
        around = []
        for outer in scope.chain():
            values = {name: outer.values[name] for name in inside & outer.values.keys()}
            since = {name: 0 if outer.repeats else len(outer.log.get(name, ())) for name in values}
            around.append((outer, values, since))

        def run() -> None:
            for outer, values, since in around:
                outer.values = {
                    name: sources.union(*outer.log.get(name, [])[since[name] :]) for name, sources in values.items()
                }
            self._callable(node, scope)

        self._macros.append(run)
        return True

    def _call_block(self, node: nodes.CallBlock, scope: _Scope) -> bool:
        self._read((node.call,), scope)
        self._callable(node, scope)
        return True

    def _callable(self, node: nodes.Macro | nodes.CallBlock, scope: _Scope) -> None:
        """The body of a macro or of a call block, which is the macro ``caller``."""
        given = {name.name: self._bind(name.name, "argument", name, node) for name in node.args}
        for name, source in self._implicit(node, node.body, ("caller", "varargs", "kwargs")).items():
            given.setdefault(name, source)
        inner = _Scope(self._index, scope, node)
        self._enter(inner, given, node.defaults, node.body)
        self._read(node.defaults, inner)
        self._run(node.body, inner)


_STATEMENTS: dict[type[nodes.Node], Callable[[_Resolver, Any, _Scope], bool]] = {
    nodes.If: _Resolver._if,
    nodes.Assign: _Resolver._assign,
    nodes.AssignBlock: _Resolver._assign_block,
    nodes.For: _Resolver._for,
    nodes.With: _Resolver._with,
    nodes.FilterBlock: _Resolver._filter_block,
    nodes.Scope: _Resolver._scope,
    nodes.ScopedEvalContextModifier: _Resolver._eval_context,
    nodes.Block: _Resolver._block,
    nodes.Import: _Resolver._define,
    nodes.FromImport: _Resolver._define,
    nodes.Macro: _Resolver._macro,
    nodes.CallBlock: _Resolver._call_block,
}
