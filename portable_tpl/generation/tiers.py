"""How unusual a given conversation is, wherever it comes from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

from portable_tpl.generation.dialogue import takes_flat_calls
from portable_tpl.generation.tools import takes_flat_tools
from portable_tpl.model.conversation import DEFAULT_SPECIAL_TOKENS, Conversation, Tier
from portable_tpl.requests.fields import REASONING_KEYS
from portable_tpl.requests.markers import SPECIAL, SYNTAX
from portable_tpl.requests.roles import STANDARD_ROLES, kind_of_role
from portable_tpl.template.usage.shape import CONTENT, PART, TemplateShape

_ORDINARY_CONTROLS = frozenset("\t\n\r")
_UNUSUAL_SCHEMA = frozenset({"anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "definitions"})
_SCHEMA_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object"})
_LONGEST, _DEEPEST = 10_000, 12
_INT32 = 2**31
_FOLLOWS = {
    ("user", "assistant"), ("assistant", "user"), ("assistant", "tool"), ("tool", "tool"), ("tool", "assistant"),
}  # fmt: skip
_Part = TypeVar("_Part")
_MESSAGE_TEXTS = ("role", "name", "tool_call_id", *REASONING_KEYS)


def tier_of(
    conversation: Conversation,
    reads_parts: bool | frozenset[str] = False,
    shape: TemplateShape | None = None,
    special_tokens: Mapping[str, str] = DEFAULT_SPECIAL_TOKENS,
) -> Tier:
    """The mildest tier that a conversation belongs to.

    ``reads_parts``: whether the template takes typed parts as content (or the roles for which it does). ``shape``:
    what the template reads; roles, markers, keys and flat tools that it names are then nothing unusual.
    """
    return TierJudge(reads_parts, shape, special_tokens).tier(conversation)


@lru_cache(maxsize=256)
def _suspicious(tokens: tuple[str, ...]) -> re.Pattern[str]:
    """What a text must hold to be worth a closer look: most texts hold nothing of it."""
    return re.compile("|".join([r"[<\[{]|[^ -~\t\n\r]", *map(re.escape, tokens)]))


class TierJudge:
    """:func:`tier_of` for many conversations alike; messages and tools that several of them share are judged once.

    What was judged must not be changed afterwards.
    """

    def __init__(
        self,
        reads_parts: bool | frozenset[str] = False,
        shape: TemplateShape | None = None,
        tokens: Mapping[str, str] = DEFAULT_SPECIAL_TOKENS,
    ) -> None:
        shape = shape or TemplateShape()
        roles = frozenset({"user"}) if reads_parts is True else reads_parts or frozenset()
        self._part_roles = roles | shape.part_roles
        self._shape = shape
        self._tokens = [token for token in tokens.values() if len(token) > 1]
        self._suspicious = _suspicious(tuple(self._tokens))
        self._markers = frozenset(shape.markers(CONTENT)) | frozenset(shape.markers((*PART, "text")))

        self._judged: dict[int, tuple[object, Tier]] = {}  # by id; the objects are kept, so that ids stay theirs
        self._plain: set[str] = set()  # texts of keys and values that are nothing unusual

    def tier(self, conversation: Conversation) -> Tier:
        """The mildest tier that a conversation belongs to."""
        judge = self
        if conversation.special_tokens:
            judge = TierJudge(self._part_roles, self._shape, conversation.special_tokens)
        return _strangest(judge._all(conversation))

    def _all(self, conversation: Conversation) -> Iterator[Tier]:
        """The tier of each unusual thing."""
        yield from self._order(conversation.messages)
        for message in conversation.messages:
            yield self._once(message, self._message)
        if conversation.tools is not None:
            yield self._once(conversation.tools, self._tools)
        if conversation.documents is not None:
            if not conversation.documents:
                yield Tier.EXTENDED
            for document in conversation.documents:
                yield self._data(document)
        for value in conversation.variables.values():
            yield self._data(value)

    def _once(self, part: _Part, judge: Callable[[_Part], Iterator[Tier]]) -> Tier:
        judged = self._judged.get(id(part))
        if judged is None:
            judged = self._judged[id(part)] = (part, _strangest(judge(part)))
        return judged[1]

    # -- messages ------------------------------------------------------------------------------------------------

    def _order(self, messages: list[dict[str, Any]]) -> Iterator[Tier]:
        if not messages:
            yield Tier.EXTENDED
            return
        roles = [message.get("role") for message in messages]
        if not all(isinstance(role, str) and role for role in roles):
            yield Tier.HOSTILE
            return
        kinds = [self._kind(str(role)) for role in roles]
        if "unknown" in kinds:
            yield Tier.EXTENDED
        kinds = [kind for kind in kinds if kind != "own"]
        if kinds and kinds[0] == "system":
            kinds = kinds[1:]
        in_order = bool(kinds) and kinds[0] == "user" and kinds[-1] != "assistant" and "system" not in kinds
        in_order = in_order and all(pair in _FOLLOWS for pair in pairwise(kinds))
        if not in_order or not _results_fit(messages, [self._kind(str(role)) for role in roles]):
            yield Tier.EXTENDED

    def _kind(self, role: str) -> str:
        if role in STANDARD_ROLES:
            return role
        if role == "developer" or role not in self._shape.roles:
            return "unknown"
        return kind_of_role(role)

    def _message(self, message: dict[str, Any]) -> Iterator[Tier]:
        role = message.get("role")
        if "content" not in message or message["content"] is None:
            yield Tier.EXTENDED
        else:
            yield from self._content(message["content"], str(role))
        calls = message.get("tool_calls")
        if "tool_calls" in message:
            yield from self._calls(calls)
        for key, value in message.items():
            if key in ("content", "tool_calls"):
                continue
            if key in _MESSAGE_TEXTS and not isinstance(value, str):
                yield Tier.EXTENDED if value is None else Tier.HOSTILE
            else:
                yield self._data(value)

    def _content(self, content: Any, role: str) -> Iterator[Tier]:
        if isinstance(content, str):
            yield self._text(content, own=role not in ("user", "tool"))
        elif isinstance(content, list) and content and all(isinstance(part, dict) for part in content):
            if not all(isinstance(part.get("type"), str) for part in content):
                yield Tier.HOSTILE
            elif role not in self._part_roles or not all(self._takes(part["type"], role) for part in content):
                yield Tier.EXTENDED
            for part in content:
                yield from self._part(part)
        elif role == "tool" and isinstance(content, (list, dict)):
            yield Tier.EXTENDED
            yield self._data(content)
        else:
            yield Tier.HOSTILE

    def _takes(self, kind: str, role: str) -> bool:
        return kind == "text" or (role == "user" and kind in self._shape.part_types)

    def _part(self, part: dict[str, Any]) -> Iterator[Tier]:
        if part.get("type") == "text" and not isinstance(part.get("text"), str):
            yield Tier.EXTENDED if part.get("text") is None else Tier.HOSTILE
        yield self._data(part)

    def _calls(self, calls: Any) -> Iterator[Tier]:
        if not isinstance(calls, list) or not calls:
            yield Tier.EXTENDED if calls is None or calls == [] else Tier.HOSTILE
            return
        if not all(isinstance(call, dict) for call in calls):
            yield Tier.HOSTILE
            return
        if len(calls) > 1 and not all(isinstance(call.get("id"), str) for call in calls):
            yield Tier.EXTENDED
        for call in calls:
            wrapped = "function" in call
            function = call.get("function") if wrapped else call
            if call.get("type") != "function" if wrapped else not takes_flat_calls(self._shape):
                yield Tier.EXTENDED
            if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
                yield Tier.HOSTILE
                continue
            yield from self._arguments(function.get("arguments"))
            yield self._data({key: value for key, value in function.items() if key != "arguments"})
            if "id" in call and not isinstance(call["id"], str):
                yield Tier.EXTENDED if call["id"] is None else Tier.HOSTILE

    def _arguments(self, arguments: Any) -> Iterator[Tier]:
        if (
            arguments is None
            or isinstance(arguments, str)
            or arguments == {}
            or (isinstance(arguments, dict) and "" in arguments)
        ):
            yield Tier.EXTENDED
        elif not isinstance(arguments, dict):
            yield Tier.HOSTILE
        yield self._data(arguments)

    # -- tools ---------------------------------------------------------------------------------------------------

    def _tools(self, tools: list[dict[str, Any]]) -> Iterator[Tier]:
        if not tools:
            yield Tier.EXTENDED
        for tool in tools:
            function = tool.get("function", tool)
            wrapped = "function" in tool
            if tool.get("type") != "function" if wrapped else not takes_flat_tools(self._shape):
                yield Tier.EXTENDED
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                yield Tier.HOSTILE
                continue
            if not function["name"] or not isinstance(function.get("description"), str):
                yield Tier.EXTENDED
            parameters = function.get("parameters")
            if (
                not isinstance(parameters, dict)
                or parameters.get("type") != "object"
                or "properties" not in parameters
            ):
                yield Tier.EXTENDED
            yield from self._schema(parameters)
            yield self._data(tool)

    def _schema(self, schema: Any) -> Iterator[Tier]:
        if not isinstance(schema, dict):
            yield Tier.EXTENDED
            return
        kind = schema.get("type")
        if not isinstance(kind, str) or kind.lower() not in _SCHEMA_TYPES or schema.keys() & _UNUSUAL_SCHEMA:
            yield Tier.EXTENDED
        if "enum" in schema and not (isinstance(schema["enum"], list) and schema["enum"]):
            yield Tier.EXTENDED
        if "required" in schema and not _is_names(schema["required"]):
            yield Tier.EXTENDED
        if "properties" in schema:
            properties = schema["properties"]
            if not isinstance(properties, dict):
                yield Tier.HOSTILE
                return
            if "" in properties:
                yield Tier.EXTENDED
            for inner in properties.values():
                yield from self._schema(inner)
        if "items" in schema:
            yield from self._schema(schema["items"])

    # -- values --------------------------------------------------------------------------------------------------

    def _data(self, value: Any, depth: int = 0) -> Tier:
        """The tier of any JSON; most of what there is to judge passes here, so nothing is yielded."""
        if isinstance(value, str):
            return Tier.EVERYDAY if value in self._plain else self._text(value, own=True)
        if value is None:
            return Tier.EXTENDED
        if isinstance(value, (bool, int, float)):
            return _number(value)
        if depth > _DEEPEST:
            return Tier.HOSTILE
        mildest = Tier.EVERYDAY
        if isinstance(value, dict):
            if not self._plain.issuperset(value) and any(self._text(key, own=True) is Tier.HOSTILE for key in value):
                return Tier.HOSTILE
            value = value.values()
        for inner in value:
            found = self._data(inner, depth + 1)
            if found is Tier.HOSTILE:
                return found
            if found is Tier.EXTENDED:
                mildest = found
        return mildest

    def _text(self, text: str, own: bool) -> Tier:
        """``own``: the text is not the user's, so that marks of the template's own format are no forgery in it."""
        if self._suspicious.search(text) is None and len(text) <= _LONGEST:
            self._plain.add(text)
            return Tier.EVERYDAY
        if len(text) > _LONGEST or SYNTAX.search(text) or not (text.isprintable() or _is_ordinary(text)):
            return Tier.HOSTILE
        if any(token in text for token in self._tokens if not (own and token in self._markers)):
            return Tier.HOSTILE
        for found in SPECIAL.findall(text):
            if not (own and any(found in marker for marker in self._markers)):
                return Tier.HOSTILE
        return Tier.EVERYDAY


def _strangest(tiers: Iterable[Tier]) -> Tier:
    strangest = Tier.EVERYDAY
    for tier in tiers:
        if tier is Tier.HOSTILE:
            return tier
        if tier is Tier.EXTENDED:
            strangest = tier
    return strangest


def _number(value: float) -> Tier:
    if isinstance(value, bool):
        return Tier.EVERYDAY
    if isinstance(value, int):
        if -_INT32 < value < _INT32:
            return Tier.EVERYDAY
        return Tier.HOSTILE if abs(value) > 2**53 else Tier.EXTENDED
    return Tier.EXTENDED if 1e-7 <= abs(value) < 1e15 or (value == 0 and str(value) == "0.0") else Tier.HOSTILE


def _is_ordinary(text: str) -> bool:
    return all(
        character in _ORDINARY_CONTROLS or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
        for character in text
    )


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _results_fit(messages: list[dict[str, Any]], kinds: list[str]) -> bool:
    """Whether tool results come right after as many calls, and every call has its result."""
    waiting = 0
    for message, kind in zip(messages, kinds, strict=True):
        if kind == "tool":
            waiting -= 1
            if waiting < 0:
                return False
        elif kind != "own":
            if waiting:
                return False
            calls = message.get("tool_calls")
            waiting = len(calls) if isinstance(calls, list) else 0
    return waiting == 0
