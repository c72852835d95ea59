"""The smallest conversation that still shows the same mismatch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from portable_tpl.differential.places import (
    GONE,
    Edit,
    Path,
    containers,
    edited,
    leaves,
    value_at,
    with_values,
    without,
)
from portable_tpl.generation.values import own_copy
from portable_tpl.model.conversation import Conversation, parse_conversation
from portable_tpl.model.errors import ConversationError

Holds = Callable[[Sequence[Conversation]], "list[bool]"]
_FIRST_BATCH, _BATCH = 8, 64
_MOST_RENDERS = 3000
_LETTERS = 40  # characters of a text that are replaced by plainer ones


class Shrinker:
    """Drops and simplifies parts of a conversation for as long as ``holds`` says that the mismatch is still there.

    ``holds`` judges a batch. It is never asked twice about one conversation. ``cut`` is true where the
    budget of renders ended the search before nothing more could be dropped.
    """

    def __init__(
        self, holds: Holds, renders: int = _MOST_RENDERS, out_of_time: Callable[[], bool] = lambda: False
    ) -> None:
        self._holds = holds
        self._out_of_time = out_of_time
        self._left = renders
        self._known: dict[str, bool] = {}
        self.cut = False

    def shrink(self, conversation: Conversation) -> Conversation:
        """The smallest conversation found; one of which no part can be dropped, unless ``cut``."""
        best = conversation.to_json()
        improved = True
        while improved and not self.cut:
            before = best
            best = self._exhaust(best, _message_runs)
            best = self._many(best, _single_drops)
            best = self._many(best, _cleared_texts)
            for moves in (_drops, _text_drops, _simpler_values):
                best = self._exhaust(best, moves)
            improved = best is not before
        return parse_conversation(best)

    def _many(self, best: dict[str, Any], edits: Callable[[dict[str, Any]], list[Edit]]) -> dict[str, Any]:
        """Make all edits that may be made by themselves, together if that goes, and else by halves of them."""
        while not self.cut:
            candidates = [(edit, data, _read(data)) for edit in edits(best) for data in (edited(best, [edit]),)]
            readable = [
                (edit, data, conversation) for edit, data, conversation in candidates if conversation is not None
            ]
            self._judge([(data, conversation) for _, data, conversation in readable])
            works = {edit[0]: edit for edit, _, each in reversed(readable) if self._known.get(each.key)}
            if len(works) < 2:
                return best
            every = list(works.values())
            half = len(every) // 2
            smaller = self._first(
                best, (edited(best, part) for part in (every, every[:half], every[half:], every[:1]))
            )
            if smaller is None:
                return best
            best = smaller
        return best

    def _exhaust(
        self, best: dict[str, Any], moves: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]
    ) -> dict[str, Any]:
        """Take the first move that holds, again and again, until none does."""
        while not self.cut:
            smaller = self._first(best, moves(best))
            if smaller is None:
                return best
            best = smaller
        return best

    def _first(self, best: dict[str, Any], candidates: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        size = _FIRST_BATCH
        same = parse_conversation(best).key
        batch: list[tuple[dict[str, Any], Conversation]] = []
        for candidate in candidates:
            conversation = _read(candidate)
            if conversation is None or conversation.key == same or self._known.get(conversation.key) is False:
                continue
            batch.append((candidate, conversation))
            if len(batch) == size:
                smaller = self._judge(batch)
                if smaller is not None or self.cut:
                    return smaller
                batch, size = [], min(2 * size, _BATCH)
        return self._judge(batch) if batch else None

    def _judge(self, batch: list[tuple[dict[str, Any], Conversation]]) -> dict[str, Any] | None:
        fresh = list({each.key: each for _, each in batch if each.key not in self._known}.values())
        if len(fresh) > self._left or self._out_of_time():
            self.cut = True
            return None
        self._left -= len(fresh)
        if fresh:
            keys = [conversation.key for conversation in fresh]
            self._known.update(zip(keys, self._holds(fresh), strict=True))
        return next((candidate for candidate, conversation in batch if self._known[conversation.key]), None)


def _read(candidate: dict[str, Any]) -> Conversation | None:
    try:
        return parse_conversation(candidate)
    except ConversationError:
        return None


def size_of(conversation: Conversation) -> int:
    """How much there is to read in a conversation."""
    return len(json.dumps(conversation.to_json(), ensure_ascii=False))


# -- moves: each gives candidates, the boldest first -----------------------------------------------------------------


def _drops(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Without runs of messages, without whole fields, without single items and keys."""
    yield from _message_runs(data)
    yield from _with_names(data)
    for path in sorted(_droppable(data), key=lambda path: -len(json.dumps(value_at(data, path)))):
        yield without(data, path)


def _single_drops(data: dict[str, Any]) -> list[Edit]:
    return [(path, GONE) for path in _droppable(data)]


def _cleared_texts(data: dict[str, Any]) -> list[Edit]:
    """Each text emptied, or cut down to one letter."""
    texts = [path for path in leaves(data) if isinstance(value_at(data, path), str)]
    free = [path for path in texts if path[0] != "clock" and path[-1] not in ("role", "type")]
    return [(path, word) for path in free for word in ("", "a") if len(value_at(data, path)) > len(word)]


def _droppable(data: dict[str, Any]) -> list[Path]:
    """Every item and key but the messages, which are dropped in runs."""
    return [
        path
        for path in containers(data)
        if path != ("messages",) and not (len(path) == 2 and path[0] == "messages" and isinstance(path[1], int))
    ]


def _message_runs(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    messages = data["messages"]
    for length in range(len(messages), 0, -1):
        for start in range(len(messages) - length + 1):
            yield {**data, "messages": messages[:start] + messages[start + length :]}
    # A call with its own result, out of several.
    for index, message in enumerate(messages):
        calls = message.get("tool_calls")
        if isinstance(calls, list) and len(calls) > 1:
            for number in range(len(calls)):
                at = index + 1 + number
                if at < len(messages):
                    kept = {**message, "tool_calls": calls[:number] + calls[number + 1 :]}
                    rest = messages[index + 1 : at] + messages[at + 1 :]
                    yield {**data, "messages": [*messages[:index], kept, *rest]}


def _with_names(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Schemas without a property, together with its mention in ``required``."""
    for path in containers(data):
        if len(path) < 2 or path[-2] != "properties":
            continue
        changed = own_copy(data)
        schema = value_at(changed, path[:-2])
        del schema["properties"][path[-1]]
        required = schema.get("required")
        if isinstance(required, list) and path[-1] in required:
            required.remove(path[-1])
            if not required:
                del schema["required"]
            yield changed


def _text_drops(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """With shorter texts, by halves down to single characters; a role or a type cut short would be another word."""
    texts = [path for path in leaves(data) if isinstance(value_at(data, path), str) and path[0] != "clock"]
    texts = [path for path in texts if path[-1] not in ("role", "type") or _is_free_data(path)]
    for path in sorted(texts, key=lambda path: -len(value_at(data, path))):
        text = value_at(data, path)
        length = len(text)
        if length > 1:
            for word in ("", "a"):
                yield with_values(data, {path: word})
        while length:
            for start in range(0, len(text), length):
                yield with_values(data, {path: text[:start] + text[start + length :]})
            length //= 2
    yield from _shorter_keys(data)


def _shorter_keys(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """With names that the caller chose, of arguments and parameters, cut down to a letter or two."""
    for path in containers(data):
        if len(path) > 1 and path[-2] in ("arguments", "properties") and isinstance(path[-1], str) and path[-1]:
            holder = value_at(data, path[:-1])
            for name in dict.fromkeys((path[-1][:1], path[-1][: len(path[-1]) // 2], path[-1][:-1], path[-1][1:])):
                if name != path[-1] and name not in holder:
                    yield _renamed(data, path, name)


def _renamed(data: dict[str, Any], path: Path, name: str) -> dict[str, Any]:
    changed: dict[str, Any] = own_copy(data)
    holder = value_at(changed, path[:-1])
    items = [(name if key == path[-1] else key, value) for key, value in holder.items()]
    holder.clear()
    holder.update(items)
    if path[-2] == "properties":
        required = value_at(changed, path[:-2]).get("required")
        if isinstance(required, list):
            required[:] = [name if each == path[-1] else each for each in required]
    return changed


def _simpler_values(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """With plainer values: numbers nearer to 0, letters for other characters, inner values for what holds them."""
    for path in leaves(data):
        value = value_at(data, path)
        if path[0] == "clock" or isinstance(value, bool):
            continue
        if isinstance(value, (int, float)):
            for simple in _nearer_numbers(value):
                yield with_values(data, {path: simple})
        elif isinstance(value, str) and path[-1] not in ("role", "type"):
            for index, character in enumerate(value[:_LETTERS]):
                if character != "a" and (character.isalnum() or not character.isascii()):
                    yield with_values(data, {path: value[:index] + "a" + value[index + 1 :]})
        elif isinstance(value, (list, dict)) and path[-1] == "content" and value:
            yield with_values(data, {path: "a"})
    for path in containers(data):
        value = value_at(data, path)
        if isinstance(value, (list, dict)) and len(value) == 1 and _is_free_data(path):
            yield with_values(data, {path: next(iter(value.values() if isinstance(value, dict) else value))})


def _nearer_numbers(value: float) -> Iterator[float]:
    """Numbers of the same type that are nearer to 0."""
    candidates: list[float] = [0, 1] if isinstance(value, int) else [0.0, 1.0, 0.5]
    if isinstance(value, int) and abs(value) > 10:
        candidates.append(10 ** (len(str(abs(value))) - 1))
    yield from (candidate for candidate in candidates if abs(candidate) < abs(value))


def _is_free_data(path: Path) -> bool:
    """Whether the caller may put any JSON there: inside arguments, variables and documents."""
    return any(key in ("arguments", "variables", "documents") for key in path[:-1]) and len(path) > 2
