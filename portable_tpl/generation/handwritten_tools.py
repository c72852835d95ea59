"""Tools and arguments of the handwritten conversations, one oddity each.

Of two oddities in one conversation, the first to be printed hides the other.
"""

from __future__ import annotations

from portable_tpl.generation.dialogue import Message
from portable_tpl.requests.tools import NO_PARAMETERS, SCHEMA_SHAPES, Schema, with_definitions

MARKUP = 'It\'s <b>bold</b> & "quoted" {x} \\n'
WIDE = "\u3000全角スペース\u3000"
WIDE_ARGUMENTS: Message = {"city": "zero\u200bwidth", "days": ["zero\u200bwidth"]}
RESULT = '{"temperature": 22, "sky": "clear"}'
WEATHER: Message = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The name of the city"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "description": "How many days"},
            },
            "required": ["city"],
        },
    },
}
NESTED: Message = {
    "type": "function",
    "function": {
        "name": "book",
        "description": "Book a trip",
        "parameters": {
            "type": "object",
            "properties": {
                "guests": {"type": "array", "items": {"type": "string"}, "description": "Names"},
                # A parameter that is called like a method of mappings, as a cart's or an order's is.
                "items": {"type": "array", "items": {"type": "string"}, "description": "What to bring"},
                "where": {
                    "type": "object",
                    "properties": {
                        "lat": {"type": "number"},
                        "café": {"type": "boolean", "description": "Near a café?"},
                    },
                    "required": ["lat"],
                },
            },
            "required": ["guests", "where"],
        },
    },
}
NO_ARGUMENTS: Message = {
    "type": "function",
    "function": {"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}},
}
WIDE_TOOL: Message = {
    "type": "function",
    "function": {
        "name": "find",
        "description": WIDE,
        "parameters": {"type": "object", "properties": {"word": {"type": "string", "description": WIDE}}},
    },
}
# What get_json_schema makes of a parameter that is a bare `list`.
BARE_LIST: Message = {
    "type": "function",
    "function": {
        "name": "sort",
        "description": "Sort things",
        "parameters": {
            "type": "object",
            "properties": {"things": {"type": "array", "description": "What to sort"}},
            "required": ["things"],
        },
    },
}
# One oddity each: of two in one conversation, the first to be printed hides the other.
MARKED: Message = {
    "type": "function",
    "function": {
        "name": "cook",
        "description": "It's a <b>recipe</b> & more",
        "parameters": {
            "type": "object",
            "properties": {"dish": {"type": "string", "description": 'The chef\'s "dish"'}},
        },
    },
}
MARKED_ARGUMENTS: Message = {"dish": "O'Neil & <Co>", "for": ['a "b"']}
UNICODE_ARGUMENTS: Message = {"city": "São Paulo, 東京"}
ARGUMENTS: Message = {"city": "Paris", "days": 3, "unit": "celsius"}
RICH_ARGUMENTS: Message = {
    "guests": ["Ada", "Bo"],
    "items": ["map", "hat"],
    "where": {"lat": 3, "near": True, "tags": []},
    "note": "a\nb",
    "flag": False,
}


def tool_of(name: str, parameters: Schema) -> Message:
    """A tool with a name and parameters."""
    function = {"name": name, "description": f"Call {name}", "parameters": parameters}
    return {"type": "function", "function": function}


# One tool for each shape of schema that ordinary clients send.
SHAPED: tuple[Message, ...] = (
    *(
        tool_of("convert", with_definitions({"type": "object", "properties": {"unit": schema}, "required": ["unit"]}))
        for schema in SCHEMA_SHAPES.values()
    ),
    tool_of(
        "order",
        {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": {"type": "string"}},
                "keys": {"type": "string"},
                "type": {"type": "string", "description": "The type"},
            },
            "required": ["items", "type"],
        },
    ),
    *(tool_of("now", parameters) for parameters in NO_PARAMETERS[1:]),
)
