"""What ONNX Runtime's tokenizer extension makes of tools: lists of parameters, as Phi's templates want them."""

from __future__ import annotations

from typing import cast

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Failed
from portable_tpl.targets.steps._base import Step

_SOURCE = "onnxruntime-extensions shared/api/chat_template.cc, NormalizeTools, measured on 0.15.2"
_WORDS = "[json.exception.type_error.302] type must be string, but is {}"
_KEYS = ("type", "description")


def _flattened(conversation: Conversation) -> Conversation:
    if not conversation.tools:
        return conversation
    tools = [_flat_tool(tool) for tool in conversation.tools]
    return conversation if tools == conversation.tools else conversation.with_changes(tools=tools)


def _flat_tool(tool: dict[str, Json]) -> dict[str, Json]:
    function = _function_of(tool)
    if function is None:
        return tool
    return {
        "name": function.get("name", ""),
        "description": function.get("description", ""),
        "parameters": _flat_parameters(function.get("parameters", {})),
    }


def _function_of(tool: dict[str, Json]) -> dict[str, Json] | None:
    """What holds a tool's name and parameters; ``None`` for a tool that is passed on as it is."""
    if tool.get("type") == "function" and isinstance(tool.get("function"), dict):
        return cast("dict[str, Json]", tool["function"])
    return tool if tool.get("type") == "tool" else None


def _flat_parameters(parameters: Json) -> Json:
    if not isinstance(parameters, dict) or "properties" not in parameters:
        return parameters
    properties = parameters["properties"]
    return {name: _flat_property(schema) for name, schema in _items(properties)}


def _items(properties: Json) -> list[tuple[str, Json]]:
    return list(properties.items()) if isinstance(properties, dict) else []


def _flat_property(schema: Json) -> Json:
    if not isinstance(schema, dict):
        return {}
    kept = {key: schema[key] for key in _KEYS if key in schema}
    return {**kept, "type": "str"} if kept.get("type") == "string" else kept


def _objection(conversation: Conversation) -> Failed | None:
    for tool in conversation.tools or ():
        function = _function_of(tool)
        if function is None:
            continue
        parameters = function.get("parameters")
        schemas = _items(parameters.get("properties")) if isinstance(parameters, dict) else []
        types = [schema["type"] for _, schema in schemas if isinstance(schema, dict) and "type" in schema]
        texts = [function.get("name", ""), function.get("description", ""), *types]
        odd = next((text for text in texts if not isinstance(text, str)), "")
        if odd != "":
            return Failed("error", _WORDS.format(_kind_of(odd)))
    return None


def _kind_of(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "array" if isinstance(value, list) else "object"


STEPS = (
    Step(
        "plain-schemas-required",
        "A tool is refused if a parameter's type is a list of types, or its name or description is no text.",
        _SOURCE,
        "So it is for schemas of optional values, as pydantic writes them for JSON schema: "
        '"type": ["string", "null"]. Nothing in a template can change it.',
        objection=_objection,
    ),
    Step(
        "tools-flattened",
        "A tool is its name, its description and a mapping of its parameters to their type and description; "
        "the type string is called str.",
        _SOURCE,
        "There is no tool.function, and what else a schema holds is lost: required, enum, items. A template that "
        "prints a tool as JSON prints another one there.",
        on_request=_flattened,
    ),
)
