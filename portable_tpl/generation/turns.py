"""Joining two conversations, so that turns of one come after turns of the other."""

from __future__ import annotations

from collections.abc import Iterator

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.requests.roles import kind_of_role

_Messages = list[dict[str, Json]]


def turns_after(first: Conversation, second: Conversation, last: int, next_: int) -> list[Conversation]:
    """Conversations with turns of ``first``, then turns of ``second``, and the tools and variables of both.

    One holds all turns; the others those of ``first`` up to the number ``last``, or that one alone, and those of
    ``second`` from ``next_`` on, counted from 0, with or without a leading system message. In some an answer or a
    question comes between where roles would not take turns. The request is otherwise the second's.
    """
    return [
        second.with_changes(
            messages=messages,
            tools=second.tools or first.tools,
            documents=second.documents or first.documents,
            variables={**first.variables, **second.variables},
        )
        for messages in _orders(first.messages, second.messages, last, next_)
        if messages
    ]


def _orders(first: _Messages, second: _Messages, last: int, next_: int) -> Iterator[_Messages]:
    own, others = _leading(first), _leading(second)
    yield _with_turns(first, second[others:])
    for skipped in dict.fromkeys((0, own)):
        for dropped in dict.fromkeys((0, others)):
            opening, rest = first[: last + 1 + skipped], second[next_ + dropped :]
            yield [*opening, *rest]
            yield _with_turns(opening, rest)
            yield [*opening[-1:], *rest]


def _leading(messages: _Messages) -> int:
    return 1 if messages and _kind(messages[0]) == "system" else 0


def _with_turns(opening: _Messages, rest: _Messages) -> _Messages:
    """One after the other, with a message between that lets users and assistants take turns."""
    if not opening or not rest or _kind(opening[-1]) != _kind(rest[0]):
        return [*opening, *rest]
    asks = _kind(rest[0]) == "user"
    between: dict[str, Json] = (
        {"role": "assistant", "content": "I see."} if asks else {"role": "user", "content": "Go on."}
    )
    return [*opening, between, *rest]


def _kind(message: dict[str, Json]) -> str:
    role = message.get("role")
    return kind_of_role(role) if isinstance(role, str) else "own"
