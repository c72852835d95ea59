"""The arguments of one ``apply_chat_template`` call, and its prompt by an engine in a process of its own."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from portable_tpl.model.conversation import Conversation, Json, parse_conversation
from portable_tpl.model.errors import ConversationError, RenderError
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.model.words import in_one_line
from portable_tpl.rendering.visible import given_messages, schema_of
from portable_tpl.targets.processes._base import REFERENCE, Runtime
from portable_tpl.targets.steps.continuation import Continuation, cut_after_final_message, mark_final_message
from portable_tpl.targets.steps.plain import plain_data

Tool: TypeAlias = Mapping[str, Json] | Callable[..., Any]


class Call(NamedTuple):
    """The arguments of one ``apply_chat_template`` call, as data.

    ``clock`` is local time in ISO 8601, ``None`` for now. ``special_tokens`` of ``None`` are the container's.
    """

    messages: Any
    tools: Sequence[Tool] | None = None
    documents: Sequence[Mapping[str, Json]] | None = None
    add_generation_prompt: bool = False
    continue_final_message: bool | str = False
    variables: Mapping[str, Json] = MappingProxyType({})
    special_tokens: Mapping[str, str] | None = None
    clock: str | None = None


def choose(template: Template, tools: object, name: str | None = None) -> Template:
    """The template of a container that a call uses.

    As in transformers: the one asked for; else ``tool_use`` where tools were given, even an empty list; else
    ``default``. Raises :class:`RenderError` for a name that the container does not have, and where it has neither.
    """
    everything = {template.name: template, **template.named}
    if name is not None:
        if name not in everything:
            raise RenderError(
                f"{template.path or 'template'}: no template named {name!r}; it holds: "
                f"{', '.join(sorted(everything))}"
            )
        return everything[name]
    if not template.named:
        return template
    if tools is not None and "tool_use" in everything:
        return everything["tool_use"]
    if "default" in everything:
        return everything["default"]
    raise RenderError(
        f"{template.path or 'template'}: holds named templates and no default; name one of these: "
        f"{', '.join(sorted(everything))}"
    )


def only(template: Template) -> Template:
    """The template without the others of its container: it was chosen by name, and tools do not change that."""
    return replace(template, named={})


def conversation_of(call: Call) -> Conversation:
    """The conversation that a call stands for; functions among the tools become JSON schemas.

    Raises :class:`RenderError` for an argument that is no JSON data of the right shape.
    """
    try:
        data: dict[str, Json] = {
            "messages": [plain_data(message) for message in given_messages(call.messages)],
            "tools": None if call.tools is None else [dict(schema_of(tool)) for tool in call.tools],
            "documents": None if call.documents is None else [plain_data(one) for one in call.documents],
            "add_generation_prompt": call.add_generation_prompt,
            "variables": plain_data(call.variables),
            "special_tokens": None if call.special_tokens is None else dict(call.special_tokens),
            "clock": datetime.now().isoformat() if call.clock is None else call.clock,
        }
        _expect_text_keys(data)
        conversation = parse_conversation(data, "the conversation")
        assert conversation.key
    except ConversationError as error:
        raise RenderError(str(error)) from None
    except (TypeError, ValueError) as error:
        raise RenderError(f"the conversation: {one_line(str(error))}") from None
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
        elif isinstance(value, (list, tuple)):
            todo.extend(value)


def render_call(template: Template, call: Call, runtime: Runtime) -> Rendering:
    """Render one call in the engine's process; what the template or the engine does wrong is a value.

    Raises :class:`RenderError` where the arguments do not fit together.
    """
    answer = render_calls(template, [call], runtime, template.name)[0]
    if isinstance(answer, RenderError):
        raise answer
    return answer


def render_calls(
    template: Template, calls: Sequence[Call], runtime: Runtime, name: str | None = None
) -> list[Rendering | RenderError]:
    """Render calls in the engine's process, those of one template in one round trip; ``name`` as for :func:`choose`.

    What keeps a call from being rendered, and what is wrong with its prompt, stands in the place of its answer.
    """
    answers: dict[int, Rendering | RenderError] = {}
    waiting: dict[str, list[_Waiting]] = {}
    for index, call in enumerate(calls):
        ready = _waiting(index, call, template, name)
        if isinstance(ready, RenderError):
            answers[index] = ready
        else:
            waiting.setdefault(ready.template.name, []).append(ready)
    for same in waiting.values():
        renderings = runtime.render_all(same[0].template, [each.conversation for each in same])
        answers.update((each.index, _cut(answer, each)) for each, answer in zip(same, renderings, strict=True))
    return [answers[index] for index in range(len(calls))]


@dataclass(frozen=True)
class _Waiting:
    """A call that is ready for the engine, and its place among the others."""

    index: int
    template: Template
    conversation: Conversation
    continuation: Continuation | None = None


def _waiting(index: int, call: Call, template: Template, name: str | None) -> _Waiting | RenderError:
    try:
        chosen = choose(template, call.tools, name)
        conversation = conversation_of(call)
        if not call.continue_final_message:
            return _Waiting(index, chosen, conversation)
        return _Waiting(index, chosen, *mark_final_message(conversation, chosen.text, call.continue_final_message))
    except RenderError as error:
        return error


def _cut(answer: Rendering, waiting: _Waiting) -> Rendering | RenderError:
    if waiting.continuation is None or not isinstance(answer, Rendered):
        return answer
    try:
        return Rendered(cut_after_final_message(answer.text, waiting.continuation))
    except RenderError as error:
        return error


def prompt_text(answer: Rendering, template: Template, target: str = REFERENCE) -> str:
    """The text of an answer, or :class:`RenderError` in one line."""
    if isinstance(answer, Rendered):
        return answer.text
    raise RenderError(f"{template.label}: {target} {reason_of(answer)}")


def reason_of(answer: Refused | Failed) -> str:
    """Why there is no text, in one line."""
    if isinstance(answer, Refused):
        return f"refused: {one_line(answer.message)}"
    place = f" at line {answer.line}" if answer.line is not None else ""
    return f"failed{place} ({answer.kind}): {one_line(answer.message)}"


def outcome_record(answer: Rendering) -> dict[str, Json]:
    """A rendering as it is written in JSON."""
    if isinstance(answer, Rendered):
        return {"prompt": answer.text}
    kind = {"kind": answer.kind} if isinstance(answer, Failed) else {"refused": True}
    return {"error": answer.message, **kind}


def one_line(text: str) -> str:
    """A message without line breaks, never empty."""
    return in_one_line(text) or "(no message)"


_WARM: dict[str, Runtime] = {}


def warm_runtime(target: str) -> Runtime:
    """The engine of a target, started at the first call and kept until the program ends.

    Threads share it; a process that was forked starts a worker of its own. Raises :class:`UnknownTarget` and
    :class:`TargetUnavailable`.
    """
    from portable_tpl.targets.registry import canonical, open_runtime

    key = canonical(target)
    runtime = _WARM.get(key)
    if runtime is None:
        if not _WARM:
            atexit.register(close_warm)
        opened = open_runtime(key)
        runtime = _WARM.setdefault(key, opened)
        if runtime is not opened:
            opened.close()
    return runtime


def close_warm() -> None:
    """Stop the engines that :func:`warm_runtime` started."""
    while _WARM:
        _WARM.popitem()[1].close()
