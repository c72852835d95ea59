"""Prompts, as transformers' ``apply_chat_template`` makes them, on any runtime and without transformers."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portable_tpl.model.conversation import DEFAULT_CLOCK, Conversation, Json, parse_conversation
from portable_tpl.model.errors import ConversationError, RenderError
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE, Runtime
from portable_tpl.targets.steps.continuation import cut_after_final_message, mark_final_message
from portable_tpl.targets.steps.plain import plain_data

Tool = Mapping[str, Json] | Callable[..., Any]


@dataclass(frozen=True)
class Call:
    """The arguments of one ``apply_chat_template`` call, as data."""

    messages: Sequence[Mapping[str, Json]]
    tools: Sequence[Tool] | None = None
    documents: Sequence[Mapping[str, Json]] | None = None
    add_generation_prompt: bool = False
    continue_final_message: bool | str = False
    variables: Mapping[str, Json] = field(default_factory=dict)
    special_tokens: Mapping[str, str] | None = None
    clock: str = DEFAULT_CLOCK


def choose(template: Template, tools: object, name: str | None = None) -> Template:
    """The template of a container that a call uses.

    As in transformers: the one asked for; else ``tool_use`` where tools were given, even an empty list; else
    ``default``. Raises :class:`RenderError` for a name that the container does not have.
    """
    everything = {template.name: template, **template.named}
    if name is not None:
        if name not in everything:
            raise RenderError(
                f"{template.path or 'template'}: no template named {name!r}; it holds: "
                f"{', '.join(sorted(everything))}"
            )
        chosen = everything[name]
    elif template.name == "default" and tools is not None and "tool_use" in everything:
        chosen = everything["tool_use"]
    else:
        chosen = template
    return chosen


def conversation_of(call: Call) -> Conversation:
    """The conversation that a call stands for; functions among the tools become JSON schemas.

    Raises :class:`RenderError` for an argument that is no JSON data of the right shape.
    """
    try:
        data: dict[str, Json] = {
            "messages": _objects(getattr(call.messages, "messages", call.messages)),
            "tools": None if call.tools is None else [_schema(tool) for tool in call.tools],
            "documents": None if call.documents is None else _objects(call.documents),
            "add_generation_prompt": call.add_generation_prompt,
            "variables": plain_data(call.variables),
            "special_tokens": None if call.special_tokens is None else dict(call.special_tokens),
            "clock": call.clock,
        }
        _expect_text_keys(data)
        conversation = parse_conversation(data, "the conversation")
        assert conversation.key
    except ConversationError as error:
        raise RenderError(str(error)) from None
    except (TypeError, ValueError) as error:
        raise RenderError(f"the conversation: {_one_line(str(error))}") from None
    except RecursionError:
        raise RenderError("the conversation: nested too deeply for JSON") from None
    return conversation


def _expect_text_keys(data: Json) -> None:
    """JSON would turn other keys into texts without a word, and the prompt would not be that of transformers."""
    todo = [data]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise TypeError(f"the key {key!r} is no text, and in JSON every key is")
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


def _objects(given: object) -> Json:
    """The caller's objects as plain data, as transformers makes them; what is no list is looked at later."""
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        return given
    return [plain_data(item) for item in given]


def _schema(tool: Tool) -> dict[str, Json]:
    if isinstance(tool, Mapping):
        return dict(plain_data(tool))
    from portable_tpl.targets.steps.tool_schema import json_schema_of

    return json_schema_of(tool)


def render_call(template: Template, call: Call, runtime: Runtime) -> Rendering:
    """Render one call; what the template or the engine does wrong is a value.

    Raises :class:`RenderError` where the arguments do not fit together.
    """
    conversation = conversation_of(call)
    if not call.continue_final_message:
        return runtime.render(template, conversation)
    marked, continuation = mark_final_message(conversation, template.text, call.continue_final_message)
    answer = runtime.render(template, marked)
    if not isinstance(answer, Rendered):
        return answer
    return Rendered(cut_after_final_message(answer.text, continuation))


def prompt_text(answer: Rendering, template: Template, target: str = REFERENCE) -> str:
    """The text of an answer, or :class:`RenderError` in one line."""
    if isinstance(answer, Rendered):
        return answer.text
    raise RenderError(f"{template.label}: {target} {reason_of(answer)}")


def reason_of(answer: Refused | Failed) -> str:
    """Why there is no text, in one line."""
    if isinstance(answer, Refused):
        return f"refused: {_one_line(answer.message)}"
    place = f" at line {answer.line}" if answer.line is not None else ""
    return f"failed{place} ({answer.kind}): {_one_line(answer.message)}"


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "(no message)"


_WARM: dict[str, Runtime] = {}


def warm_runtime(target: str) -> Runtime:
    """The engine of a target, started at the first call and kept until the program ends.

    Raises :class:`UnknownTarget` and :class:`TargetUnavailable`.
    """
    from portable_tpl.targets.registry import canonical, open_runtime

    key = canonical(target)
    if key not in _WARM:
        if not _WARM:
            atexit.register(close_warm)
        _WARM[key] = open_runtime(key)
    return _WARM[key]


def close_warm() -> None:
    """Stop the engines that :func:`warm_runtime` started."""
    while _WARM:
        _WARM.popitem()[1].close()
