"""Tools and arguments of the handwritten conversations, one oddity each.

Of two oddities in one conversation, the first to be printed hides the other.
"""

from __future__ import annotations

import json
from pathlib import Path

from portable_tpl.generation.dialogue import Message
from portable_tpl.requests.tools import NO_PARAMETERS, SCHEMA_SHAPES, Schema, with_definitions

MARKUP = 'It\'s <b>bold</b> & "quoted" {x} \\n'
WIDE = "\u3000全角スペース\u3000"
RESULT = '{"temperature": 22, "sky": "clear"}'

_DATA: dict[str, dict[str, Message]] = json.loads(
    Path(__file__).with_name("data").joinpath("tools.json").read_bytes()
)
# BARE_LIST is what get_json_schema makes of a parameter that is a bare `list`. A parameter of NESTED is called like a
# method of mappings, as a cart's or an order's is.
WEATHER, NESTED, NO_ARGUMENTS, WIDE_TOOL, BARE_LIST, MARKED = (
    _DATA["tools"][name] for name in ("weather", "nested", "no_arguments", "wide_tool", "bare_list", "marked")
)
ARGUMENTS, RICH_ARGUMENTS, WIDE_ARGUMENTS, MARKED_ARGUMENTS, UNICODE_ARGUMENTS = (
    _DATA["arguments"][name] for name in ("plain", "rich", "wide", "marked", "unicode")
)


def tool_of(name: str, parameters: Schema) -> Message:
    """A tool with a name and parameters."""
    function = {"name": name, "description": f"Call {name}", "parameters": parameters}
    return {"type": "function", "function": function}


_TEXT: Schema = {"type": "string"}
_BOXES: Schema = {"type": "array", "items": {"type": "object", "properties": {"keys": _TEXT}}}

_CONVERTING: dict[str, Message] = {
    name: tool_of(
        "convert", with_definitions({"type": "object", "properties": {"unit": schema}, "required": ["unit"]})
    )
    for name, schema in SCHEMA_SHAPES.items()
}
_ORDER = tool_of(
    "order",
    {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "string"}},
            "keys": _TEXT,
            "type": {"type": "string", "description": "The type"},
        },
        "required": ["items", "type"],
    },
)
# Named as in TypeScript, and nested: parameters of parameters are called like methods as well.
_DELIVER = tool_of(
    "deliver",
    {
        "type": "object",
        "properties": {
            "shipBy": {"type": "string", "enum": ["air", "sea"]},
            "newOrder": {"type": "object", "properties": {"items": _BOXES, "type": _TEXT}},
            "openBoxes": _BOXES,
        },
        "required": ["newOrder"],
    },
)
_NOW = tuple(tool_of("now", parameters) for parameters in NO_PARAMETERS[1:])
# One tool for each shape of schema that ordinary clients send; and those that most templates take otherwise.
SHAPED: tuple[Message, ...] = (*_CONVERTING.values(), _ORDER, _DELIVER, *_NOW)
ODDLY_SHAPED: tuple[Message, ...] = (*(_CONVERTING[name] for name in ("types", "union", "any-of")), _DELIVER, _NOW[0])
