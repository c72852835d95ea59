"""Places that give names their values, and what a name that is read can come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from jinja2 import nodes

BindingKind: TypeAlias = Literal["set", "for", "loop", "macro", "argument", "with", "import", "implicit"]


@dataclass(frozen=True, eq=False)
class Binding:
    """One place that gives a name its value.

    ``node`` is the ``Name`` that is assigned, or the ``Macro``, ``Import`` or ``FromImport``, or, for ``loop`` and
    the ``implicit`` names (``caller``, ``varargs``, ``kwargs``, ``self``, ``super``), the node whose body has them.
    ``frame`` is the node with whose body the name ends (the whole template, a loop, a macro, a block). ``value`` is
    the expression that is assigned, where there is one for this name alone.
    """

    name: str
    kind: BindingKind
    node: nodes.Node
    frame: nodes.Node
    value: nodes.Node | None = None


@dataclass(frozen=True)
class Resolution:
    """Where the value of a name that is read can come from.

    ``bindings`` are the places in the template, in its order; ``free`` says that it can come from the context or from
    the environment's globals, ``unset`` that it can be undefined without a look at them.
    """

    bindings: tuple[Binding, ...]
    free: bool
    unset: bool

    def overlaps(self, other: Resolution) -> bool:
        """Whether both can be one and the same value."""
        given = (self.free and other.free) or (self.unset and other.unset)
        return given or not set(other.bindings).isdisjoint(self.bindings)
