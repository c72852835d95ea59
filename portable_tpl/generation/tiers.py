"""How unusual a given conversation is, wherever it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from portable_tpl.generation.tool_tiers import calls_tiers, tools_tiers
from portable_tpl.generation.value_tiers import ValueJudge, strangest
from portable_tpl.model.conversation import DEFAULT_SPECIAL_TOKENS, Conversation, Tier
from portable_tpl.requests.fields import REASONING_KEYS
from portable_tpl.requests.roles import STANDARD_ROLES, kind_of_role
from portable_tpl.template.usage.shape import CALLS, CONTENT, PART, TemplateShape

# A thought that a client leaves in the answer, where the model wrote it.
_THOUGHT = re.compile(r"\A\s*<(think|thinking|thought|reasoning)>(.*?)</\1>", re.DOTALL)
_FOLLOWS = {
    ("user", "assistant"), ("assistant", "user"), ("assistant", "tool"), ("tool", "tool"), ("tool", "assistant"),
}  # fmt: skip
_Part = TypeVar("_Part")
_MESSAGE_TEXTS = ("role", "name", "tool_call_id", *REASONING_KEYS)


class TierJudge:
    """Tells the mildest tier of conversations; messages and tools that several of them share are judged once.

    ``shape``: what the template reads; roles, markers, keys and flat tools that it names are then nothing unusual,
    nor are typed parts where it reads them. What was judged must not be changed afterwards.
    """

    def __init__(
        self, shape: TemplateShape | None = None, tokens: Mapping[str, str] = DEFAULT_SPECIAL_TOKENS
    ) -> None:
        shape = shape or TemplateShape()
        self._shape = shape
        markers = frozenset(shape.markers(CONTENT)) | frozenset(shape.markers((*PART, "text")))
        self._values = ValueJudge([token for token in tokens.values() if len(token) > 1], markers)
        self._judged: dict[int, tuple[object, Tier]] = {}  # by id; the objects are kept, so that ids stay theirs
        self._orders: dict[tuple[tuple[str, int], ...], Tier] = {}  # by roles and numbers of calls
        self._others: dict[tuple[tuple[str, str], ...], TierJudge] = {}  # by special tokens of conversations

    def tier(self, conversation: Conversation) -> Tier:
        """The mildest tier that a conversation belongs to."""
        return strangest(self._for(conversation)._all(conversation))

    def is_within(self, conversation: Conversation, tier: Tier) -> bool:
        """Whether a conversation is no stranger than a tier; what shows that it is ends the look at it."""
        judge = self._for(conversation)
        return all(each.rank <= tier.rank for each in judge._all(conversation))

    def _for(self, conversation: Conversation) -> TierJudge:
        """The judge of a conversation, which may have special tokens of its own."""
        if not conversation.special_tokens:
            return self
        tokens = tuple(conversation.special_tokens.items())
        judge = self._others.get(tokens)
        if judge is None:
            judge = self._others[tokens] = TierJudge(self._shape, conversation.special_tokens)
        return judge

    def _all(self, conversation: Conversation) -> Iterator[Tier]:
        """The tier of each unusual thing."""
        yield self._order(conversation.messages)
        for message in conversation.messages:
            yield self._once(message, self._message)
        if conversation.tools is not None:
            yield self._once(conversation.tools, lambda tools: tools_tiers(tools, self._shape, self._values))
        if conversation.documents is not None:
            yield Tier.EVERYDAY if conversation.documents else Tier.EXTENDED
            for document in conversation.documents:
                yield self._values.data(document)
        for value in conversation.variables.values():
            yield self._values.data(value)

    def _once(self, part: _Part, judge: Callable[[_Part], Iterator[Tier]]) -> Tier:
        judged = self._judged.get(id(part))
        if judged is None:
            judged = self._judged[id(part)] = (part, strangest(judge(part)))
        return judged[1]

    # -- messages ------------------------------------------------------------------------------------------------

    def _order(self, messages: list[dict[str, Any]]) -> Tier:
        """The tier of the order of roles, calls and results; many conversations share it."""
        turns: list[tuple[str, int]] = []
        for message in messages:
            role, calls = message.get("role"), message.get("tool_calls")
            if not isinstance(role, str) or not role:
                return Tier.HOSTILE
            turns.append((role, len(calls) if isinstance(calls, list) else 0))
        order = tuple(turns)
        tier = self._orders.get(order)
        if tier is None:
            tier = self._orders[order] = self._tier_of_order(order)
        return tier

    def _tier_of_order(self, turns: Sequence[tuple[str, int]]) -> Tier:
        kinds = [self._kind(role) for role, _ in turns]
        talk = [kind for kind in kinds if kind != "own"]
        if talk and talk[0] == "system":
            talk = talk[1:]
        in_order = bool(talk) and talk[0] == "user" and talk[-1] != "assistant" and "system" not in talk
        in_order = in_order and all(pair in _FOLLOWS for pair in pairwise(talk))
        if not in_order or "unknown" in kinds or not _results_fit(kinds, [calls for _, calls in turns]):
            return Tier.EXTENDED
        return Tier.EVERYDAY if "own" in kinds else Tier.ORDINARY

    def _kind(self, role: str) -> str:
        if role in STANDARD_ROLES:
            return role
        if role == "developer" or role not in self._shape.roles:
            return "unknown"
        return kind_of_role(role)

    def _message(self, message: dict[str, Any]) -> Iterator[Tier]:
        role = message.get("role")
        calls = message.get("tool_calls")
        calling = isinstance(calls, list) and bool(calls) and kind_of_role(str(role)) == "assistant"
        if message.get("content") is None:
            yield Tier.ORDINARY if calling and self._shape.reads(CALLS) else Tier.EXTENDED
        elif message["content"] or not (calling or kind_of_role(str(role)) == "tool"):
            yield from self._content(message["content"], str(role))
        elif not isinstance(message["content"], str):
            yield Tier.HOSTILE
        if "tool_calls" in message:
            yield from calls_tiers(calls, self._shape, self._values)
        for key, value in message.items():
            if key in ("content", "tool_calls"):
                continue
            if key in _MESSAGE_TEXTS and not isinstance(value, str):
                yield Tier.EXTENDED if value is None else Tier.HOSTILE
            else:
                yield self._values.data(value)

    def _content(self, content: Any, role: str) -> Iterator[Tier]:
        if isinstance(content, str):
            tier = self._values.text(content, own=role not in ("user", "tool"))
            thought = _THOUGHT.match(content) if tier is Tier.EVERYDAY and role == "assistant" else None
            if thought is not None:
                tier = self._values.data([thought[2], content[thought.end() :]])
            yield tier
        elif isinstance(content, list) and content and all(isinstance(part, dict) for part in content):
            if not all(isinstance(part.get("type"), str) for part in content):
                yield Tier.HOSTILE
            elif role not in self._shape.part_roles or not all(self._takes(part["type"], role) for part in content):
                yield Tier.EXTENDED
            for part in content:
                yield from self._part(part)
        elif role == "tool" and isinstance(content, (list, dict)):
            yield Tier.EXTENDED
            yield self._values.data(content)
        else:
            yield Tier.HOSTILE

    def _takes(self, kind: str, role: str) -> bool:
        return kind == "text" or (role == "user" and kind in self._shape.part_types)

    def _part(self, part: dict[str, Any]) -> Iterator[Tier]:
        if part.get("type") == "text" and not isinstance(part.get("text"), str):
            yield Tier.EXTENDED if part.get("text") is None else Tier.HOSTILE
        yield self._values.data(part)


def _results_fit(kinds: Sequence[str], calls: Sequence[int]) -> bool:
    """Whether tool results come right after as many calls, and every call has its result."""
    waiting = 0
    for kind, number in zip(kinds, calls, strict=True):
        if kind == "tool":
            waiting -= 1
            if waiting < 0:
                return False
        elif kind != "own":
            if waiting:
                return False
            waiting = number
    return waiting == 0
