"""Names that outlive their block.

What it does
------------
Finds names that are set in a loop, a ``set`` block or a ``generation`` block and read where, in jinja2, they are not
set any more: in the next turn of the loop, or behind the block.

Why it breaks
-------------
What is set inside ends with each turn in jinja2. Engines that keep one scope for all turns still hold the old value.

Example
-------
``{% for m in messages %}{% if seen is defined %}…{% endif %}{% set seen = true %}{% endfor %}``

Fix safety
----------
No fix is offered: set the name at the start of each turn, or use a namespace to keep it.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.model.conversation import Tier
from portable_tpl.template.names.bindings import Resolution
from portable_tpl.template.names.early import reads_early
from portable_tpl.template.names.scopes import resolve_names
from portable_tpl.template.syntax.walking import names
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL509"
# What makes another value of one each time: a default and `trim` do the same the second time.
_GROWING = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Concat)
_REQUEST = frozenset({"messages", "tools", "documents", "add_generation_prompt"})


def _for(node: nodes.For, look: Look) -> None:
    if look.breaks("for.scope.inner") and _sets_late(node, look):
        scopes = resolve_names(look.parsed.tree)
        for reads in scopes.stale_reads(node).values():
            for name in reads:
                if _matters(name, node, scopes.turns[node][name.name], look):
                    look.least = Tier.EVERYDAY  # it takes turns in an order that types know nothing of
                    look.use("for.scope.inner", name)
                    look.least = Tier.ORDINARY


def _sets_late(loop: nodes.For, look: Look) -> bool:
    """Whether a turn might read a name before it sets it; most loops set nothing, or first of all."""
    targets = [each.target for each in _own_sets(loop.body)]
    written = {target.name for target in names(targets) if isinstance(target, nodes.Name)}
    unset = written.difference(target.name for target in names((loop.target,)))
    return reads_early(loop.body, unset, look.parsed)


def _own_sets(body: list[nodes.Node]) -> Iterator[nodes.Assign | nodes.AssignBlock]:
    for statement in body:
        if isinstance(statement, (nodes.Assign, nodes.AssignBlock)):
            yield statement
        elif isinstance(statement, nodes.If):
            yield from _own_sets([*statement.body, *statement.elif_, *statement.else_])


def _matters(name: nodes.Name, loop: nodes.For, start: Resolution, look: Look) -> bool:
    """Whether another value there can be seen.

    It cannot where every way to the place sets the name first, where an undefined value raises, where the name is
    only given a default, and where it is added to and the sum is read nowhere. ``start`` is what the name is when a
    turn of ``loop`` begins.
    """
    if not look.type(name).bits & k.UNDEFINED and not start.bindings and name.name not in _REQUEST:
        return False
    parent = look.parent(name)
    only_undefined = look.type(name).only(k.UNDEFINED)
    if only_undefined and isinstance(parent, (nodes.Add, nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Sub)):
        return False
    if isinstance(parent, (nodes.Add, nodes.Getattr, nodes.Call)) and look.type(name).bits & k.UNDEFINED:
        return False
    value = _own_value(name, look)
    if value is None:
        return True
    grows = any(
        isinstance(part, _GROWING) and name in look.parsed.beneath(part) for part in look.parsed.beneath(value)
    )
    return grows and any(
        isinstance(other, nodes.Name)
        and (other.name, other.ctx) == (name.name, "load")
        and _own_value(other, look) is None
        for other in look.parsed.beneath(loop)
    )


def _own_value(name: nodes.Name, look: Look) -> nodes.Node | None:
    """The value of a ``set`` that gives a name what is made of itself, where the place is in one."""
    child: nodes.Node = name
    parent = look.parent(name)
    while parent is not None and not isinstance(parent, nodes.Stmt):
        child, parent = parent, look.parent(parent)
    if not isinstance(parent, nodes.Assign) or child is not parent.node:
        return None
    return parent.node if any(target.name == name.name for target in names((parent.target,))) else None


def _block(node: nodes.AssignBlock | nodes.CallBlock, look: Look) -> None:
    if isinstance(node, nodes.AssignBlock):
        feature = "scope.set-block"
    elif isinstance(node.call.node, nodes.ExtensionAttribute):
        feature = "statement.generation.scope"
    else:
        return
    if not look.breaks(feature) or next(_own_sets(node.body), None) is None:
        return
    bindings = resolve_names(look.parsed.tree).bindings
    inside = {binding.name for binding in bindings if binding.frame is node and binding.kind == "set"}
    if inside and _read_after(node, inside, look):
        look.least = Tier.EVERYDAY
        look.use(feature, node)
        look.least = Tier.ORDINARY


def _read_after(node: nodes.Node, inside: set[str], look: Look) -> bool:
    order, own = look.parsed.nodes, len(look.parsed.beneath(node))
    start = next(index for index, item in enumerate(order) if item is node)
    return any(
        isinstance(item, nodes.Name) and item.ctx == "load" and item.name in inside for item in order[start + own :]
    )


VISITS = {nodes.For: _for, nodes.AssignBlock: _block, nodes.CallBlock: _block}
VALID = (
    Example("{% for m in messages %}{% set x = 1 %}{{ x }}{% endfor %}", targets=("hf-jinja", "llama.cpp-engine")),
    Example("{% set n = 0 %}{% for m in messages %}{% set n = n + 1 %}{% endfor %}{{ n }}", targets=("hf-jinja",)),
    Example("{% for m in messages %}{% set a = a or 1 %}{{ a }}{% endfor %}", targets=("hf-jinja",)),
    Example("{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}", targets=("minijinja",)),
)
INVALID = (
    Example(
        "{% for m in messages %}{% if seen is defined %}a{% endif %}{% set seen = true %}{% endfor %}",
        targets=("hf-jinja",),
    ),
    Example("{% set n = 0 %}{% for m in messages %}{% set n = n + 1 %}{{ n }}{% endfor %}", targets=("hf-jinja",)),
    Example("{% set x %}{% set y = 1 %}{% endset %}{{ x }}{{ y }}", targets=("minijinja",)),
)
