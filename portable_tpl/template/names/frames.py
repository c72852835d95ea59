"""The local names of a template's frames, and what each of them is when its frame begins.

This is what jinja2's compiler works out before it writes code (``jinja2.idtracking``): a frame's name is loaded once,
when the frame is entered, and assigned from then on. How it is loaded follows from all of the frame's code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from jinja2 import nodes

from portable_tpl.template.syntax.walking import NameIndex, children, names

Load: TypeAlias = "Literal['parameter', 'context', 'nothing'] | Frame"
"""How a name begins: given to the frame, looked up in the context, without a value, or as in an outer frame."""


class Frame:
    """The part of a template that shares its local names.

    ``repeats`` says that the frame is a loop's body, which starts afresh with every turn; ``stored`` are the names
    that it sets.
    """

    def __init__(self, index: NameIndex, parent: Frame | None, repeats: bool = False) -> None:
        self.index = index
        self.parent = parent
        self.repeats = repeats
        self.loads: dict[str, Load] = {}
        self.stored: set[str] = set()

    def owner(self, name: str) -> Frame | None:
        """The innermost frame from here outwards that knows a name."""
        frame: Frame | None = self
        while frame is not None and name not in frame.loads:
            frame = frame.parent
        return frame

    def give(self, name: str) -> None:
        """Note a name that has its value when the frame begins, such as an argument."""
        self.stored.add(name)
        self.loads[name] = "parameter"

    def analyse(self, roots: Iterable[nodes.Node], branch: bool = False) -> None:
        """Note all names that code of this frame reads and sets; ``branch``: the code may be skipped."""
        for node in roots:
            self._analyse_one(node, branch)

    def _analyse_one(self, node: nodes.Node, branch: bool) -> None:
        if isinstance(node, nodes.If):
            self._read((node.test,))
            for part in (node.body, node.elif_, node.else_):
                self.analyse(part, branch=True)
        elif isinstance(node, nodes.Assign):
            self._read((node.node,))
            self._set(node.target, branch)
        elif isinstance(node, nodes.AssignBlock):
            self._set(node.target, branch)
        elif isinstance(node, (nodes.Macro, nodes.Import, nodes.FromImport)):
            self._read(children(node) if not isinstance(node, nodes.Macro) else ())
            for name in defined_names(node):
                self._store(name, branch)
        elif isinstance(node, nodes.ScopedEvalContextModifier):
            self._read(node.options)
            self.analyse(node.body, branch)
        else:
            self._read(_outer_parts(node))

    def _read(self, roots: Iterable[nodes.Node]) -> None:
        for node in self.index.beneath(roots):
            if self.owner(node.name) is None:
                self.loads[node.name] = "context"

    def _set(self, target: nodes.Node, branch: bool) -> None:
        for node in self.index.beneath((target,)):
            if isinstance(node, nodes.NSRef):
                self._read((node,))
            elif node.ctx == "param":
                self.give(node.name)
            else:
                self._store(node.name, branch)

    def _store(self, name: str, branch: bool) -> None:
        if name in self.stored:
            return
        self.stored.add(name)
        outer = self.parent.owner(name) if self.parent is not None else None
        if outer is not None:
            self.loads[name] = outer
        elif branch:
            self.loads[name] = "context"  # where the branch is not taken, the context's value shows
        else:
            self.loads.setdefault(name, "nothing")


def defined_names(node: nodes.Macro | nodes.Import | nodes.FromImport) -> list[str]:
    """The names that a macro definition or an import sets."""
    if isinstance(node, nodes.Macro):
        return [node.name]
    if isinstance(node, nodes.Import):
        return [node.target]
    return [name if isinstance(name, str) else name[1] for name in node.names]


def _outer_parts(node: nodes.Node) -> Iterable[nodes.Node]:
    """What of a statement belongs to the frame that it stands in."""
    if isinstance(node, nodes.For):
        return (node.iter,)
    if isinstance(node, nodes.CallBlock):
        return (node.call,)
    if isinstance(node, nodes.FilterBlock):
        return (node.filter,)
    if isinstance(node, nodes.With):
        return node.values
    if isinstance(node, (nodes.Scope, nodes.Block, nodes.OverlayScope)):
        return ()
    return (node,)


def first_read(index: NameIndex, roots: Iterable[nodes.Node], wanted: Iterable[str]) -> set[str]:
    """Those of some names that code reads before it sets them, in the order of the text: jinja2 provides these."""
    open_names, first = set(wanted), set()
    if open_names:
        for node in names(roots, leave_out=nodes.Block) if index.blocks else index.beneath(roots):
            if isinstance(node, nodes.Name) and node.name in open_names:
                open_names.discard(node.name)
                if node.ctx == "load":
                    first.add(node.name)
    return first
