"""Messages put into a dialogue so that it stays in a valid order where it was in one."""

from __future__ import annotations

from portable_tpl.generation.choices import Choices, happens, pick
from portable_tpl.generation.dialogue import Message, calling_message, content, tool_result
from portable_tpl.generation.text import spoken_text
from portable_tpl.requests.roles import kind_of_role
from portable_tpl.template.usage.shape import CONTENT, TemplateShape


def put_role(choices: Choices, shape: TemplateShape, messages: list[Message], role: str) -> int:
    """Have a message of this role where such a message may stand; gives its place."""
    there = [index for index, message in enumerate(messages) if message.get("role") == role]
    if there and not happens(choices, 30):
        return pick(choices, there)
    kind = kind_of_role(role)
    made: Message = {"role": role, "content": content(choices, shape, role)}
    users = [index for index, _ in enumerate(messages) if _kind(messages, index) == "user"]
    at = pick(choices, users) + 1 if users else len(messages)
    if kind == "system":
        messages[:] = [made, *(messages[1:] if _kind(messages, 0) == "system" else messages)]
        return 0
    if kind == "assistant":
        messages[at:at] = [made, {"role": "user", "content": spoken_text(choices)}]
        return at
    if kind == "tool":
        return _put_result(choices, shape, messages, at, role)
    if kind == "user":
        if not users:
            messages.insert(0, made)
            return 0
        at = pick(choices, users)
        messages[at] = made
        return at
    at = max(0, at - 1)
    messages.insert(at, made)
    return at


def _kind(messages: list[Message], index: int) -> str:
    """Whose part the message at a place plays; empty where there is none."""
    return kind_of_role(str(messages[index].get("role"))) if index < len(messages) else ""


def _put_result(choices: Choices, shape: TemplateShape, messages: list[Message], at: int, role: str) -> int:
    """A call and its result, and what may follow them."""
    caller = calling_message(choices, shape, 1)
    messages[at:at] = [caller, {**tool_result(choices, shape, caller["tool_calls"][0]), "role": role}]
    after = at + 2
    if after < len(messages):
        messages.insert(after, {"role": "assistant", "content": spoken_text(choices)})
        if _kind(messages, after + 1) == "assistant":
            del messages[after + 1]
        elif _kind(messages, after + 1) != "user":
            messages.insert(after + 1, {"role": "user", "content": "Go on."})
    return at + 1


def add_turn(choices: Choices, shape: TemplateShape, messages: list[Message]) -> None:
    """One more answer and the user's next words."""
    messages += [
        {"role": "assistant", "content": spoken_text(choices, shape.markers(CONTENT))},
        {"role": "user", "content": spoken_text(choices)},
    ]


def add_calls(choices: Choices, shape: TemplateShape, messages: list[Message], count: int = 1) -> int:
    """A calling message and its results, at the end or before the next answer; gives the caller's place."""
    caller = calling_message(choices, shape, count)
    results = [tool_result(choices, shape, call) for call in caller["tool_calls"]]
    users = [
        index
        for index, _ in enumerate(messages)
        if _kind(messages, index) == "user" and _kind(messages, index + 1) in ("", "assistant")
    ]
    at = pick(choices, users) + 1 if users else len(messages)
    messages[at:at] = [caller, *results]
    return at
