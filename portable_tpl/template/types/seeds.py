"""What namespaces will be given, read off the tree, so that a first round over it need not be followed by another.

A loop that reads an attribute before it writes to it has to be run again with what was written. Where that is no more
than a switch (``set ns.found = true``), a counter or a text that grows (``set ns.count = ns.count + 1``), it is known
beforehand. Only what the run then wrote itself counts: :func:`refuted` names what was guessed in vain.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import nodes

from portable_tpl.template.types.lattice import kinds as k
from portable_tpl.template.types.lattice.lattice import Type
from portable_tpl.template.types.lattice.pool import Pool

COUNTER = "counter"
TEXT = "text"
Guesses = dict[int, dict[str, set[object]]]


def guesses(stores: Iterable[tuple[nodes.Call, nodes.NSRef, nodes.Node]]) -> Guesses:
    """What is written, by the call that made the namespace and the attribute: constants, ``COUNTER`` or ``TEXT``.

    ``stores`` are assignments: the call that is likely to have made the namespace, the attribute and its value.
    """
    guessed: Guesses = {}
    for call, target, value in stores:
        written = _guess(target, value)
        if written is not None:
            guessed.setdefault(id(call), {}).setdefault(target.attr, set()).add(written)
    return guessed


def _guess(target: nodes.NSRef, value: Any) -> object:
    if value.__class__ is nodes.Const and value.value.__class__ in (bool, int):
        return value.value
    if value.__class__ is not nodes.Add:
        return None
    first: Any = value.left
    while first.__class__ is nodes.Add:
        first = first.left
    if first.__class__ is not nodes.Getattr or first.attr != target.attr or first.node.__class__ is not nodes.Name:
        return None
    if first.node.name != target.name:
        return None
    return COUNTER if value.right.__class__ is nodes.Const and value.right.value.__class__ is int else TEXT


def guessed_type(pool: Pool, initial: Type, kinds: set[object], texts: bool) -> Type:
    """What an attribute will be that starts as ``initial``; that itself where the guess does not go with it.

    ``texts``: whether to guess that a text grows to any text.
    """
    bits = initial.bits & k.ALL_KINDS & ~k.UNDEFINED
    if COUNTER in kinds:
        return initial if bits & ~k.INT else pool.widen(pool.join(initial, pool.number(1)))
    if TEXT in kinds:
        return initial if bits & ~k.STR or not texts else pool.join(initial, pool.type(k.STR | k.TEXT_FACTS))
    if bits & ~k.BOOL or any(kind.__class__ is not bool for kind in kinds):
        return initial
    return pool.join(initial, pool.type((k.TRUE if True in kinds else 0) | (k.FALSE if False in kinds else 0)))


def refuted(pool: Pool, guessed: dict[Any, Type], written: dict[Any, Type]) -> set[Any]:
    """The attributes that were not given all that was guessed."""
    return {key for key, type_ in guessed.items() if pool.join(type_, written[key]) is not written[key]}
