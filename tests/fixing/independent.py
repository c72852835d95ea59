"""A second opinion on a fix: other conversations than those that it was proved with."""

from __future__ import annotations

from portable_tpl.conversation import Conversation, Tier
from portable_tpl.fixing import Prover
from portable_tpl.rendering import Failed
from portable_tpl.source import Template
from portable_tpl.strategies.choices import SeededChoices
from portable_tpl.strategies.generate import conversation
from portable_tpl.strategies.shape import shape_of
from portable_tpl.template.parsing import parse


def conversations(template: Template, count: int = 150) -> list[Conversation]:
    """Conversations of all tiers, from a seed that no proof uses."""
    shape = shape_of(parse(template).tree)
    choices = SeededChoices(f"independent:{template.sha256}")
    tiers = list(Tier)
    return [conversation(choices, shape, tiers[number % len(tiers)]) for number in range(count)]


def violations(old: Template, new: Template, prover: Prover) -> list[str]:
    """What the reference prints otherwise, though it printed or refused before."""
    given = conversations(old)
    before = prover.reference.render_all(old, given)
    after = prover.reference.render_all(new, given)
    return [
        f"{one!r} became {other!r} with {each.key}"
        for each, one, other in zip(given, before, after, strict=True)
        if not isinstance(one, Failed) and one != other
    ]
