"""What a template can do, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from portable_tpl.model.conversation import Json


class Fact(NamedTuple):
    """One ability: whether the template has it (``None``: it could not be asked), and what there is to say.

    ``group`` and ``key`` are for machines, ``words`` for people.
    """

    group: str
    key: str
    words: str
    answer: bool | None
    note: str = ""


class CardVariable(NamedTuple):
    """A variable that the caller may give: what is taken without it, and what it is compared with."""

    name: str
    switch: bool
    defaults: tuple[Json, ...]
    values: tuple[Json, ...]


@dataclass(frozen=True)
class Card:
    """The facts of one template. ``generation_prompt`` is what the flag adds after a user's turn."""

    label: str
    name: str
    sha256: str
    facts: tuple[Fact, ...]
    variables: tuple[CardVariable, ...]
    generation_prompt: str = ""
    reasoning_fields: tuple[str, ...] = ()
    part_types: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
