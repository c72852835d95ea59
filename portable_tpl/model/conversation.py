"""A conversation: everything that a render needs besides the template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any

from portable_tpl.model.errors import ConversationError
from portable_tpl.model.source import DEFAULT_SPECIAL_TOKENS as DEFAULT_SPECIAL_TOKENS

DEFAULT_CLOCK = "2026-01-01T12:00:00"

Json = Any  # what json.loads gives; spelled out, mypy could not follow it through templates' free-form data


class Tier(str, Enum):
    """How unusual a conversation is; ordered from mildest to strangest, each with the milder ones in it.

    ``rank`` is 0 for ordinary, 1 for everyday, 2 for extended, 3 for hostile.
    """

    rank: int  # asked for millions of times: an attribute, not a property

    ORDINARY = "ordinary"
    EVERYDAY = "everyday"
    EXTENDED = "extended"
    HOSTILE = "hostile"

    def __str__(self) -> str:
        return str(self.value)


for _rank, _tier in enumerate(Tier):
    _tier.rank = _rank

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode  # made once: it is asked very often
_KEYS = ("messages", "tools", "documents", "add_generation_prompt", "variables", "special_tokens", "clock")


@dataclass(frozen=True)
class Conversation:
    """One call of a chat template, as data.

    ``None`` in ``tools``, ``documents`` and ``add_generation_prompt`` stands for an argument that the caller did
    not give. ``special_tokens`` of ``None`` means the container's own, else ``<s>`` and ``</s>``. ``clock`` is
    local time in ISO 8601 and the only clock a render sees. The values are JSON data and are not to be changed.
    """

    messages: list[dict[str, Json]]
    tools: list[dict[str, Json]] | None = None
    documents: list[dict[str, Json]] | None = None
    add_generation_prompt: bool | None = None
    variables: dict[str, Json] = field(default_factory=dict)
    special_tokens: dict[str, str] | None = None
    clock: str = DEFAULT_CLOCK

    def to_json(self) -> dict[str, Json]:
        """The contract's JSON object; arguments that were not given are left out."""
        out: dict[str, Json] = {"messages": self.messages}
        if self.tools is not None:
            out["tools"] = self.tools
        if self.documents is not None:
            out["documents"] = self.documents
        if self.add_generation_prompt is not None:
            out["add_generation_prompt"] = self.add_generation_prompt
        if self.variables:
            out["variables"] = self.variables
        if self.special_tokens is not None:
            out["special_tokens"] = self.special_tokens
        if self.clock != DEFAULT_CLOCK:
            out["clock"] = self.clock
        return out

    @cached_property
    def key(self) -> str:
        """A text that is equal for equal conversations (1, 1.0 and true stay apart)."""
        return _encode(self.to_json())

    def tokens_for(self, container: Mapping[str, str]) -> dict[str, str]:
        """The special tokens of a render of a template whose container holds ``container``.

        A container with tokens of its own lacks those that its model does not have, as in transformers; the defaults
        are for containers that hold none at all.
        """
        if self.special_tokens is not None:
            return dict(self.special_tokens)
        return dict(container or DEFAULT_SPECIAL_TOKENS)

    def with_changes(self, **changes: Json) -> Conversation:
        """A copy with some fields replaced."""
        return replace(self, **changes)


def parse_conversation(data: Json, where: str = "conversation") -> Conversation:
    """Build a conversation from the contract's JSON object.

    A bare list is taken as the messages. Raises :class:`ConversationError` naming the key that is wrong.
    """
    if isinstance(data, list):
        data = {"messages": data}
    if not isinstance(data, dict):
        raise ConversationError(f"{where}: expected a JSON object with a 'messages' list, found {json_kind(data)}")
    unknown = sorted(set(data) - set(_KEYS))
    if unknown:
        raise ConversationError(f"{where}: unknown key {unknown[0]!r}; known keys: {', '.join(_KEYS)}")
    if "messages" not in data:
        raise ConversationError(f"{where}: no 'messages' list")
    _expect_objects(data["messages"], f"{where}: 'messages'", allow_null=False)
    _expect_objects(data.get("tools"), f"{where}: 'tools'", allow_null=True)
    _expect_objects(data.get("documents"), f"{where}: 'documents'", allow_null=True)
    flag = data.get("add_generation_prompt")
    if flag is not None and not isinstance(flag, bool):
        raise ConversationError(f"{where}: 'add_generation_prompt' must be true or false, found {json_kind(flag)}")
    variables = data.get("variables") or {}
    if not isinstance(variables, dict):
        raise ConversationError(f"{where}: 'variables' must be an object, found {json_kind(variables)}")
    tokens = data.get("special_tokens")
    if tokens is not None and (
        not isinstance(tokens, dict) or not all(isinstance(value, str) for value in tokens.values())
    ):
        raise ConversationError(f"{where}: 'special_tokens' must be an object of strings")
    return Conversation(
        messages=data["messages"],
        tools=data.get("tools"),
        documents=data.get("documents"),
        add_generation_prompt=flag,
        variables=variables,
        special_tokens=tokens,
        clock=_clock(data.get("clock", DEFAULT_CLOCK), where),
    )


def _clock(value: Json, where: str) -> str:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ConversationError(
            f"{where}: 'clock' must be a local time such as {DEFAULT_CLOCK!r}, found {value!r}"
        ) from None
    return str(value)


def _expect_objects(value: Json, where: str, *, allow_null: bool) -> None:
    if value is None and allow_null:
        return
    if not isinstance(value, list):
        raise ConversationError(f"{where} must be a list of objects, found {json_kind(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise ConversationError(f"{where}[{index}] must be an object, found {json_kind(item)}")


def json_kind(value: Json) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
