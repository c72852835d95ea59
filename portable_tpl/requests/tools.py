"""Tools as clients write their JSON schemas, and the arguments of calls."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Schema = dict[str, Any]

PLAIN_TYPES = ("string", "integer", "number", "boolean")
SCHEMA_TYPES = (*PLAIN_TYPES, "array", "object", "null")
# Keys under which a schema holds others: one, a list of them, or a mapping of names to them.
ONE_INSIDE = ("items", "additionalProperties")
MANY_INSIDE = ("anyOf", "oneOf", "allOf")
NAMED_INSIDE = ("properties", "$defs", "definitions")
# What says which values are meant; a schema without any of these takes everything.
DECIDING_KEYS = ("type", "enum", "const", "$ref", *MANY_INSIDE)
# `Optional` fields of pydantic have a default of null, inside a schema and nowhere else in ordinary requests.
NULLABLE_KEYS = ("default", "const", "examples")
# Keys that only some templates read.
OWN_FLAGS = ("strict", "deprecated", "nullable")
OWN_RETURNS = ("return", "returns")

PARAMETER_NAMES = (
    "city", "unit", "query", "limit", "recipients", "options", "enabled", "name", "type", "items", "description",
    "keys",
)  # fmt: skip
# Ordinary names of parameters that are methods of mappings as well.
SHADOWING_NAMES = ("items", "keys")

DEFINITIONS: Mapping[str, Schema] = MappingProxyType(
    {
        "Unit": {"enum": ["celsius", "fahrenheit"], "title": "Unit", "type": "string"},
        "Place": {
            "properties": {"city": {"title": "City", "type": "string"}, "zip": {"title": "Zip", "type": "string"}},
            "required": ["city"],
            "title": "Place",
            "type": "object",
        },
    }
)
# One parameter's schema for each shape that zod, pydantic and MCP servers write; the key names the shape.
SCHEMA_SHAPES: Mapping[str, Schema] = MappingProxyType(
    {
        "union": {"type": ["string", "null"], "description": "The unit, if any"},
        "types": {"type": ["string", "integer"], "description": "The unit"},
        "any-of": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "default": None,
            "description": "The unit, if any",
            "title": "Unit",
        },
        "ref": {"$ref": "#/$defs/Unit", "description": "The unit"},
        "enum": {"enum": ["celsius", "fahrenheit"], "description": "The unit"},
        "any-of-ref": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}], "default": None},
        "array": {"type": "array", "items": {"type": "string"}, "description": "The units"},
        "array-of-ref": {"type": "array", "items": {"$ref": "#/$defs/Place"}, "title": "Places"},
        "array-of-types": {"type": "array", "items": {"type": ["string", "null"]}},
        "array-of-union": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        "object": {
            "type": "object",
            "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}},
            "required": ["lat", "lon"],
            "additionalProperties": False,
        },
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
    }
)
# The parameters of a tool that takes none.
NO_PARAMETERS: tuple[Schema, ...] = (
    {"type": "object", "properties": {}},
    {"type": "object"},
    {"type": "object", "properties": {}, "additionalProperties": False},
)


def with_definitions(parameters: Schema) -> Schema:
    """The parameters with the definitions that they refer to."""
    text = repr(parameters)
    used = {name: dict(schema) for name, schema in DEFINITIONS.items() if f"#/$defs/{name}'" in text}
    return {"$defs": used, **parameters} if used else parameters
