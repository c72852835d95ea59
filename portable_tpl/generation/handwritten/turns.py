"""Turns and tools that handwritten conversations are made of, in the forms that a template reads."""

from __future__ import annotations

from typing import Any

from portable_tpl.generation.dialogue import Message, takes_flat_calls, takes_wrapped_calls
from portable_tpl.generation.tools import takes_flat_tools, takes_wrapped_tools
from portable_tpl.model.conversation import Conversation
from portable_tpl.template.usage.shape import TemplateShape


def user(text: Any = "Hi") -> Message:
    """A user's message."""
    return {"role": "user", "content": text}


def assistant(text: Any = "Hello!", **more: Any) -> Message:
    """An assistant's message."""
    return {"role": "assistant", "content": text, **more}


def system(text: Any = "Be brief.") -> Message:
    """A system message."""
    return {"role": "system", "content": text}


def chat(*messages: Message, prompt: bool | None = True, **more: Any) -> Conversation:
    """A conversation of these messages; ``prompt`` says whether it asks for an answer, None does not say."""
    return Conversation(list(messages), add_generation_prompt=prompt, **more)


def tools_for(shape: TemplateShape, *tools: Message) -> list[Message]:
    """Wrapped tools as they are, or flat for a template that takes only those."""
    if takes_flat_tools(shape) and not takes_wrapped_tools(shape):
        return [tool["function"] for tool in tools]
    return list(tools)


def call_of(shape: TemplateShape, arguments: Any, call_id: str | None) -> Message:
    """A call of the weather tool, flat for a template that takes only those; without an id for None."""
    function = {"name": "get_weather", "arguments": arguments}
    flat = takes_flat_calls(shape) and not takes_wrapped_calls(shape)
    message: Message = function if flat else {"type": "function", "function": function}
    return {"id": call_id, **message} if call_id else message


def result_of(call: Message, text: Any, role: str = "tool") -> Message:
    """What a call gave, in a message of ``role``, with the name and the id of its call."""
    message = {"role": role, "content": text, "name": call.get("function", call)["name"]}
    return {**message, "tool_call_id": call["id"]} if "id" in call else message
