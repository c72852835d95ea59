"""Single changes that make a conversation unusual, or hostile."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.dialogue import Message, calling_message, content
from portable_tpl.generation.text import hostile_text, spoken_text
from portable_tpl.generation.tools import EXTENDED_NUMBERS, tools
from portable_tpl.generation.values import own_copy, own_variables, value_for
from portable_tpl.model.conversation import Conversation
from portable_tpl.template.usage.shape import CALL, MESSAGE, TemplateShape

_Change = Callable[[Choices, TemplateShape, Conversation], "Conversation | None"]
_BIG_INTEGERS = (2**53 + 1, 2**63, -(2**63) - 1, 12345678901234567890, 2**31)
_HOSTILE_FLOATS = (1e20, 1e-9, 1.5e300, 5e-324, -0.0)
_WRONG: tuple[Any, ...] = (0, True, 3.5, [], {}, ["text"], {"text": "x"}, [None], "")
_DEEP = 150  # levels; serde_json, with which Rust's programs read JSON, stops at 128


def make_extended(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation:
    """The conversation with one legal but unusual thing in it."""
    start = choices.below(len(EXTENDED_MUTATIONS))
    for step in range(len(EXTENDED_MUTATIONS)):
        changed = EXTENDED_MUTATIONS[(start + step) % len(EXTENDED_MUTATIONS)](
            choices, shape, _own_copy(conversation)
        )
        if changed is not None:
            return changed
    return conversation


def make_hostile(choices: Choices, conversation: Conversation) -> Conversation:
    """The conversation with one thing in it that no well-meaning client sends."""
    changed = _own_copy(conversation)
    kind = choices.below(4)
    places = _places(changed.messages) + _places(changed.tools or []) + _places(changed.documents or [])
    if not places:
        return changed.with_changes(variables={"odd": hostile_text(choices)})
    if kind == 0:
        wrong_places = [place for place in places if place[1] not in ("role",)]
        holder, key = pick(choices, wrong_places or places)
        holder[key] = own_copy(pick(choices, _WRONG))
    elif kind == 1:
        holder, key = pick(choices, _arguments(changed) or places)
        holder[key] = pick(choices, (*_BIG_INTEGERS, *_HOSTILE_FLOATS)) if happens(choices, 90) else _deep_value()
    else:
        texts = [(holder, key) for holder, key in places if isinstance(holder[key], str)]
        holder, key = pick(choices, texts or places)
        holder[key] = hostile_text(choices)
    return changed


def _own_copy(conversation: Conversation) -> Conversation:
    return conversation.with_changes(
        messages=own_copy(conversation.messages),
        tools=own_copy(conversation.tools),
        documents=own_copy(conversation.documents),
    )


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value, depth first."""
    places: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(value, dict):
            places.append((value, key))
        places += _places(inner)
    return places


def _arguments(conversation: Conversation) -> list[tuple[Any, Any]]:
    """The place of every value in the arguments of calls."""
    return [place for call in _calls(conversation) for place in _places(call.get("arguments"))]


def _calls(conversation: Conversation) -> list[dict[str, Any]]:
    """The name and arguments of every call that is in order; hostile conversations hold others too."""
    found = []
    for message in conversation.messages:
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function", call) if isinstance(call, dict) else None
            if isinstance(function, dict):
                found.append(function)
    return found


def _deep_value() -> Any:
    value: Any = "bottom"
    for _ in range(_DEEP):
        value = [value]
    return value


# -- extended: each gives None where it does not apply ---------------------------------------------------------------


def _some_message(choices: Choices, conversation: Conversation, roles: Sequence[str] = ()) -> Message | None:
    fitting = [message for message in conversation.messages if not roles or message.get("role") in roles]
    return pick(choices, fitting) if fitting else None


def _content_null(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    message = _some_message(choices, conversation, () if happens(choices, 30) else ("assistant",))
    if message is None:
        return None
    message["content"] = None
    return conversation


def _content_absent(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    message = _some_message(choices, conversation, () if happens(choices, 30) else ("assistant",))
    if message is None:
        return None
    message.pop("content", None)
    return conversation


def _arguments_as_text(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    calls = _calls(conversation)
    for call in calls:
        if isinstance(call.get("arguments"), dict):
            call["arguments"] = json.dumps(call["arguments"], ensure_ascii=happens(choices, 30))
    return conversation if calls else None


def _arguments_empty(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    calls = _calls(conversation)
    if not calls:
        return None
    pick(choices, calls)["arguments"] = pick(choices, ({}, "", "{}"))
    return conversation


def _unusual_number(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    places = _arguments(conversation)
    if not places:
        return None
    holder, key = pick(choices, places)
    holder[key] = pick(choices, EXTENDED_NUMBERS)
    return conversation


def _tools_empty(_: Choices, __: TemplateShape, conversation: Conversation) -> Conversation:
    return conversation.with_changes(tools=[])


def _calls_without_ids(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation:
    message = calling_message(choices, shape, 2)
    for call in message["tool_calls"]:
        call.pop("id", None)
    results = [{"role": "tool", "content": spoken_text(choices), "name": "search"} for _ in range(2)]
    return conversation.with_changes(messages=[*conversation.messages, message, *results])


def _same_role_again(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    if not conversation.messages:
        return None
    at = choices.below(len(conversation.messages))
    again = {"role": conversation.messages[at].get("role"), "content": spoken_text(choices)}
    conversation.messages.insert(at + 1, again)
    return conversation


def _late_system(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation:
    at = choices.below(len(conversation.messages)) + 1 if conversation.messages else 0
    conversation.messages.insert(at, {"role": "system", "content": content(choices, shape, "system")})
    return conversation


def _other_role(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation | None:
    message = _some_message(choices, conversation)
    if message is None:
        return None
    message["role"] = pick(choices, ("developer", "critic", "tool", "function", *shape.roles))
    return conversation


def _assistant_first(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation:
    at = 1 if conversation.messages and conversation.messages[0].get("role") == "system" else 0
    conversation.messages.insert(at, {"role": "assistant", "content": spoken_text(choices)})
    return conversation


def _assistant_last(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation:
    if shape.reads((*MESSAGE, "tool_calls")) and happens(choices, 30):
        conversation.messages.append(calling_message(choices, shape, 1))
    else:
        conversation.messages.append({"role": "assistant", "content": content(choices, shape, "assistant")})
    return conversation.with_changes(add_generation_prompt=pick(choices, (False, None, True)))


def _no_messages(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    return conversation.with_changes(messages=[]) if happens(choices, 50) else None


def _only_system(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation:
    return conversation.with_changes(messages=[{"role": "system", "content": spoken_text(choices)}])


def _unusual_tools(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation:
    return conversation.with_changes(tools=tools(choices, shape))


def _null_key(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation | None:
    message = _some_message(choices, conversation)
    keys = [key for key in shape.keys(MESSAGE) if key != "role"]
    if message is None or not keys:
        return None
    message[pick(choices, keys)] = None
    return conversation


def _parts_elsewhere(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation | None:
    message = _some_message(choices, conversation)
    if message is None or not isinstance(message.get("content"), str):
        return None
    message["content"] = [{"type": "text", "text": message["content"]}]
    return conversation


def _result_as_data(choices: Choices, _: TemplateShape, conversation: Conversation) -> Conversation | None:
    message = _some_message(choices, conversation, ("tool",))
    if message is None:
        return None
    message["content"] = pick(choices, ({"temperature": 22}, ["a", "b"], {"content": "x"}))
    return conversation


def _odd_variables(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation | None:
    names = own_variables(shape)
    if not names:
        return None
    name = pick(choices, names)
    value = pick(choices, (None, "", False, 0, 1.5))
    if happens(choices, 30):
        value = value_for(choices, shape, (name,))
    return conversation.with_changes(variables={**conversation.variables, name: value})


def _other_calls(choices: Choices, shape: TemplateShape, conversation: Conversation) -> Conversation | None:
    """Calls flat where the template unwraps them, or wrapped where it reads them flat; or a result without a call."""
    if not shape.reads(CALL):
        return None
    calls = [message for message in conversation.messages if message.get("tool_calls")]
    if not calls:
        conversation.messages.append({"role": "tool", "content": spoken_text(choices), "name": "search"})
        return conversation
    message = pick(choices, calls)
    message["tool_calls"] = [
        {key: value for key, value in call.items() if key != "function"} | call["function"]
        if "function" in call
        else {"type": "function", "function": call}
        for call in message["tool_calls"]
    ]
    return conversation


EXTENDED_MUTATIONS: tuple[_Change, ...] = (
    _content_null, _content_absent, _arguments_as_text, _arguments_empty, _unusual_number, _tools_empty,
    _calls_without_ids, _same_role_again, _late_system, _other_role, _assistant_first, _assistant_last, _no_messages,
    _only_system, _unusual_tools, _null_key, _parts_elsewhere, _result_as_data, _odd_variables, _other_calls,
)  # fmt: skip
