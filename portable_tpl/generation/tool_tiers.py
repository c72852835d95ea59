"""How unusual tools and calls of them are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portable_tpl.generation.dialogue import takes_flat_calls
from portable_tpl.generation.tools import takes_flat_tools
from portable_tpl.generation.value_tiers import ValueJudge
from portable_tpl.model.conversation import Tier
from portable_tpl.requests.tools import (
    DECIDING_KEYS,
    MANY_INSIDE,
    NAMED_INSIDE,
    NULLABLE_KEYS,
    ONE_INSIDE,
    SCHEMA_TYPES,
)
from portable_tpl.template.usage.shape import CALLS, TemplateShape

_INSIDE = {*ONE_INSIDE, *MANY_INSIDE, *NAMED_INSIDE}


def tools_tiers(tools: list[dict[str, Any]], shape: TemplateShape, values: ValueJudge) -> Iterator[Tier]:
    """The tier of each unusual thing in a list of tools."""
    if not tools:
        yield Tier.EXTENDED
    for tool in tools:
        function = tool.get("function", tool)
        wrapped = "function" in tool
        if tool.get("type") != "function" if wrapped else not takes_flat_tools(shape):
            yield Tier.EXTENDED
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            yield Tier.HOSTILE
            continue
        if not function["name"] or not isinstance(function.get("description"), str):
            yield Tier.EXTENDED
        parameters = function.get("parameters")
        if not isinstance(parameters, dict) or parameters.get("type") != "object":
            yield Tier.EXTENDED
        yield from _schema_tiers(parameters, values)
        yield values.data({key: value for key, value in function.items() if key != "parameters"})
        yield values.data({key: value for key, value in tool.items() if key not in ("function", "parameters")})


def _schema_tiers(schema: Any, values: ValueJudge, depth: int = 0) -> Iterator[Tier]:
    if not isinstance(schema, dict):
        yield Tier.EXTENDED if schema is None else Tier.HOSTILE
        return
    if depth > 2 * len(SCHEMA_TYPES):
        yield Tier.HOSTILE
        return
    if schema.keys().isdisjoint(DECIDING_KEYS) or "not" in schema or not _is_type(schema.get("type", "string")):
        yield Tier.EXTENDED
    if schema.get("type") == "array" and "items" not in schema:
        yield Tier.EVERYDAY
    if "enum" in schema and not (isinstance(schema["enum"], list) and schema["enum"]):
        yield Tier.EXTENDED
    if "required" in schema and not _is_names(schema["required"]):
        yield Tier.EXTENDED
    for key, value in schema.items():
        if key in _INSIDE:
            yield from _inside_tiers(key, value, values, depth)
        elif value is not None or key not in NULLABLE_KEYS:
            yield values.data({key: value})


def _inside_tiers(key: str, value: Any, values: ValueJudge, depth: int) -> Iterator[Tier]:
    if key in ONE_INSIDE:
        if not isinstance(value, bool):
            yield from _schema_tiers(value, values, depth + 1)
        return
    if key in MANY_INSIDE:
        inside = value if isinstance(value, list) else None
    else:
        inside = [*value.values()] if isinstance(value, dict) else None
        if inside is not None:
            yield values.data(dict.fromkeys(value, True))
            if "" in value:
                yield Tier.EXTENDED
    if inside is None:
        yield Tier.HOSTILE
        return
    for each in inside:
        yield from _schema_tiers(each, values, depth + 1)


def _is_type(value: Any) -> bool:
    many = value if isinstance(value, list) and value else [value]
    return all(isinstance(each, str) and each.lower() in SCHEMA_TYPES for each in many)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def calls_tiers(calls: Any, shape: TemplateShape, values: ValueJudge) -> Iterator[Tier]:
    """The tier of each unusual thing in what a message has under ``tool_calls``."""
    if not isinstance(calls, list) or not calls:
        yield Tier.EXTENDED if calls is None or calls == [] else Tier.HOSTILE
        return
    if not all(isinstance(call, dict) for call in calls):
        yield Tier.HOSTILE
        return
    if not all(isinstance(call.get("id"), str) for call in calls):
        yield Tier.EXTENDED if len(calls) > 1 else Tier.EVERYDAY
    if not shape.reads(CALLS):
        yield Tier.EVERYDAY
    for call in calls:
        yield from _call_tiers(call, shape, values)


def _call_tiers(call: Mapping[str, Any], shape: TemplateShape, values: ValueJudge) -> Iterator[Tier]:
    wrapped = "function" in call
    function = call.get("function") if wrapped else call
    if call.get("type") != "function" if wrapped else not takes_flat_calls(shape):
        yield Tier.EXTENDED
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str) or not function["name"]:
        yield Tier.HOSTILE
        return
    yield from _arguments_tiers(function.get("arguments"), values)
    yield values.data({key: value for key, value in function.items() if key not in ("arguments", "id")})
    if "id" in call and not isinstance(call["id"], str):
        yield Tier.EXTENDED if call["id"] is None else Tier.HOSTILE


def _arguments_tiers(arguments: Any, values: ValueJudge) -> Iterator[Tier]:
    if not arguments or isinstance(arguments, str) or (isinstance(arguments, dict) and "" in arguments):
        yield Tier.EXTENDED
    elif not isinstance(arguments, dict):
        yield Tier.HOSTILE
    yield values.data(arguments)
