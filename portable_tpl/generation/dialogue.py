"""Messages in the order that a well-behaved client sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.text import spoken_text
from portable_tpl.generation.tools import arguments, call_id
from portable_tpl.generation.values import value_for
from portable_tpl.requests.fields import FLAT_CALL_KEYS, MESSAGE_KEYS, REASONING_KEYS
from portable_tpl.requests.parts import BARE_MEDIA, EXAMPLE_URL, LINKED_MEDIA
from portable_tpl.requests.roles import CALL_ROLES, ROLE_FAMILIES, SPEAKING_ROLES, kind_of_role
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.template.usage.shape import CALL, CALLS, CONTENT, MESSAGE, PART, TemplateShape

Message = dict[str, Any]


def dialogue(choices: Choices, shape: TemplateShape, turns: int, calls_tools: bool) -> list[Message]:
    """A dialogue of so many user turns that ends with the user's message or with a tool's."""
    messages: list[Message] = []
    if happens(choices, 55):
        role = _role_like(choices, shape, "system") if happens(choices, 15) else "system"
        messages.append(_message(choices, shape, role))
    for turn in range(turns):
        if turn:
            messages.append(_answer(choices, shape))
        messages += _asides(choices, shape)
        messages.append(_message(choices, shape, _role_like(choices, shape, "user")))
        if calls_tools and happens(choices, 75):
            messages += _tool_turn(choices, shape, last=turn == turns - 1)
    return messages


def _role_like(choices: Choices, shape: TemplateShape, kind: str, family: Sequence[str] = ()) -> str:
    """A role of a kind, in the template's own words where it has any; the standard one in most cases."""
    family = family or ROLE_FAMILIES[kind]
    named = [role for role in shape.roles if role.lower() in family and role != kind]
    if named and happens(choices, 40):
        return pick(choices, named)
    return kind


def _asides(choices: Choices, shape: TemplateShape) -> list[Message]:
    """At times, a message of a role that only this template knows."""
    own = [role for role in shape.roles if kind_of_role(role) == "own" and role != "developer"]
    if not own or not CONTENTS[choices.tier].own_roles or not happens(choices, 35):
        return []
    return [_message(choices, shape, pick(choices, own)) for _ in range(1 + choices.below(2))]


def _message(choices: Choices, shape: TemplateShape, role: str) -> Message:
    message: Message = {"role": role, "content": content(choices, shape, role)}
    _add_own_keys(choices, shape, message)
    return message


def content(choices: Choices, shape: TemplateShape, role: str) -> str | list[dict[str, Any]]:
    """A message's content: text, or typed parts where the template reads them."""
    if role in shape.part_roles and happens(choices, 50):
        kind = None if role == "user" else "text"  # pictures come from users
        return [part(choices, shape, kind) for _ in range(1 + choices.below(3))]
    return spoken_text(choices, shape.markers(CONTENT, special=kind_of_role(role) not in ("user", "tool")))


def part(choices: Choices, shape: TemplateShape, kind: str | None = None) -> dict[str, Any]:
    """A typed part, of a type that the template names."""
    if kind is None:
        kind = "text" if not happens(choices, 55) else pick(choices, shape.part_types)
    made: dict[str, Any] = {"type": kind}
    if kind == "text":
        made["text"] = spoken_text(choices, shape.markers((*PART, "text")))
        own = [key for key in shape.keys(PART) if key not in ("type", "text", *shape.part_types)]
        made |= {key: value_for(choices, shape, (*PART, key), 1) for key in own if happens(choices, 40)}
    elif kind in LINKED_MEDIA:
        made[kind] = {"url": EXAMPLE_URL}
    elif kind in BARE_MEDIA:
        if kind in shape.keys(PART) or happens(choices, 40):
            made["url" if kind not in shape.keys(PART) else kind] = EXAMPLE_URL
    else:
        made |= {key: value_for(choices, shape, (*PART, key), 1) for key in shape.keys(PART) if key != "type"}
    return made


def _add_own_keys(choices: Choices, shape: TemplateShape, message: Message) -> None:
    for key in shape.keys(MESSAGE):
        if key not in MESSAGE_KEYS and happens(choices, 25):
            message[key] = value_for(choices, shape, (*MESSAGE, key))
    if "name" in shape.keys(MESSAGE) and message["role"] in ("user", "assistant") and happens(choices, 15):
        message["name"] = pick(choices, ("Ada", "example_user"))


def _answer(choices: Choices, shape: TemplateShape) -> Message:
    message = _message(choices, shape, _role_like(choices, shape, "assistant", SPEAKING_ROLES))
    _add_reasoning(choices, shape, message)
    return message


def _add_reasoning(choices: Choices, shape: TemplateShape, message: Message) -> None:
    named = [key for key in REASONING_KEYS if key in shape.keys(MESSAGE)]
    if happens(choices, 45 if named else 10):
        key = pick(choices, named or REASONING_KEYS)
        message[key] = spoken_text(choices, shape.markers((*MESSAGE, key)))


def _tool_turn(choices: Choices, shape: TemplateShape, last: bool) -> list[Message]:
    """Calls with their results, once or twice; after the last turn the results end the conversation."""
    messages: list[Message] = []
    rounds = 1 + choices.below(2)
    for _ in range(rounds):
        caller = calling_message(choices, shape, 1 + choices.below(3) // 2)
        messages.append(caller)
        messages += [tool_result(choices, shape, call) for call in caller["tool_calls"]]
    if last and happens(choices, 30):
        messages += [_answer(choices, shape), _message(choices, shape, "user")]
    return messages


def calling_message(choices: Choices, shape: TemplateShape, count: int) -> Message:
    """An assistant's message with so many tool calls; several always carry ids."""
    role = _role_like(choices, shape, "assistant", ("assistant", *CALL_ROLES))
    text = spoken_text(choices, shape.markers(CONTENT)) if happens(choices, 40) else ""
    message: Message = {"role": role, "content": text}
    if not text and happens(choices, 40) and (shape.reads(CALLS) or CONTENTS[choices.tier].unusual):
        # What clients of OpenAI's API send beside calls: null, or nothing. Who knows nothing of calls prints "None".
        if happens(choices, 60):
            message["content"] = None
        else:
            del message["content"]
    _add_reasoning(choices, shape, message)
    _add_own_keys(choices, shape, message)
    with_ids = count > 1 or not CONTENTS[choices.tier].unread_calls or happens(choices, 70)
    message["tool_calls"] = [tool_call(choices, shape, with_ids) for _ in range(count)]
    return message


def tool_call(choices: Choices, shape: TemplateShape, with_id: bool) -> dict[str, Any]:
    """One call, wrapped as OpenAI's clients send it, or flat where the template reads it so."""
    names = (
        "get_weather",
        "search",
        *(v for v in shape.at((*CALL, "function", "name")).equals if isinstance(v, str)),
    )
    function = {"name": pick(choices, names), "arguments": arguments(choices)}
    if takes_flat_calls(shape) and (not takes_wrapped_calls(shape) or happens(choices, 35)):
        call: dict[str, Any] = function
    else:
        call = {"type": "function", "function": function}
    for key in shape.keys(CALL):
        if key not in ("id", "type", "function", "name", "arguments") and happens(choices, 35):
            call[key] = value_for(choices, shape, (*CALL, key), 1)
    return {"id": call_id(choices), **call} if with_id else call


def takes_flat_calls(shape: TemplateShape) -> bool:
    """Whether the template reads a call's name right off the call."""
    return any(shape.reads((*CALL, key)) for key in FLAT_CALL_KEYS)


def takes_wrapped_calls(shape: TemplateShape) -> bool:
    """Whether the template unwraps ``tool_call.function``."""
    return shape.reads((*CALL, "function"))


def tool_result(choices: Choices, shape: TemplateShape, call: dict[str, Any]) -> Message:
    """The answer to a call."""
    role = _role_like(choices, shape, "tool")
    text = pick(choices, ('{"temperature": 22, "sky": "clear"}', "22", "")) if happens(choices, 40) else None
    result: Message = {
        "role": role,
        "content": content(choices, shape, role) if text is None else text,
    }
    if "id" in call and happens(choices, 85):
        result["tool_call_id"] = call["id"]
    if happens(choices, 60):
        result["name"] = call.get("function", call)["name"]
    _add_own_keys(choices, shape, result)
    return result
