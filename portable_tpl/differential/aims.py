"""Conversations aimed at places of a template, for what the support table says of them and no mismatch shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, islice
from typing import NamedTuple

from jinja2 import nodes

from portable_tpl.differential.run.explored import Explored
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.constraint_edits import Op
from portable_tpl.model.conversation import Conversation, Json, Tier
from portable_tpl.model.rendering import Failed, Mismatch
from portable_tpl.support.features import kind_values
from portable_tpl.template.syntax.parsing import ParsedTemplate
from portable_tpl.template.usage.shape import CONTENT

_TRIES = 12  # conversations built for one place and kind; most get there at the first try
_KEPT = 6  # of those that get there: more of one place and kind show the same
_MOST = 60  # conversations in all, so that a template with many findings takes no longer than its own run
# What requests hold where a list is a rare one of several kinds: the types of a parameter.
_SAMPLES: dict[str, list[tuple[bool, Json]]] = {"list": [(False, ["string", "integer"])]}
_VARIED = ("html", "spaced", "lines", "unicode", "empty")  # texts for a place whose feature names no kind


@dataclass(frozen=True)
class Aim:
    """A place and a kind of value there.

    ``places`` are expressions one of which is evaluated whenever the place is, ``operands`` those that are to have
    the value. ``kinds`` are kinds of the support table, empty where any will do. ``targets`` are those of which it is
    to be known, until a mismatch of theirs ``shows`` it. One that ``hides`` it may be all that was seen of it. No
    conversation stranger than ``tier`` will do. ``samples`` are values to try where no kind says which.
    """

    places: tuple[nodes.Node, ...]
    operands: tuple[nodes.Expr, ...]
    kinds: tuple[str, ...] = ()
    targets: frozenset[str] = frozenset()
    shows: Callable[[Mismatch], bool] = field(default=lambda _: False, compare=False)
    hides: Callable[[Mismatch], bool] = field(default=lambda _: True, compare=False)
    tier: Tier = Tier.HOSTILE
    samples: tuple[Json, ...] = ()


class Shot(NamedTuple):
    """A conversation made for an aim, which ``aim`` tells by its number."""

    aim: int
    conversation: Conversation
    tier: Tier


def aimed(
    parsed: ParsedTemplate, explored: Explored, sights: Sights, aims: Sequence[Aim], tier: Tier, seed: int
) -> list[Shot]:
    """Conversations of the tier that get to the places on the reference."""
    choices = SeededChoices(f"{seed}:{parsed.template.sha256}:aims")
    told = list(zip(explored.conversations, explored.traces, strict=True))
    known = {conversation.key for conversation in explored.conversations}
    marks = [mark for mark in explored.shape.markers(CONTENT) if mark.strip()]
    kept: list[Shot] = []
    for number_of_aim, aim in enumerate(aims):
        if len(kept) >= _MOST or not told:
            break
        fresh: dict[str, tuple[Conversation, Tier]] = {}
        mildest = min(aim.tier, tier, key=lambda each: each.rank)
        # What is made of a stranger conversation is as strange.
        seeds = [each for each, its in zip(told, explored.tiers, strict=True) if its.rank <= mildest.rank] or told
        values: list[tuple[Op, Json]] = [("equals", sample) for sample in aim.samples]
        values = values or list(_values(aim.kinds, mildest))
        texts = [value for op, value in values if op == "equals" and isinstance(value, str)]
        others = [value for op, value in values if op == "equals" and not isinstance(value, str)]
        calling = [each for each, _ in seeds if any(message.get("tool_calls") for message in each.messages)]
        plain = explored.targeting.aim(aim.places[0], aim.operands, values, choices, seeds, _TRIES)
        for number, made in enumerate(plain):
            if texts and number % 3:
                made = _with_text(made, marks if number % 3 == 1 else (), texts[number % len(texts)])
            elif others and calling and number % 3 == 2:
                made = _with_argument(calling[number % len(calling)], others[number % len(others)])
            its_tier = explored.judge.tier(made)
            if made.messages and its_tier.rank <= mildest.rank and made.key not in known:
                fresh[made.key] = (made, its_tier)
        there = sights.gets_to(aim, [made for made, _ in fresh.values()])
        for made, its_tier in islice(compress(fresh.values(), there), _KEPT):
            known.add(made.key)
            kept.append(Shot(number_of_aim, made, its_tier))
    return kept[:_MOST]


class Sights:
    """Tells what gets to the places of aims; the template is marked, and compiled, for all of them at once."""

    def __init__(self, parsed: ParsedTemplate, tracer: Tracer, aims: Sequence[Aim]) -> None:
        self._template, self._tracer = parsed.template, tracer
        wanted = {id(place) for aim in aims for place in aim.places}
        self._numbers = {id(node): number for number, node in enumerate(parsed.nodes) if id(node) in wanted}

    def gets_to(self, aim: Aim, batch: Sequence[Conversation]) -> list[bool]:
        """Which conversations get to the places of an aim on the reference, and to a prompt or a refusal."""
        places = self._places(aim)
        return [not places.isdisjoint(reached) for reached in self._reached(batch)]

    def by_aim(self, aims: Sequence[Aim], batch: Sequence[Conversation]) -> list[frozenset[str]]:
        """For each aim, the keys of the conversations that get to its places so."""
        reached = {each.key: places for each, places in zip(batch, self._reached(batch), strict=True)}
        return [
            frozenset(key for key, places in reached.items() if not places.isdisjoint(self._places(aim)))
            for aim in aims
        ]

    def _places(self, aim: Aim) -> frozenset[int]:
        return frozenset(self._numbers[id(place)] for place in aim.places)

    def _reached(self, batch: Sequence[Conversation]) -> list[frozenset[int]]:
        traces = self._tracer.reached(self._template, batch, self._numbers.values()) if batch else []
        return [frozenset() if isinstance(trace.rendering, Failed) else frozenset(trace.branches) for trace in traces]


def _with_text(conversation: Conversation, marks: Sequence[str], text: str) -> Conversation:
    """The conversation with a text in every message: beside the marks that the template looks for, or all alone."""
    messages = []
    for message in conversation.messages:
        content = message.get("content")
        if isinstance(content, str):
            for mark in marks:
                content = content.replace(mark, f"{text}{mark}{text}")
            message = {**message, "content": content if marks else text}
        messages.append(message)
    return replace(conversation, messages=messages)


def _with_argument(conversation: Conversation, value: Json) -> Conversation:
    """The conversation with a value among the arguments of every call: by no path of the template's own."""
    messages = []
    for message in conversation.messages:
        calls = message.get("tool_calls")
        if isinstance(calls, list) and all(isinstance(call, dict) for call in calls):
            message = {**message, "tool_calls": [_call_with(call, value) for call in calls]}
        messages.append(message)
    return replace(conversation, messages=messages)


def _call_with(call: dict[str, Json], value: Json) -> dict[str, Json]:
    function = call.get("function")
    if isinstance(function, dict):
        return {**call, "function": _call_with(function, value)}
    arguments = call.get("arguments")
    if not isinstance(arguments, dict) or not arguments:
        return call
    return {**call, "arguments": {**arguments, next(reversed(arguments)): value}}


def _values(kinds: Sequence[str], tier: Tier) -> Iterator[tuple[Op, Json]]:
    """What the operands are to be, a sample of each kind in turn."""
    samples = [[*_SAMPLES.get(kind, ()), *kind_values(kind, tier)] for kind in kinds or _VARIED]
    for row in range(max(map(len, samples), default=0)):
        for values in samples:
            if row < len(values):
                absent, value = values[row]
                yield ("absent", None) if absent else ("equals", value)
