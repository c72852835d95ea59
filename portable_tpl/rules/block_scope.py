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

from jinja2 import nodes

from portable_tpl.checking.base import Example, Look
from portable_tpl.template.types.lattice import kinds as k

CODE = "PTL509"
_SCOPES = (nodes.Template, nodes.For, nodes.Macro, nodes.CallBlock, nodes.AssignBlock, nodes.FilterBlock, nodes.With)
_REQUEST = frozenset({"messages", "tools", "documents", "add_generation_prompt"})


def _for(node: nodes.For, look: Look) -> None:
    if look.breaks("for.scope.inner"):
        for name in _read_before_set(node.body, look):
            if name.name not in _targets(node.target) and _matters(name, node, look):
                look.use("for.scope.inner", name)


def _read_before_set(body: list[nodes.Node], look: Look) -> list[nodes.Name]:
    """Where a turn can read names before it has set them, and sets them somewhere."""
    written = {name for statement in body for name in _all_assigned(statement)}
    if not written:
        return []
    reads: list[nodes.Name] = []
    _flow(body, set(), reads, look)
    return [name for name in reads if name.name in written]


def _flow(body: list[nodes.Node], assigned: set[str], reads: list[nodes.Name], look: Look) -> None:
    for statement in body:
        if isinstance(statement, nodes.If):
            _branches(statement, assigned, reads, look)
        elif isinstance(statement, nodes.Assign):
            _note_reads(statement.node, assigned, reads, look)
            assigned.update(_targets(statement.target))
        elif isinstance(statement, nodes.AssignBlock):
            for child in statement.body:
                _note_reads(child, assigned, reads, look)
            assigned.update(_targets(statement.target))
        elif isinstance(statement, nodes.For):
            _note_reads(statement.iter, assigned, reads, look)
            inner = set(assigned) | set(_targets(statement.target)) | {"loop"}
            if statement.test is not None:
                _note_reads(statement.test, inner, reads, look)
            _flow(statement.body, inner, reads, look)
            _flow(statement.else_, set(assigned), reads, look)
        elif not isinstance(statement, nodes.Macro):
            _note_reads(statement, assigned, reads, look)


def _branches(node: nodes.If, assigned: set[str], reads: list[nodes.Name], look: Look) -> None:
    ends: list[set[str]] = []
    for test, body in [(node.test, node.body), *((item.test, item.body) for item in node.elif_)]:
        _note_reads(test, assigned, reads, look)
        after = set(assigned)
        _flow(body, after, reads, look)
        ends.append(after)
    other = set(assigned)
    _flow(node.else_, other, reads, look)
    assigned |= set.intersection(other, *ends)


def _note_reads(node: nodes.Node, assigned: set[str], reads: list[nodes.Name], look: Look) -> None:
    reads.extend(
        name
        for name in look.parsed.beneath(node)
        if name.__class__ is nodes.Name and name.ctx == "load" and name.name not in assigned
    )


def _known_outside(name: str, loop: nodes.For, look: Look) -> bool:
    """Whether the name has a value before the loop: from the template, or from every request."""
    if name in _REQUEST:
        return True
    around: set[int] = set()
    parent = look.parent(loop)
    while parent is not None:
        around.add(id(parent))
        parent = look.parent(parent)
    return any(
        node.__class__ is nodes.Name and node.name == name and node.ctx != "load" and id(_scope(node, look)) in around
        for node in look.parsed.nodes
    )


def _scope(node: nodes.Node, look: Look) -> nodes.Node | None:
    """The statement whose names a name is one of."""
    parent = look.parent(node)
    while parent is not None and not isinstance(parent, _SCOPES):
        parent = look.parent(parent)
    return parent


def _targets(node: nodes.Node) -> list[str]:
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Tuple):
        return [name for item in node.items for name in _targets(item)]
    return []


def _all_assigned(node: nodes.Node) -> list[str]:
    """Names that a statement sets in the scope of the turn: not those set in loops and macros inside."""
    if isinstance(node, (nodes.Assign, nodes.AssignBlock)):
        return _targets(node.target)
    if isinstance(node, nodes.If):
        bodies = [node.body, node.else_, *(item.body for item in node.elif_)]
        return [name for body in bodies for child in body for name in _all_assigned(child)]
    return []


def _matters(name: nodes.Name, loop: nodes.For, look: Look) -> bool:
    """Whether another value there can be seen.

    It cannot where every way to the place sets the name first, where an undefined value raises, nor where the name is
    only added to.
    """
    if not look.type(name).bits & k.UNDEFINED and not _known_outside(name.name, loop, look):
        return False
    parent = look.parent(name)
    child: nodes.Node = name
    only_undefined = look.type(name).only(k.UNDEFINED)
    if only_undefined and isinstance(parent, (nodes.Add, nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Sub)):
        return False
    if isinstance(parent, (nodes.Add, nodes.Getattr, nodes.Call)) and look.type(name).bits & k.UNDEFINED:
        return False
    while parent is not None and not isinstance(parent, nodes.Stmt):
        child, parent = parent, look.parent(parent)
    return not (isinstance(parent, nodes.Assign) and child is parent.node and name.name in _targets(parent.target))


def _block(node: nodes.AssignBlock | nodes.CallBlock, look: Look) -> None:
    if isinstance(node, nodes.AssignBlock):
        feature = "scope.set-block"
    elif isinstance(node.call.node, nodes.ExtensionAttribute):
        feature = "statement.generation.scope"
    else:
        return
    if not look.breaks(feature):
        return
    inside = {name for child in node.body for name in _all_assigned(child)}
    if inside and _read_after(node, inside, look):
        look.use(feature, node)


def _read_after(node: nodes.Node, names: set[str], look: Look) -> bool:
    own = set(map(id, node.find_all(nodes.Name)))
    order = look.parsed.nodes
    start = next(index for index, item in enumerate(order) if item is node)
    return any(
        isinstance(item, nodes.Name) and item.ctx == "load" and item.name in names and id(item) not in own
        for item in order[start:]
    )


VISITS = {nodes.For: _for, nodes.AssignBlock: _block, nodes.CallBlock: _block}
VALID = (
    Example("{% for m in messages %}{% set x = 1 %}{{ x }}{% endfor %}", targets=("hf-jinja", "llama.cpp-engine")),
    Example("{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}", targets=("minijinja",)),
)
INVALID = (
    Example(
        "{% for m in messages %}{% if seen is defined %}a{% endif %}{% set seen = true %}{% endfor %}",
        targets=("hf-jinja",),
    ),
    Example("{% set x %}{% set y = 1 %}{% endset %}{{ x }}{{ y }}", targets=("minijinja",)),
)
