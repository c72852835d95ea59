"""A card as text, as JSON, and as Markdown for a model card."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from portable_tpl.model.card import Card, CardVariable, Fact
from portable_tpl.model.words import in_one_line
from portable_tpl.reports.parts.commonmark import code, prose
from portable_tpl.reports.parts.jsontext import dumps
from portable_tpl.reports.parts.visible import one_line, unbroken, visible, wrapped

_COLUMNS, _NARROWEST = 80, 24
_ESSENTIAL = ("schemas", "arguments-text", "arguments-mapping")  # of tools
_LONGEST_REPEATED = 24  # characters that are said again
_SIGNS = {True: "✓", False: "–", None: "?"}
_GROUPS = {
    "roles": "Roles",
    "content": "Content",
    "tools": "Tools",
    "reasoning": "Reasoning",
    "documents": "Documents",
    "prompt": "Prompt",
    "training": "Training",
}


def as_text(cards: Sequence[Card]) -> str:
    """For a terminal: a line a fact."""
    return "\n".join("\n".join(_text(card)) + "\n" for card in cards)


def _text(card: Card) -> Iterator[str]:
    yield unbroken(card.label)
    width = max(len(fact.words) for fact in card.facts)
    for group, facts in groupby(card.facts, lambda fact: fact.group):
        yield f"\n{_GROUPS[group]}"
        for fact, note in _rows(card, list(facts)):
            yield from _wrapped(f"  {_SIGNS[fact.answer]} {fact.words:<{width}}  ", note)
    if card.variables:
        yield "\nVariables"
        names = [unbroken(variable.name) for variable in card.variables]
        longest = max(map(len, names))
        for name, variable in zip(names, card.variables, strict=True):
            yield from _wrapped(f"  {name:<{longest}}  ", _variable(variable))


def _wrapped(start: str, words: str) -> list[str]:
    """A line that goes on under the words where it is longer than a screen is wide."""
    lines = wrapped(words, max(_COLUMNS - len(start), _NARROWEST))
    starts = [start, *[" " * len(start)] * len(lines)]
    return [f"{at}{line}".rstrip() for at, line in zip(starts, lines, strict=False)] or [start.rstrip()]


def _rows(card: Card, facts: Sequence[Fact]) -> Iterator[tuple[Fact, str]]:
    """The facts of a group with what there is to say; where neither tools nor calls are taken, that is one fact.

    What stands beside several facts in a row is written once.
    """
    essential = [fact for fact in facts if fact.key in _ESSENTIAL]
    if essential and not any(fact.answer for fact in essential):
        yield Fact("tools", "tools", "tools", False), _note(card, essential[-1])
        return
    last = ""
    for fact in facts:
        note = _note(card, fact)
        yield fact, "likewise" if note == last and len(note) > _LONGEST_REPEATED else note
        last = note


def as_markdown(cards: Sequence[Card]) -> str:
    """For a model card: a table of the facts, and one of the variables."""
    return "\n".join("\n".join(_markdown(card)) + "\n" for card in cards)


def _markdown(card: Card) -> Iterator[str]:
    yield f"### Chat template{'' if card.name == 'default' else f' {code(unbroken(card.name))}'}\n"
    yield "| | | |\n| --- | :-: | --- |"
    for group, facts in groupby(card.facts, lambda fact: fact.group):
        for fact, note in _rows(card, list(facts)):
            yield f"| {_GROUPS[group]}: {fact.words} | {_SIGNS[fact.answer]} | {_cell(note)} |"
    if card.variables:
        yield "\n| variable | |\n| --- | --- |"
        for variable in card.variables:
            yield f"| {code(unbroken(variable.name))} | {_cell(_variable(variable))} |"


def as_json(cards: Sequence[Card]) -> str:
    """For machines."""
    return dumps({"version": 1, "command": "card", "templates": [_plain(card) for card in cards]}) + "\n"


def _plain(card: Card) -> dict[str, object]:
    groups: dict[str, dict[str, object]] = {}
    for fact in card.facts:
        groups.setdefault(fact.group, {})[fact.key] = {"answer": fact.answer, "note": fact.note or None}
    return {
        "path": card.label,
        "name": card.name,
        "sha256": card.sha256,
        **groups,
        "generation_prompt": card.generation_prompt,
        "reasoning_fields": list(card.reasoning_fields),
        "part_types": list(card.part_types),
        "role_names": list(card.roles),
        "variables": [
            {
                "name": variable.name,
                "switch": variable.switch,
                "defaults": list(variable.defaults),
                "values": list(variable.values),
            }
            for variable in card.variables
        ],
    }


def _note(card: Card, fact: Fact) -> str:
    """What there is to say beside a sign."""
    if fact.note:
        return one_line(fact.note)
    if fact.key == "generation-prompt" and fact.answer:
        return visible(card.generation_prompt) or "nothing is printed, and nothing has to be"
    if fact.group == "reasoning" and fact.key == "last-turn":
        return one_line(", ".join(card.reasoning_fields))
    if fact.key == "parts" and fact.answer:
        return one_line(", ".join(card.part_types))
    return ""


def _variable(variable: CardVariable) -> str:
    parts = ["switch"] if variable.switch else []
    if variable.defaults:
        parts.append(f"default {' or '.join(map(_literal, variable.defaults))}")
    if variable.values:
        parts.append(f"one of {', '.join(map(_literal, variable.values))}")
    return "; ".join(parts)


def _literal(value: object) -> str:
    return unbroken(json.dumps(value, ensure_ascii=False))


def _cell(text: str) -> str:
    return prose(in_one_line(text))


FORMS: Mapping[str, Callable[[Sequence[Card]], str]] = MappingProxyType(
    {"text": as_text, "json": as_json, "markdown": as_markdown}
)
