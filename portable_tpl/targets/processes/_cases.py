"""Conversations as a worker is told them: encoded once, registered once, and bounded in number and size."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.targets.processes._adapter import ContextBuilder

_MOST_CASES = 1024
_MOST_CHARACTERS = 32 << 20

encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode

_Identity: TypeAlias = "tuple[str, tuple[tuple[str, str], ...]]"


@dataclass
class _Case:
    """A case's key and its line of the protocol; ``sent`` once the worker has it."""

    key: str
    payload: str
    sent: bool = False


class CaseBook:
    """The cases that one worker knows, oldest first."""

    def __init__(self, build: ContextBuilder) -> None:
        self._build = build
        self._cases: OrderedDict[_Identity, _Case] = OrderedDict()
        self._by_key: dict[str, _Case] = {}
        self._characters = 0
        self._named = 0
        self._dropped: list[str] = []

    def enter(self, conversations: Sequence[Conversation], tokens: Mapping[str, str]) -> list[str | Rendering]:
        """The key of each conversation with a container's special tokens; or its rendering, if that is known."""
        try:
            return self._entered(conversations, tokens)
        except RecursionError:
            if len(conversations) > 1:
                return [self.enter([conversation], tokens)[0] for conversation in conversations]
            return [Failed("unsupported", "the values of the conversation are nested too deeply for JSON")]

    def _entered(self, conversations: Sequence[Conversation], tokens: Mapping[str, str]) -> list[str | Rendering]:
        container = tuple(tokens.items())
        known, touch = self._cases.get, self._cases.move_to_end
        entries: list[str | Rendering] = []
        for conversation in conversations:
            identity = (conversation.key, container if conversation.special_tokens is None else ())
            case = known(identity)
            if case is not None:
                touch(identity)
                entries.append(case.key)
            else:
                entries.append(self._make(conversation, tokens, identity))
        return entries

    def _make(self, conversation: Conversation, tokens: Mapping[str, str], identity: _Identity) -> str | Rendering:
        context = self._build(conversation, tokens)
        if not isinstance(context, dict):
            return context
        self._named += 1
        case = _Case(f"c{self._named}", encode({"context": context, "clock": conversation.clock}))
        self._cases[identity] = case
        self._by_key[case.key] = case
        self._characters += len(case.payload)
        return case.key

    def registration(self, keys: Iterable[str]) -> str:
        """The line that tells the worker what it does not know yet and what to forget; empty if there is nothing."""
        fresh = [case for case in map(self._by_key.__getitem__, keys) if not case.sent]
        if not fresh and not self._dropped:
            return ""
        for case in fresh:
            case.sent = True
        known = ",".join(f'"{case.key}":{case.payload}' for case in fresh)
        dropped, self._dropped = self._dropped, []
        return f'{{"op":"contexts","set":{{{known}}},"drop":{encode(dropped)}}}\n'

    def trim(self) -> None:
        """Forget the oldest cases beyond the bounds; their keys are not to be used any more."""
        while len(self._cases) > _MOST_CASES or self._characters > _MOST_CHARACTERS:
            _, case = self._cases.popitem(last=False)
            del self._by_key[case.key]
            self._characters -= len(case.payload)
            if case.sent:
                self._dropped.append(case.key)

    def worker_is_new(self) -> None:
        """A worker that was just started knows nothing."""
        self._dropped.clear()
        for case in self._cases.values():
            case.sent = False
