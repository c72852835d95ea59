"""Which names of a template may come from the caller."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes


def free_names(tree: nodes.Template) -> set[int]:
    """The ``id`` of each :class:`jinja2.nodes.Name` that reads what the caller passed, at least on some way there.

    A name that only one branch of an ``if`` sets is still free after it: the other branch leaves the caller's value.
    """
    finder = _Finder({macro.name for macro in tree.find_all(nodes.Macro)})
    finder.body(tree.body, set())
    return finder.free


class _Finder:
    def __init__(self, macros: set[str]) -> None:
        self.free: set[int] = set()
        self._always = macros

    def body(self, statements: Iterable[nodes.Node], bound: set[str]) -> set[str]:
        """Walk statements in order; gives the names bound after them."""
        for node in statements:
            self._statement(node, bound)
        return bound

    def _statement(self, node: nodes.Node, bound: set[str]) -> None:
        if isinstance(node, nodes.If):
            self._branches(node, bound)
        elif isinstance(node, nodes.For):
            self._expression(node.iter, bound)
            inner = bound | _names(node.target) | {"loop"}
            if node.test is not None:
                self._expression(node.test, inner)
            self.body(node.body, set(inner))
            self.body(node.else_, set(bound))
        elif isinstance(node, nodes.Assign):
            self._expression(node.node, bound)
            bound |= _names(node.target)
        elif isinstance(node, nodes.AssignBlock):
            self.body(node.body, set(bound))
            bound |= _names(node.target)
        elif isinstance(node, (nodes.Macro, nodes.CallBlock)):
            for default in node.defaults:
                self._expression(default, bound)
            if isinstance(node, nodes.CallBlock):
                self._expression(node.call, bound)
            arguments = {argument.name for argument in node.args}
            self.body(node.body, bound | arguments | {"caller", "varargs", "kwargs"})
        else:
            for child in node.iter_child_nodes():
                if isinstance(child, nodes.Expr):
                    self._expression(child, bound)
                else:
                    self._statement(child, bound)

    def _branches(self, node: nodes.If, bound: set[str]) -> None:
        outcomes = []
        for part in (node, *node.elif_):
            self._expression(part.test, bound)
            outcomes.append(self.body(part.body, set(bound)))
        outcomes.append(self.body(node.else_, set(bound)))
        bound |= set.intersection(*outcomes)

    def _expression(self, node: nodes.Node, bound: set[str]) -> None:
        names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
        for name in names:
            if name.ctx == "load" and name.name not in bound and name.name not in self._always:
                self.free.add(id(name))


def _names(target: nodes.Node) -> set[str]:
    if isinstance(target, nodes.Name):
        return {target.name}
    if isinstance(target, nodes.Tuple):
        return set().union(*map(_names, target.items))
    return set()
