"""Which branches only conversations of a stranger tier reach. They decide no verdict: the report names the tier."""

from __future__ import annotations

from portable_tpl.differential.run.explored import Explored
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.run.turns import joined_for
from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation as generate
from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Rendered
from portable_tpl.targets.steps.prepared import prepare
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.trace import Trace

_BRANCHES = 24  # missed branches pursued in one round
_ROUNDS, _TRIES = 5, 5  # less than for branches of the tier itself
_CHANCE = 2  # the round in which random conversations are tried, which costs the most


def look_beyond(parsed: ParsedTemplate, tracer: Tracer, run: Explored, choices: SeededChoices, tier: Tier) -> None:
    """Find which of the missed branches, and goals of turns, conversations of a stranger tier reach."""
    seeds = list(zip(run.conversations, run.traces, strict=True))
    rendered = {conversation.key for conversation, trace in seeds if isinstance(trace.rendering, Rendered)}
    for effort in range(_ROUNDS + 1):
        batch = [each for each in _batch(effort, run, choices, seeds) if effort or each.key not in rendered]
        # Not as transformers calls the template, which refuses to render no messages at all.
        traces = tracer.trace(parsed.template, [prepare(conversation) for conversation in batch], "branches")
        for conversation, trace in zip(batch, traces, strict=True):
            fresh = [number for number in trace.branches if number not in run.reached]
            if not fresh:
                continue
            seeds.append((conversation, trace))
            own_tier = run.judge.tier(conversation)
            if own_tier.rank <= tier.rank:
                run.reached |= trace.branches
            for number in fresh:
                run.stranger[number] = min(run.stranger.get(number, own_tier), own_tier, key=lambda each: each.rank)
    for number in run.reached & run.stranger.keys():
        del run.stranger[number]


def _batch(
    effort: int, run: Explored, choices: SeededChoices, seeds: list[tuple[Conversation, Trace]]
) -> list[Conversation]:
    """What a round tries: handwritten ones, then edited ones, in one round random ones, joined ones at last."""
    if effort == _ROUNDS:
        return joined_for(run.missed_turns, seeds, choices)
    if not effort:
        return handwritten(run.shape, Tier.HOSTILE)
    if not run.wanted:
        return []
    if effort == _CHANCE:
        return [
            generate(choices.within(each), run.shape) for each in (Tier.EXTENDED, Tier.HOSTILE) for _ in range(40)
        ]
    return [
        conversation
        for branch in run.wanted[:_BRANCHES]
        for conversation in run.targeting.build(branch, choices.within(Tier.HOSTILE), seeds[-60:], _TRIES)
    ]
