"""Turns of one conversation after those of another."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from portable_tpl.generation.turns import turns_after
from portable_tpl.model.conversation import Conversation
from portable_tpl.strategies import conversations


@settings(max_examples=40, deadline=None)
@given(conversations(), conversations(), st.integers(0, 6), st.integers(0, 6))
def test_every_message_is_one_of_theirs_or_lets_roles_take_turns(
    first: Conversation, second: Conversation, last: int, next_: int
) -> None:
    before = (first.key, second.key)
    for joined in turns_after(first, second, last, next_):
        own = [*first.messages, *second.messages]
        between = [message for message in joined.messages if message not in own]
        assert [message["role"] for message in between] in ([], ["user"], ["assistant"])
        assert joined.tools == (second.tools or first.tools)
        assert {**first.variables, **second.variables} == joined.variables
    assert (first.key, second.key) == before


def test_the_turn_that_sets_is_followed_by_the_one_that_reads() -> None:
    calls = {"role": "assistant", "content": "", "tool_calls": []}
    first = Conversation([{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, calls])
    second = Conversation([{"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}])
    found = [joined.messages for joined in turns_after(first, second, 2, 1)]
    assert [*first.messages, second.messages[1]] in found
    assert [*first.messages, {"role": "user", "content": "Go on."}, second.messages[1]] in found
    assert [calls, second.messages[1]] in found
