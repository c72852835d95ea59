"""Names that a macro sees otherwise.

What it does
------------
Finds macros that set a namespace from outside, and macros that read a name that only their callers have.

Why it breaks
-------------
A macro in minijinja cannot set what it closes over. In engines where a macro runs in its caller's scope it sees the
caller's loop and names, which are undefined for it in jinja2.

Example
-------
``{% macro m() %}{% set ns.done = true %}{% endmacro %}``

Fix safety
----------
No fix is offered: give the macro the namespace as an argument where the target allows it, or do without a macro.
"""

from __future__ import annotations

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.rewriting.calls import within

CODE = "PTL508"


def _reference(node: nodes.NSRef, look: Look) -> None:
    macro = within(node, nodes.Macro, look)
    if not isinstance(macro, nodes.Macro):
        return
    if any(argument.name == node.name for argument in macro.args):
        look.use("scope.macro-gets-namespace", node)
    elif not _set_inside(macro, node.name, look) and not _read_inside(macro, node.name, look):
        look.use("scope.macro-sets-namespace", node)


def _set_inside(macro: nodes.Macro, name: str, look: Look) -> bool:
    return any(
        isinstance(assign.target, nodes.Name) and assign.target.name == name
        for assign in look.parsed.beneath(macro)
        if isinstance(assign, nodes.Assign)
    )


def _read_inside(macro: nodes.Macro, name: str, look: Look) -> bool:
    """Whether a macro also reads the namespace: engines that bring along what a macro reads then have it at hand."""
    return any(found.name == name and found.ctx == "load" for found in _names(macro, look))


def _macro(node: nodes.Macro, look: Look) -> None:
    if look.breaks("scope.macro-reads-callers-loop"):
        loops = _loop_names(look)
        own = _own_names(node, look)
        for name in _names(node, look):
            if (
                name.ctx == "load"
                and name.name in loops
                and name.name not in own
                and not _set_at_top(name.name, look)
            ):
                feature = "scope.loop-in-macro" if name.name == "loop" else "scope.macro-reads-callers-loop"
                look.use(feature, name)


def _names(node: nodes.Node, look: Look) -> list[nodes.Name]:
    return [name for name in look.parsed.beneath(node) if isinstance(name, nodes.Name)]


def _own_names(node: nodes.Macro, look: Look) -> set[str]:
    own = {name.name for name in _names(node, look) if name.ctx in ("store", "param")}
    if any(isinstance(each, nodes.For) for each in look.parsed.beneath(node)):
        own.add("loop")
    return own


def _loop_names(look: Look) -> set[str]:
    found: set[str] | None = look.memory.get("loop names")
    if found is None:
        found = look.memory["loop names"] = {"loop"}
        for loop in look.parsed.nodes:
            # A loop inside another one was seen with it.
            if isinstance(loop, nodes.For) and not (within(loop, nodes.Macro, look) or within(loop, nodes.For, look)):
                found.update(name.name for name in _names(loop, look) if name.ctx == "store")
    return found


def _set_at_top(name: str, look: Look) -> bool:
    return any(
        isinstance(statement, nodes.Assign)
        and isinstance(statement.target, nodes.Name)
        and statement.target.name == name
        for statement in look.parsed.tree.body
    )


VISITS = {nodes.NSRef: _reference, nodes.Macro: _macro}
VALID = (
    Example("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}", targets=("minijinja", "hf-jinja")),
    Example(
        "{% set ns = namespace(a=0) %}{% macro m() %}{% set ns.a = ns.a + 1 %}{% endmacro %}{{ m() }}{{ ns.a }}",
        targets=("minijinja",),
    ),
)
INVALID = (
    Example(
        "{% set ns = namespace(a=0) %}{% macro m() %}{% set ns.a = 1 %}{% endmacro %}{{ m() }}{{ ns.a }}",
        targets=("minijinja",),
    ),
)
