"""What a template does with requests that many templates refuse: the facts behind a check and behind the card."""

from __future__ import annotations

from typing import NamedTuple

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Refused, Rendering
from portable_tpl.release._inquiry import Inquiry
from portable_tpl.release._turns import ASSISTANT, ASSISTANT_AFTER, RESULT_AFTER, USER_AFTER, Message, Turns


class Request(NamedTuple):
    """A kind of request, in words, with a conversation of it and what the reference made of it."""

    kind: str
    words: str
    conversation: Conversation
    rendering: Rendering

    @property
    def refusal(self) -> str | None:
        """The words with which the template refuses it; ``None`` where it does not."""
        return self.rendering.message if isinstance(self.rendering, Refused) else None


def requests_of(turns: Turns, inquiry: Inquiry) -> tuple[Request, ...]:
    """Every kind of request that templates are known to refuse, asked once."""
    requests = _asked(turns)
    renderings = inquiry.render_all([conversation for _, _, conversation in requests])
    return tuple(Request(*each, rendering) for each, rendering in zip(requests, renderings, strict=True))


def _asked(turns: Turns) -> list[tuple[str, str, Conversation]]:
    user, reply, later = turns.user(), turns.assistant(), turns.user(USER_AFTER)
    results = (turns.result(), turns.result(RESULT_AFTER, second=True))
    made: list[tuple[str, str, list[Message]]] = [
        ("system", "a system message", [turns.system(), user]),
        ("system-later", "a system message after the first turn", [user, reply, turns.system(), later]),
        ("developer", "a developer message", [turns.system("developer"), user]),
        ("unknown-role", "a role that it does not know", [user, reply, turns.system("critic"), later]),
        ("no-user", "a conversation without a user's turn", [reply]),
        ("two-users", "two user's turns in a row", [user, later]),
        (
            "two-assistants",
            "two assistant's turns in a row",
            [user, reply, turns.assistant(ASSISTANT_AFTER), later],
        ),
        ("tool", "a tool's result", [user, turns.call(), turns.result()]),
        ("parallel", "two tool calls side by side", [user, turns.call(both=True), *results]),
        ("null-content", "a tool call without content", [user, _without_content(turns.call()), turns.result()]),
        ("assistant-first", "an assistant's turn at the beginning", [reply, user]),
    ]
    conversations = [
        (kind, words, turns.conversation(*messages, prompt=kind != "no-user")) for kind, words, messages in made
    ]
    last = turns.conversation(user, turns.assistant(ASSISTANT))
    return [*conversations, ("assistant-last", "an assistant's turn at the end", last)]


def _without_content(message: Message) -> Message:
    return {key: value for key, value in message.items() if key != "content"}
