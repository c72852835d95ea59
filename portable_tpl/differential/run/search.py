"""Which conversations a run compares: handwritten ones, then generated ones that reach what is not reached yet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from portable_tpl.differential.run.concurrency import in_background
from portable_tpl.differential.run.examples import remembered
from portable_tpl.differential.run.feasibility import possible, possible_turns
from portable_tpl.differential.run.part_roles import with_part_roles
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.run.turns import joined_for
from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation as generate
from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.generation.targeting import Targeting
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import DEFAULT_SPECIAL_TOKENS, Conversation, Tier
from portable_tpl.model.rendering import Failed, Rendered, Rendering, is_untried
from portable_tpl.targets.steps.prepared import prepare
from portable_tpl.template.names.turns import turn_states
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.tracing.instrument import Branch, branches
from portable_tpl.template.tracing.trace import Trace
from portable_tpl.template.tracing.turn_marks import TurnGoal, turn_goals
from portable_tpl.template.types.types import infer
from portable_tpl.template.usage.shape import TemplateShape, shape_of

_POOL = (
    120  # conversations that hypothesis draws, which are tried on the reference before missed branches are pursued
)
_ROUNDS = 12  # of edits towards branches that were missed; a branch inside a branch needs one more than the outer one
_TRIES = 10  # conversations built for one branch in one round
_BRANCHES = 24  # missed branches pursued in one round
_TURN_ROUNDS = 3  # rounds in which conversations are joined for what one turn sets and a later one reads
_BEYOND_ROUNDS, _BEYOND_TRIES = 5, 5  # the same for missed branches of stranger tiers, which decide no verdict
_BEYOND_CHANCE = 2  # the round in which random conversations are tried, which costs the most
_LARGEST = 32 << 20  # bytes of prompts that are kept; a usual run has less than one million


@dataclass
class Explored:
    """The conversations of a run with the reference's traces, in order; and what was reached in all.

    ``targeting`` and ``judge`` are kept for what else is made and judged for the template, since both remember.
    ``reached`` has the numbers of branches and of what belongs to the goals of turns.
    ``chosen`` are the numbers of those that go to the targets. ``impossible`` are branches that the
    template's types rule out in the tier, ``stranger`` those that only conversations of a stranger tier were seen to
    reach, with the mildest such tier. ``cut``: the time, or the room for prompts (``size``, in bytes), was used up.
    ``hopeless``: the reference gave no answer to any of the first ones.
    """

    shape: TemplateShape
    branches: list[Branch]
    targeting: Targeting
    judge: TierJudge
    turn_goals: list[TurnGoal] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    tiers: list[Tier] = field(default_factory=list)
    reached: set[int] = field(default_factory=set)
    chosen: list[int] = field(default_factory=list)
    impossible: set[int] = field(default_factory=set)
    stranger: dict[int, Tier] = field(default_factory=dict)
    size: int = 0
    cut: bool = False
    hopeless: bool = False

    def add(self, conversation: Conversation, tier: Tier, trace: Trace) -> list[int]:
        """Take in one conversation; gives its number where it reached something new."""
        if is_untried(trace.rendering):
            self.cut = True
            return []
        self.conversations.append(conversation)
        self.traces.append(trace)
        self.tiers.append(tier)
        self.size += sys.getsizeof(trace.rendering.text) if isinstance(trace.rendering, Rendered) else 0
        self.cut = self.cut or self.size > _LARGEST
        if trace.branches <= self.reached:
            return []
        self.reached |= trace.branches
        return [len(self.conversations) - 1]

    @property
    def missed(self) -> list[Branch]:
        """Branches that no conversation reached."""
        return [branch for branch in self.branches if branch.number not in self.reached]

    @property
    def wanted(self) -> list[Branch]:
        """Missed branches that are worth a try."""
        out = self.impossible
        return [branch for branch in self.missed if branch.number not in out and branch.number not in self.stranger]

    @property
    def missed_turns(self) -> list[TurnGoal]:
        """Goals of turns that no conversation reached, of the tier or of a stranger one."""
        return [goal for goal in self.feasible_turns if goal.number not in self.reached]

    @property
    def feasible_turns(self) -> list[TurnGoal]:
        """Goals of turns whose two halves were reached; what was not is a branch that was missed.

        Those that only a conversation of a stranger tier reached, or that types rule out, are left out.
        """
        beyond = self.impossible | self.stranger.keys()
        return [
            goal
            for goal in self.turn_goals
            if {goal.set_number, goal.read_number} <= self.reached and goal.number not in beyond
        ]


def explore(
    parsed: ParsedTemplate,
    tracer: Tracer,
    settings: CompareSettings,
    out_of_time: Callable[[], bool] = lambda: False,
) -> Explored:
    """Find the conversations for one template."""
    shape = with_part_roles(parsed, tracer, shape_of(parsed.tree))
    found = branches(parsed.tree)
    judge = TierJudge(shape, parsed.template.special_tokens or DEFAULT_SPECIAL_TOKENS)
    goals = turn_goals(turn_states(parsed.tree), len(found))
    run = Explored(shape, found, Targeting(parsed, shape, found), judge, goals)
    choices = SeededChoices(f"{settings.seed}:{parsed.template.sha256}")

    def trace(batch: Iterable[Conversation], least: Tier | None = None) -> list[int]:
        """Trace what is new and within the tier; gives the numbers of those that reached something new."""
        known = {conversation.key for conversation in run.conversations}
        fresh: dict[str, tuple[Conversation, Tier]] = {}
        for conversation in batch:
            if conversation.key in known or conversation.key in fresh:
                continue
            if least is not None and not conversation.messages:
                continue  # transformers refuses these before any template is run: there is nothing to compare
            tier = judge.tier(conversation)
            if tier.rank <= settings.tier.rank or least is None:
                fresh[conversation.key] = (conversation, tier)
        news: list[int] = []
        if run.cut or out_of_time():
            run.cut = True
            return news
        traces = tracer.trace(parsed.template, [conversation for conversation, _ in fresh.values()], "branches")
        for (conversation, tier), told in zip(fresh.values(), traces, strict=True):
            news += run.add(conversation, tier, told)
        return news

    drawn = in_background(_draw, shape, settings, parsed.template.sha256)
    trace(settings.conversations)
    if settings.database:
        trace(remembered(parsed.template), settings.tier)
    given = len(run.conversations)
    trace(handwritten(shape, settings.tier, judge), settings.tier)
    always = len(run.conversations)
    first = max(given, min(always, settings.examples))
    # What is only in a stranger tier is there to be compared in it, however many everyday conversations come before.
    run.chosen = [number for number in range(always) if number < first or run.tiers[number].rank > Tier.EVERYDAY.rank]
    examples = max(settings.examples, len(run.chosen) + settings.examples // 2 if len(run.chosen) > first else 0)
    if all(_hopeless(told.rendering) for told in run.traces):
        run.hopeless = True
        return run
    useful = trace(drawn(), settings.tier)
    useful += _aim(parsed, run, trace, choices, settings, out_of_time)
    _choose(run, useful, always, examples)
    if (run.wanted or run.missed_turns) and settings.tier is not Tier.HOSTILE and not out_of_time():
        _look_beyond(parsed, tracer, run, choices, settings.tier)
    return run


def _hopeless(rendering: Rendering) -> bool:
    """Whether a limit was hit or the template not accepted; where all are so, more conversations only cost hours."""
    return isinstance(rendering, Failed) and rendering.kind != "error"


_Trace = Callable[[Iterable[Conversation], "Tier | None"], "list[int]"]


def _draw(shape: TemplateShape, settings: CompareSettings, key: str) -> list[Conversation]:
    """What hypothesis draws of each tier; everyday conversations hold the ordinary ones' contents, too."""
    from portable_tpl.generation.drawing import draw  # loaded with the session

    strangest = settings.tier.rank
    tiers = [tier for tier in Tier if min(strangest, Tier.EVERYDAY.rank) <= tier.rank <= strangest]
    count = max(_POOL, settings.examples) // len(tiers)
    return [conversation for tier in tiers for conversation in draw(shape, tier, count, f"{settings.seed}:{key}")]


def _aim(
    parsed: ParsedTemplate,
    run: Explored,
    trace: _Trace,
    choices: SeededChoices,
    settings: CompareSettings,
    out_of_time: Callable[[], bool],
) -> list[int]:
    """Conversations edited towards what is missed; gives the numbers of those that reached something new."""
    useful = _reach_turns(run, trace, choices, settings.tier)
    if not run.missed:
        return useful
    types = infer(parsed, settings.tier)
    run.impossible = {branch.number for branch in run.missed if not possible(branch, types)}
    run.impossible |= {goal.number for goal in run.turn_goals if not possible_turns(goal, types)}
    idle = 0
    for _ in range(_ROUNDS):
        if out_of_time():
            run.cut = True
            break
        wanted = run.targeting.next(run.wanted, _BRANCHES)
        if not wanted or idle > 2:
            break
        seeds = [(run.conversations[number], run.traces[number]) for number in _interesting(run, useful)]
        built = [
            made
            for branch in wanted
            for made in run.targeting.build(branch, choices.within(settings.tier), seeds, _TRIES)
        ]
        news = trace(built, settings.tier)
        useful += news
        idle = 0 if news else idle + 1
    return useful + _reach_turns(run, trace, choices, settings.tier)


def _reach_turns(run: Explored, trace: _Trace, choices: SeededChoices, tier: Tier) -> list[int]:
    """Conversations whose later turns read what earlier ones set; gives the numbers of those that did so first."""
    useful: list[int] = []
    for _ in range(_TURN_ROUNDS):
        joined = joined_for(run.missed_turns, list(zip(run.conversations, run.traces, strict=True)), choices)
        if not joined:
            break
        useful += trace(joined, tier)
    return useful


def _look_beyond(parsed: ParsedTemplate, tracer: Tracer, run: Explored, choices: SeededChoices, tier: Tier) -> None:
    """Find which of the missed branches, and goals of turns, conversations of a stranger tier reach."""
    seeds = list(zip(run.conversations, run.traces, strict=True))
    rendered = {conversation.key for conversation, told in seeds if isinstance(told.rendering, Rendered)}
    for effort in range(_BEYOND_ROUNDS + 1):
        missed = run.wanted
        if effort == _BEYOND_ROUNDS:
            tried = joined_for(run.missed_turns, seeds, choices)
        elif not missed and effort:
            continue
        elif not effort:
            tried = [each for each in handwritten(run.shape, Tier.HOSTILE) if each.key not in rendered]
        elif effort == _BEYOND_CHANCE:
            tried = [
                generate(choices.within(each), run.shape) for each in (Tier.EXTENDED, Tier.HOSTILE) for _ in range(40)
            ]
        else:
            tried = [
                made
                for branch in missed[:_BRANCHES]
                for made in run.targeting.build(branch, choices.within(Tier.HOSTILE), seeds[-60:], _BEYOND_TRIES)
            ]
        # Not as transformers calls the template, which refuses to render no messages at all.
        traces = tracer.trace(parsed.template, [prepare(conversation) for conversation in tried], "branches")
        for conversation, told in zip(tried, traces, strict=True):
            fresh = [number for number in told.branches if number not in run.reached]
            if not fresh:
                continue
            seeds.append((conversation, told))
            found = run.judge.tier(conversation)
            if found.rank <= tier.rank:
                run.reached |= told.branches
            for number in fresh:
                known = run.stranger.get(number, found)
                run.stranger[number] = min(known, found, key=lambda each: each.rank)
    for number in run.reached & run.stranger.keys():
        del run.stranger[number]


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
