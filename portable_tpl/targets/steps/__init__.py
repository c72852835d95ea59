"""Named, pure changes that deployments make to a conversation, a context or a prompt.

One list serves three: a deployment profile applies them, the differential runner finds which of them explains a
mismatch, and ``render`` offers them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portable_tpl.targets.steps._base import Normalisation


@cache
def all_normalisations() -> tuple[Normalisation, ...]:
    """Every normalisation, those of a family together; names are unique."""
    from portable_tpl.targets.steps import content, context, deployments, patches, prefill, prompt, roles, tools

    return (
        *content.NORMALISATIONS,
        *roles.NORMALISATIONS,
        *prefill.NORMALISATIONS,
        *tools.NORMALISATIONS,
        *deployments.NORMALISATIONS,
        *context.NORMALISATIONS,
        *prompt.NORMALISATIONS,
        *patches.NORMALISATIONS,
    )


def normalisation(name: str) -> Normalisation:
    """The normalisation of this name; raises :class:`KeyError` for a name that does not exist."""
    return _by_name()[name]


@cache
def _by_name() -> dict[str, Normalisation]:
    return {each.name: each for each in all_normalisations()}
