"""A row of data as a call: a conversation of ours, a request of a client, or columns of a trainer's data set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portable_tpl.model.conversation import Json, json_kind
from portable_tpl.model.errors import ConversationError
from portable_tpl.rendering.prompts import Call
from portable_tpl.rendering.reserved import refuse_reserved

ARGUMENTS = (
    *("messages", "tools", "documents", "add_generation_prompt", "continue_final_message"),
    *("variables", "special_tokens", "clock", "chat_template_kwargs"),
)
_FLAGS = ("tools", "documents", "add_generation_prompt", "continue_final_message")
_NAMES = frozenset(ARGUMENTS)
_OBJECT = (dict, Mapping)  # nearly all are dicts, which is quickly told
# Columns that hold a conversation in the data sets of well-known trainers, for the hint about a row without messages.
_USUAL_COLUMNS = ("conversations", "conversation", "chat", "dialogue", "dialog", "turns", "prompt", "text")
# ShareGPT's names of roles.
_SHAREGPT_ROLES = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bard", "bing"), "assistant"),
    "system": "system",
    **dict.fromkeys(("tool", "observation", "function_response"), "tool"),
}


@dataclass(frozen=True)
class RowOptions:
    """How rows are read, and the arguments that hold for all of them (``None``: the row's own, else the default).

    ``columns`` names for an argument, or for a variable of the template, the columns that hold it; the lists of
    several are joined. ``keep`` are columns that go into the output as they are.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    tools: Sequence[Json] | None = None
    documents: Sequence[Json] | None = None
    add_generation_prompt: bool | None = None
    continue_final_message: bool | str | None = None
    clock: str | None = None
    variables: Mapping[str, Json] = field(default_factory=dict)


_NO_OPTIONS = RowOptions()


def parse_columns(pairs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``ARGUMENT=COLUMN`` and ``ARGUMENT=COLUMN+COLUMN`` texts as :attr:`RowOptions.columns`.

    Raises :class:`ConversationError`.
    """
    columns: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, equals, sources = pair.partition("=")
        parts = tuple(part for part in sources.split("+") if part)
        if not equals or not parts or not name.isidentifier():
            raise ConversationError(f"column {pair!r}: expected ARGUMENT=COLUMN, such as messages=conversations")
        columns[name] = parts
    refuse_reserved(columns)
    return columns


def row_call(row: Json, options: RowOptions = _NO_OPTIONS) -> Call:
    """The call that a row stands for.

    A row is a list of messages, or an object with the keys of a conversation, or of the body of a request (a server
    adds the generation prompt unasked, and so is done here). Other columns are taken where ``options`` name them.
    Raises :class:`ConversationError` without a place.
    """
    if isinstance(row, list):
        row = {"messages": row}
    if not isinstance(row, _OBJECT):
        raise ConversationError(f"expected a JSON object with a 'messages' list, found {json_kind(row)}")
    given = _arguments(row, options)
    variables = _variables(given, options)
    if not variables.keys().isdisjoint(_FLAGS):
        # In transformers no such name reaches a template as a variable: it is the argument.
        given.update((name, variables.pop(name)) for name in _FLAGS if name in variables)
    is_request = is_request_body(row)
    if is_request and row.get("chat_template") is not None:
        raise ConversationError("the request brings a chat_template of its own, which is not rendered; take it out")
    continued = _either(options.continue_final_message, given.get("continue_final_message"), False)
    opened = _either(options.add_generation_prompt, given.get("add_generation_prompt"), is_request and not continued)
    return Call(
        messages=_messages(row, given),
        tools=options.tools if options.tools is not None else _objects(given, "tools"),
        documents=options.documents if options.documents is not None else _objects(given, "documents"),
        add_generation_prompt=_expect(opened, (bool,), "add_generation_prompt", "true or false"),
        continue_final_message=_expect(continued, (bool, str), "continue_final_message", "true, false or a field"),
        variables=variables,
        special_tokens=_tokens(given.get("special_tokens")),
        clock=options.clock if options.clock is not None else given.get("clock"),
    )


def is_request_body(row: Mapping[str, Json]) -> bool:
    """Whether a row is the body of a request to a server."""
    return "model" in row or "chat_template_kwargs" in row


def unused_columns(row: Json, options: RowOptions) -> list[str]:
    """The columns of a row that neither go into its prompt nor are kept."""
    if not isinstance(row, _OBJECT) or is_request_body(row):
        return []
    named = {source for sources in options.columns.values() for source in sources}
    return [key for key in row if key not in ARGUMENTS and key not in named and key not in options.keep]


def _arguments(row: Mapping[str, Json], options: RowOptions) -> dict[str, Json]:
    given: dict[str, Json] = {name: value for name, value in row.items() if name in _NAMES and value is not None}
    for name, sources in options.columns.items():
        missing = [source for source in sources if source not in row]
        if missing:
            raise ConversationError(f"no column {missing[0]!r} (for {name}); there are: {', '.join(map(str, row))}")
        values = [_parsed(row[source], name) if name in ARGUMENTS else row[source] for source in sources]
        if len(values) > 1 and not all(isinstance(value, list) for value in values):
            raise ConversationError(f"the columns {'+'.join(sources)} (for {name}) are not all lists")
        given[name] = values[0] if len(values) == 1 else [item for value in values for item in value]
    return given


def _parsed(value: Json, name: str) -> Json:
    """Data sets often keep lists and objects as JSON text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ConversationError(f"{name!r} is a text that is not valid JSON") from None
    return value


def _messages(row: Mapping[str, Json], given: Mapping[str, Json]) -> list[dict[str, Json]]:
    if "messages" not in given and "messages" not in row:
        raise ConversationError(f"no 'messages' list{_column_hint(row)}")
    messages: Json = _objects({"messages": given.get("messages")}, "messages", needed=True)
    if messages and "from" in messages[0] and "role" not in messages[0]:
        return [_from_sharegpt(message) for message in messages]
    return messages  # type: ignore[no-any-return]


def _column_hint(row: Mapping[str, Json]) -> str:
    for name in _USUAL_COLUMNS:
        if isinstance(row.get(name), list):
            more = "+completion" if name == "prompt" and isinstance(row.get("completion"), list) else ""
            return f"; if the column {name!r} holds them: --column messages={name}{more}"
    return f"; name the column that holds them, --column messages=COLUMN; there are: {', '.join(map(str, row))}"


def _from_sharegpt(message: Mapping[str, Json]) -> dict[str, Json]:
    role = _SHAREGPT_ROLES.get(message.get("from", ""))
    if role is None or "value" not in message:
        known = ", ".join(sorted(_SHAREGPT_ROLES))
        raise ConversationError(f"a message from {message.get('from')!r} in ShareGPT's form; known are: {known}")
    others = {key: value for key, value in message.items() if key not in ("from", "value", "weight")}
    return {"role": role, "content": message["value"], **others}


def _objects(given: Mapping[str, Json], name: str, needed: bool = False) -> Json:
    value = _parsed(given.get(name), name)
    if value is None and not needed:
        return None
    if not isinstance(value, list):
        raise ConversationError(f"{name!r} must be a list of objects, found {json_kind(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, _OBJECT):
            raise ConversationError(f"{name!r}[{index}] must be an object, found {json_kind(item)}")
    return value


def _variables(given: Mapping[str, Json], options: RowOptions) -> dict[str, Json]:
    variables: dict[str, Json] = {}
    for name in ("variables", "chat_template_kwargs"):
        if name in given:
            variables.update(_expect(_parsed(given[name], name), (dict,), name, "an object"))
    variables.update((name, given[name]) for name in options.columns if name not in ARGUMENTS)
    variables.update(options.variables)
    return variables


def _tokens(value: Json) -> dict[str, str] | None:
    if value is None:
        return None
    tokens: dict[str, str] = _expect(value, (dict,), "special_tokens", "an object of strings")
    if not all(isinstance(text, str) for text in tokens.values()):
        raise ConversationError("'special_tokens' must be an object of strings")
    return tokens


def _either(first: Json, second: Json, default: Json) -> Json:
    return first if first is not None else second if second is not None else default


def _expect(value: Json, kinds: tuple[type, ...], name: str, words: str) -> Any:
    if not isinstance(value, kinds):
        raise ConversationError(f"{name!r} must be {words}, found {json_kind(value)}")
    return value
