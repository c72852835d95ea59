"""Tools as JSON schemas, calls of them, and documents."""

from __future__ import annotations

from typing import Any

from portable_tpl.generation.choices import Choices, happens, pick, several
from portable_tpl.generation.text import spoken_text
from portable_tpl.generation.values import own_copy, value_for
from portable_tpl.requests.fields import FLAT_TOOL_KEYS
from portable_tpl.requests.tiers import CONTENTS
from portable_tpl.requests.tools import (
    DECIDING_KEYS,
    MANY_INSIDE,
    NAMED_INSIDE,
    NO_PARAMETERS,
    ONE_INSIDE,
    OWN_FLAGS,
    OWN_RETURNS,
    PARAMETER_NAMES,
    SCHEMA_SHAPES,
    Schema,
    with_definitions,
)
from portable_tpl.template.usage.facts import VALUE
from portable_tpl.template.usage.paths import Path
from portable_tpl.template.usage.shape import DOCUMENT, TOOL, TemplateShape

_NAMES = ("get_weather", "search", "send_email", "calculate_route", "list-files", "add_to_cart")
_TYPES = ("string", "integer", "boolean", "array", "object", "number", "enum")
_UNITS = (["celsius", "fahrenheit"], ["a", "b & c", "it's"], [1, 2, 3], ["<none>"])
_INTEGERS = (1, 0, -1, 42, 1000, 2_000_000, 2_147_483_647)
EXTENDED_NUMBERS = (1.0, 0.5, -2.25, 3.14159, 1e-07, 99.5, 123456789.125, 3_000_000_000, None)
_DESCRIPTIONS = (
    "Get the current weather.",
    "Find things",
    'It\'s <b>bold</b> & "quoted"',
    "Line one.\nLine two.",
    "天気を調べる",
)
_SCHEMA_KEYS = {
    "description", "required", "name", "parameters", "function",
    *DECIDING_KEYS, *ONE_INSIDE, *MANY_INSIDE, *NAMED_INSIDE,
}  # fmt: skip


def tool(choices: Choices, shape: TemplateShape) -> dict[str, Any]:
    """One tool: wrapped as ``{"type": "function", "function": …}``, or flat where the template reads it so."""
    function: dict[str, Any] = {
        "name": pick(choices, (*_NAMES, *_named_tools(shape))),
        "description": _description(choices),
        "parameters": _parameters(choices, shape),
    }
    _add_own_keys(choices, shape, (*TOOL, "function"), function)
    if CONTENTS[choices.tier].unusual and happens(choices, 25):
        del function[pick(choices, ("description", "parameters"))]
    if takes_flat_tools(shape) and (not takes_wrapped_tools(shape) or happens(choices, 50)):
        _add_own_keys(choices, shape, TOOL, function)
        return function
    return {"type": "function", "function": function}


def takes_flat_tools(shape: TemplateShape) -> bool:
    """Whether the template reads a tool's name right off the tool."""
    return any(shape.reads((*TOOL, key)) for key in FLAT_TOOL_KEYS)


def takes_wrapped_tools(shape: TemplateShape) -> bool:
    """Whether the template unwraps ``tool.function``."""
    return shape.reads((*TOOL, "function"))


def tools(choices: Choices, shape: TemplateShape) -> list[dict[str, Any]]:
    """One to three tools."""
    return [tool(choices, shape) for _ in range(1 + choices.below(3))]


def _named_tools(shape: TemplateShape) -> list[str]:
    names: list[str] = []
    for path in ((*TOOL, "function", "name"), (*TOOL, "name"), (*TOOL, "function"), TOOL, (*TOOL, "type")):
        names += [value for value in shape.at(path).equals if isinstance(value, str) and value.isidentifier()]
    return [name for name in names if name not in ("function", "string", "object", "array")]


def _description(choices: Choices) -> str:
    return spoken_text(choices) if happens(choices, 15) else pick(choices, _DESCRIPTIONS)


def _parameters(choices: Choices, shape: TemplateShape) -> Schema:
    """What a tool takes, as clients write it: mostly something."""
    if happens(choices, 8):
        return own_copy(pick(choices, NO_PARAMETERS))  # type: ignore[no-any-return]
    return with_definitions(_object(choices, shape, (*TOOL, "function", "parameters"), 0))


def _object(choices: Choices, shape: TemplateShape, path: Path, depth: int) -> Schema:
    names = several(choices, PARAMETER_NAMES, 3)
    properties = {name: _schema(choices, shape, (*path, "properties", VALUE), depth + 1) for name in names}
    out: Schema = {"type": "object", "properties": properties}
    required = [name for name in names if happens(choices, 60)]
    if required:
        out["required"] = required
    return out


def _schema(choices: Choices, shape: TemplateShape, path: Path, depth: int) -> Schema:
    if happens(choices, 25):
        return own_copy(pick(choices, [*SCHEMA_SHAPES.values()]))  # type: ignore[no-any-return]
    kind = pick(choices, _TYPES if depth < 3 else _TYPES[:3])
    out: Schema = {"type": kind, "description": _description(choices)}
    if kind == "enum":
        out["enum"] = list(pick(choices, _UNITS))
        out["type"] = "integer" if isinstance(out["enum"][0], int) else "string"
    elif kind == "array":
        out["items"] = _schema(choices, shape, (*path, "items"), depth + 1)
    elif kind == "object":
        out |= _object(choices, shape, path, depth)
    _add_own_keys(choices, shape, path, out)
    if CONTENTS[choices.tier].unusual and happens(choices, 35):
        return _unusual_schema(choices, out)
    if happens(choices, 20):
        del out["description"]
    return out


def _unusual_schema(choices: Choices, schema: Schema) -> Schema:
    kind = choices.below(4)
    if kind == 0:
        return {**schema, "default": pick(choices, EXTENDED_NUMBERS)}
    if kind == 1:
        return {"oneOf": [schema, {"type": "string"}], "not": {"type": "null"}}
    if kind == 2:
        return {}
    return {key: value for key, value in schema.items() if key not in DECIDING_KEYS}


def _add_own_keys(choices: Choices, shape: TemplateShape, path: Path, out: dict[str, Any]) -> None:
    """Keys that this template reads there and that no schema needs: ``nullable``, ``default``, ``title``, …"""
    for key in shape.keys(path):
        if key in _SCHEMA_KEYS or not happens(choices, 35):
            continue
        if key in OWN_FLAGS:
            out[key] = happens(choices, 70)
        elif key in OWN_RETURNS:
            out[key] = {"type": "string", "description": _description(choices)}
        elif key == "default":
            out[key] = pick(choices, ("none", 5, True, "celsius"))
        else:
            out[key] = value_for(choices, shape, (*path, key), 1)


def argument(choices: Choices, depth: int = 0) -> Any:
    """One value of a call's arguments: text, whole number, boolean, list or object."""
    kind = choices.below(10 if depth < 2 else 6)
    if kind < 3:
        return spoken_text(choices)
    if kind < 5:
        return pick(choices, _INTEGERS)
    if kind == 5:
        return not happens(choices, 50)
    if kind < 8:
        return [argument(choices, depth + 1) for _ in range(choices.below(4))]
    return {name: argument(choices, depth + 1) for name in several(choices, PARAMETER_NAMES, 2)}


def arguments(choices: Choices) -> dict[str, Any]:
    """The arguments of a call: one to three of them."""
    names = several(choices, PARAMETER_NAMES, 3) or ["city"]
    return {name: argument(choices) for name in names}


def call_id(choices: Choices) -> str:
    """An id of nine letters and digits, which every template that checks ids accepts."""
    letters = "abcdefghijkmnpqrstuvwxyz0123456789"
    return "".join(letters[choices.below(len(letters))] for _ in range(9))


def documents(choices: Choices, shape: TemplateShape) -> list[dict[str, Any]]:
    """One to three documents with a title and a text, and the keys that the template reads."""
    out = []
    for _ in range(1 + choices.below(3)):
        document = {"title": spoken_text(choices), "text": spoken_text(choices)}
        for key in shape.keys(DOCUMENT):
            if key not in document and happens(choices, 80):
                document[key] = value_for(choices, shape, (*DOCUMENT, key), 1)
        out.append(document)
    return out
