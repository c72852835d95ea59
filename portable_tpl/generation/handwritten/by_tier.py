"""Which handwritten conversations a tier has for a template."""

from __future__ import annotations

from portable_tpl.generation.handwritten.everyday import everyday, ordinary
from portable_tpl.generation.handwritten.unusual import hostile, unusual
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.usage.shape import TemplateShape


def handwritten(
    shape: TemplateShape, tier: Tier = Tier.EVERYDAY, judge: TierJudge | None = None
) -> list[Conversation]:
    """The conversations of a tier and of the milder ones, the mildest first, without repetition.

    ``judge`` is one for the shape, which will know what it judged here.
    """
    conversations = [*ordinary(shape), *everyday(shape)]
    if CONTENTS[tier].unusual:
        conversations += unusual(shape)
    if CONTENTS[tier].anything:
        conversations += hostile(shape)
    # What is ordinary for one template (calls, parts, a role) is not for another: the judge knows.
    judge = judge or TierJudge(shape)
    ranked = {conversation.key: (judge.tier(conversation).rank, conversation) for conversation in conversations}
    mild = [(rank, conversation) for rank, conversation in ranked.values() if rank <= tier.rank]
    return [conversation for _, conversation in sorted(mild, key=lambda each: each[0])]
