"""Whose typed parts a template takes besides a user's: found by a run in which the others send nothing but parts.

A template takes the parts of a role if it reads the text in them and does not print the list itself. Each role's text
is a constant of its own in that run, which can be told wherever it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import NEVER, Type
from portable_tpl.template.types.lattice.pool import Pool
from portable_tpl.template.types.machine import Machine
from portable_tpl.template.types.requests.request import Profile, marked_types

_ROLES = ("system", "assistant", "tool")
_MARKS = {role: f"\ue000{role}" for role in ("user", *_ROLES)}
_PRINTING = frozenset({
    "capitalize", "center", "e", "escape", "forceescape", "indent", "lower", "pprint", "replace", "safe", "string",
    "striptags", "title", "tojson", "trim", "truncate", "upper", "urlize", "wordwrap",
})  # fmt: skip
_DEEPEST = 4  # levels of lists and dicts: a message, its content, a part, the text


def part_roles(
    pool: Pool,
    profile: Profile,
    every_node: Iterable[nodes.Node],
    run: Callable[[Mapping[str, Type]], Machine],
) -> frozenset[str]:
    """The roles of those in ``system``, ``assistant`` and ``tool`` that may send parts.

    ``run`` runs the template with the names that it is given.
    """
    types = run(marked_types(pool, profile, _MARKS)).types
    read: set[str] = set()
    dumped: set[str] = set()
    for type_ in set(types.values()):
        for text in (type_, NEVER if type_.shape is None else type_.shape.element):
            if text.bits & k.STR and text.texts is not None:
                read |= text.texts
    for node in every_node:
        for part in _printed(node):
            _collect(types.get(id(part), NEVER), dumped, 0)
    return frozenset(
        role for role in _ROLES if _MARKS[role] not in dumped and any(_MARKS[role] in text for text in read)
    )


def _printed(node: Any) -> Iterable[nodes.Node]:
    """What a node makes text of, whatever it is."""
    kind = node.__class__
    if kind is nodes.Output or kind is nodes.Concat:
        return node.nodes  # type: ignore[no-any-return]
    if kind is nodes.Filter and node.name in _PRINTING and node.node is not None:
        return (node.node,)
    return ()


def _collect(type_: Type, texts: set[str], depth: int) -> None:
    """The constants that are printed as the text of a part, in whatever list or dict."""
    shape = type_.shape
    if shape is None or depth > _DEEPEST or not type_.bits & (k.LIST | k.DICT):
        return
    _collect(shape.element, texts, depth + 1)
    for key, field in (shape.fields or {}).items():
        if key == "text" and field.texts is not None:
            texts |= field.texts
        _collect(field, texts, depth + 1)
