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

from portable_tpl.checking.base import Example, Look, known_once
from portable_tpl.rewriting.calls import within
from portable_tpl.template.names.early import reads_early
from portable_tpl.template.names.scopes import resolve_names

CODE = "PTL508"


def _reference(node: nodes.NSRef, look: Look) -> None:
    macro = within(node, nodes.Macro, look)
    if not isinstance(macro, nodes.Macro):
        return
    inside = look.parsed.beneath(macro)
    # Engines that bring along what a macro reads then have it at hand.
    read = any(isinstance(each, nodes.Name) and each.name == node.name and each.ctx == "load" for each in inside)
    if read and all(argument.name != node.name for argument in macro.args):
        return
    bindings = resolve_names(look.parsed.tree).resolve(node).bindings
    if any(binding.kind == "argument" and binding.frame is macro for binding in bindings):
        look.use("scope.macro-gets-namespace", node)
    elif not read and not any(binding.node is each for binding in bindings for each in inside):
        look.use("scope.macro-sets-namespace", node)


def _macro(node: nodes.Macro, look: Look) -> None:
    if not look.breaks("scope.macro-reads-callers-loop"):
        return
    likely = _set_in_loops(look) - {argument.name for argument in node.args}
    if not reads_early(node.body, likely, look.parsed):
        return  # most macros: the names of the template need not be resolved
    scopes = resolve_names(look.parsed.tree)
    callers = {"loop"} | {
        binding.name
        for binding in scopes.bindings
        if isinstance(binding.frame, nodes.For) and not within(binding.frame, nodes.Macro, look)
    }
    for name in look.parsed.beneath(node):
        if isinstance(name, nodes.Name) and name.name in callers and name in scopes.reads:
            feature = "scope.loop-in-macro" if name.name == "loop" else "scope.macro-reads-callers-loop"
            if not scopes.resolve(name).bindings:
                look.use(feature, name)


@known_once
def _set_in_loops(look: Look) -> set[str]:
    """The names that are set in a loop outside of macros, and ``loop``."""
    names = {"loop"}
    for loop in look.parsed.nodes:
        if loop.__class__ is nodes.For and not within(loop, nodes.Macro, look):
            inside = look.parsed.beneath(loop)
            names.update(each.name for each in inside if each.__class__ is nodes.Name and each.ctx == "store")
    return names


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
