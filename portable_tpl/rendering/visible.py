"""What of a call's arguments a template sees.

Source of facts: ``apply_chat_template`` and ``render_jinja_template`` of transformers 5.24. There every argument is
copied; here only what is not plain data already, since no template can change what it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import RenderError
from portable_tpl.targets.steps.plain import is_plain, plain_data
from portable_tpl.targets.steps.reference import REASONING_FIELDS, reference_message

_REASONING = frozenset(REASONING_FIELDS)


def visible_value(value: Any, copy: bool = False) -> Json:
    """The value as plain data; ``copy`` asks for new objects throughout."""
    return value if not copy and is_plain(value) else plain_data(value)


def visible_messages(messages: Any, copy: bool = False) -> list[dict[str, Json]]:
    """The messages as a template sees them.

    They are dicts, dataclasses or pydantic models, in a list, a tuple, another iterable, or an object's attribute
    ``messages``. Raises :class:`RenderError` for anything else, and where there are none.
    """
    return [_visible_message(message, copy) for message in given_messages(messages)]


def given_messages(messages: Any) -> Iterable[Any]:
    """The messages to iterate over, as the caller has them; raises :class:`RenderError` where there are none."""
    given = getattr(messages, "messages", messages)
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        raise RenderError(f"messages: expected a list of messages, found {type(given).__name__}{_hint(given)}")
    if isinstance(given, (list, tuple)) and not given:
        raise RenderError(
            "messages: the conversation is empty; chat templates need at least one message, as in transformers"
        )
    return given


def _visible_message(message: Any, copy: bool) -> dict[str, Json]:
    if type(message) is dict and not copy:
        for key, value in message.items():
            if type(value) is not str or type(key) is not str or key in _REASONING:
                break
        else:
            return message
        if is_plain(message):
            return reference_message(message)
    data = plain_data(message)
    if not isinstance(data, dict):
        raise RenderError(
            f"messages: each is a dict, a dataclass or a pydantic model; found {type(message).__name__}"
            + ("; several conversations at once go to render_batch" if isinstance(message, (list, tuple)) else "")
        )
    return reference_message(data)


def visible_tools(tools: Any, copy: bool = False) -> list[dict[str, Json]] | None:
    """The tools as JSON schemas: functions and methods are described; raises :class:`RenderError`."""
    if tools is None:
        return None
    if isinstance(tools, (str, Mapping)) or not isinstance(tools, Iterable):
        raise RenderError(f"tools: expected a list of JSON schemas or functions, found {type(tools).__name__}")
    return [schema_of(tool, copy) for tool in tools]


def schema_of(tool: Any, copy: bool = False) -> dict[str, Json]:
    """A tool's JSON schema; a function or method is described. Raises :class:`RenderError`."""
    if isinstance(tool, dict):
        schema: dict[str, Json] = visible_value(tool, copy)
        return schema
    from portable_tpl.targets.steps.tool_schema import json_schema_of

    return json_schema_of(tool)


def visible_documents(documents: Any, copy: bool = False) -> Json:
    """The documents, each a dict; raises :class:`RenderError`."""
    if documents is None:
        return None
    if not isinstance(documents, Iterable):
        raise RenderError(f"documents: expected a list of dicts, found {type(documents).__name__}")
    given = documents if isinstance(documents, (list, tuple)) else list(documents)
    for document in given:
        if not isinstance(document, dict):
            raise RenderError(f"documents: each is a dict; found {type(document).__name__}")
    return visible_value(given, copy)


def _hint(given: object) -> str:
    if isinstance(given, Mapping) and "messages" in given:
        return "; for a whole request use render_request"
    return ""
