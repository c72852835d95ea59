"""A second opinion on a fix: other conversations than those that it was proved with."""

from __future__ import annotations

from portable_tpl.fixing import Prover
from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed
from portable_tpl.model.source import Template
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import shape_of


def conversations(template: Template, count: int = 150) -> list[Conversation]:
    """Conversations of all tiers, from a seed that no proof uses."""
    shape = shape_of(parse(template).tree)
    choices = SeededChoices(f"independent:{template.sha256}")
    tiers = list(Tier)
    return [conversation(choices.within(tiers[number % len(tiers)]), shape) for number in range(count)]


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
