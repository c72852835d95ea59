"""Named, pure changes that deployments make to a request, to the variables, to a template's source or to a prompt.

In: a conversation, a template. Out: what a deployment makes of them. One ordered list of steps serves three: a
deployment applies it, attribution takes steps away to say which of them changed a prompt, and ``render --as`` offers
each by name. A step is found by being in the ``STEPS`` of a module here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from portable_tpl.model.plugs import plug_modules

if TYPE_CHECKING:
    from portable_tpl.targets.steps._base import Step


@cache
def all_steps() -> tuple[Step, ...]:
    """Every step, those of a module together; names are unique."""
    return tuple(step for module in plug_modules(__name__) for step in getattr(module, "STEPS", ()))


def step(name: str) -> Step:
    """The step of this name; raises :class:`KeyError` for a name that does not exist."""
    return _by_name()[name]


@cache
def _by_name() -> dict[str, Step]:
    return {each.name: each for each in all_steps()}
