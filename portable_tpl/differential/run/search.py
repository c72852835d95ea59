"""Which conversations a run compares: handwritten ones, then generated ones that reach what is not reached yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portable_tpl.differential.run.beyond import look_beyond
from portable_tpl.differential.run.concurrency import in_background
from portable_tpl.differential.run.examples import remembered
from portable_tpl.differential.run.explored import Explored
from portable_tpl.differential.run.feasibility import possible, possible_turns
from portable_tpl.differential.run.part_roles import with_part_roles
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.run.turns import joined_for
from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.generation.targeting import Targeting
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import DEFAULT_SPECIAL_TOKENS, Conversation, Tier
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.template.names.turns import turn_states
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import branches
from portable_tpl.template.tracing.turn_marks import turn_goals
from portable_tpl.template.types.types import infer
from portable_tpl.template.usage.shape import TemplateShape, shape_of

# Conversations that hypothesis draws, which are tried on the reference before missed branches are pursued.
_POOL = 120
_ROUNDS = 12  # of edits towards branches that were missed; a branch inside a branch needs one more than the outer one
_IDLE = 2  # rounds in a row that may reach nothing new
_TRIES = 10  # conversations built for one branch in one round
_BRANCHES = 24  # missed branches pursued in one round
_TURN_ROUNDS = 3  # rounds in which conversations are joined for what one turn sets and a later one reads


def explore(
    parsed: ParsedTemplate,
    tracer: Tracer,
    settings: CompareSettings,
    out_of_time: Callable[[], bool] = lambda: False,
) -> Explored:
    """Find the conversations for one template."""
    search = _search(parsed, tracer, settings, out_of_time)
    run, tier = search.run, settings.tier
    pool = in_background(_draw, run.shape, settings, parsed.template.sha256)
    search.trace(settings.conversations)
    if settings.database:
        search.trace(remembered(parsed.template), tier)
    given = len(run.conversations)
    search.trace(handwritten(run.shape, tier, run.judge), tier)
    always = len(run.conversations)
    first = max(given, min(always, settings.examples))
    # What is only in a stranger tier is there to be compared in it, however many everyday conversations come before.
    run.chosen = [number for number in range(always) if number < first or run.tiers[number].rank > Tier.EVERYDAY.rank]
    examples = max(settings.examples, len(run.chosen) + settings.examples // 2 if len(run.chosen) > first else 0)
    if all(_hopeless(trace.rendering) for trace in run.traces):
        run.hopeless = True
        return run
    useful = search.trace(pool(), tier)
    useful += search.aim()
    _choose(run, useful, always, examples)
    if (run.wanted or run.missed_turns) and tier is not Tier.HOSTILE and not out_of_time():
        look_beyond(parsed, tracer, run, search.choices, tier)
    return run


def _hopeless(rendering: Rendering) -> bool:
    """Whether a limit was hit or the template not accepted; where all are so, more conversations only cost hours."""
    return isinstance(rendering, Failed) and rendering.kind != "error"


def _draw(shape: TemplateShape, settings: CompareSettings, key: str) -> list[Conversation]:
    """What hypothesis draws of each tier; everyday conversations hold the ordinary ones' contents, too."""
    from portable_tpl.generation.drawing import draw  # loaded with the session

    strangest = settings.tier.rank
    tiers = [tier for tier in Tier if min(strangest, Tier.EVERYDAY.rank) <= tier.rank <= strangest]
    count = max(_POOL, settings.examples) // len(tiers)
    return [conversation for tier in tiers for conversation in draw(shape, tier, count, f"{settings.seed}:{key}")]


def _search(
    parsed: ParsedTemplate, tracer: Tracer, settings: CompareSettings, out_of_time: Callable[[], bool]
) -> _Search:
    shape = with_part_roles(parsed, tracer, shape_of(parsed.tree))
    marks = branches(parsed.tree)
    judge = TierJudge(shape, parsed.template.special_tokens or DEFAULT_SPECIAL_TOKENS)
    goals = turn_goals(turn_states(parsed.tree), len(marks))
    run = Explored(shape, marks, Targeting(parsed, shape, marks), judge, goals)
    choices = SeededChoices(f"{settings.seed}:{parsed.template.sha256}")
    return _Search(parsed, tracer, settings, out_of_time, run, choices)


@dataclass(frozen=True)
class _Search:
    """The search for one template; ``run`` is what it has found so far."""

    parsed: ParsedTemplate
    tracer: Tracer
    settings: CompareSettings
    out_of_time: Callable[[], bool]
    run: Explored
    choices: SeededChoices

    def trace(self, batch: Iterable[Conversation], limit: Tier | None = None) -> list[int]:
        """Trace what is new and not stranger than ``limit``; gives the numbers of those that reached something new.

        Without a limit they are somebody's own: also without messages, which transformers refuses before any
        template is run.
        """
        run = self.run
        known = {conversation.key for conversation in run.conversations}
        fresh: dict[str, tuple[Conversation, Tier]] = {}
        for conversation in batch:
            if conversation.key in known or conversation.key in fresh:
                continue
            if limit is not None and not conversation.messages:
                continue
            tier = run.judge.tier(conversation)
            if limit is None or tier.rank <= limit.rank:
                fresh[conversation.key] = (conversation, tier)
        if run.cut or self.out_of_time():
            run.cut = True
            return []
        conversations = [conversation for conversation, _ in fresh.values()]
        traces = self.tracer.trace(self.parsed.template, conversations, "branches")
        return [
            number
            for (conversation, tier), trace in zip(fresh.values(), traces, strict=True)
            for number in run.add(conversation, tier, trace)
        ]

    def aim(self) -> list[int]:
        """Edit conversations towards what is missed; gives the numbers of those that reached something new."""
        run, tier = self.run, self.settings.tier
        news = self._reach_turns()
        if not run.missed:
            return news
        types = infer(self.parsed, tier)
        run.impossible = {branch.number for branch in run.missed if not possible(branch, types)}
        run.impossible |= {goal.number for goal in run.turn_goals if not possible_turns(goal, types)}
        idle = 0
        for _ in range(_ROUNDS):
            if self.out_of_time():
                run.cut = True
                break
            targets = run.targeting.next(run.wanted, _BRANCHES)
            if not targets or idle > _IDLE:
                break
            seeds = [(run.conversations[number], run.traces[number]) for number in _interesting(run, news)]
            batch = [
                conversation
                for branch in targets
                for conversation in run.targeting.build(branch, self.choices.within(tier), seeds, _TRIES)
            ]
            fresh = self.trace(batch, tier)
            news += fresh
            idle = 0 if fresh else idle + 1
        return news + self._reach_turns()

    def _reach_turns(self) -> list[int]:
        """Join conversations for later turns that read what earlier ones set; gives the numbers of those that do."""
        run = self.run
        news: list[int] = []
        for _ in range(_TURN_ROUNDS):
            seeds = list(zip(run.conversations, run.traces, strict=True))
            joined = joined_for(run.missed_turns, seeds, self.choices)
            if not joined:
                break
            news += self.trace(joined, self.settings.tier)
        return news


def _interesting(run: Explored, useful: list[int]) -> list[int]:
    rendered = [number for number in useful if isinstance(run.traces[number].rendering, Rendered)]
    return rendered[-60:] or list(range(min(8, len(run.conversations))))


def _choose(run: Explored, useful: list[int], always: int, examples: int) -> None:
    """Handwritten ones, then those that reached something, then others that render, spread over the rest."""
    chosen = dict.fromkeys(run.chosen)
    reached: set[int] = set()
    for number in chosen:
        reached |= run.traces[number].branches
    for number in useful:
        if not run.traces[number].branches <= reached:
            reached |= run.traces[number].branches
            chosen[number] = None
    others = [number for number in range(always, len(run.conversations)) if number not in chosen]
    others.sort(key=lambda number: not isinstance(run.traces[number].rendering, Rendered))
    for number in others:
        if len(chosen) >= examples:
            break
        chosen[number] = None
    run.chosen = list(chosen)
