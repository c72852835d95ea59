"""A Python function as the JSON schema of a tool, as ``transformers.utils.get_json_schema`` makes it.

Source of facts: transformers 5.24, ``transformers/utils/chat_template_utils.py``; a test compares the two. The words
of the errors are our own.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import types
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from portable_tpl.model.conversation import Json
from portable_tpl.model.errors import RenderError
from portable_tpl.model.words import in_one_line

Schema = dict[str, Json]

_SCALARS: dict[Any, str] = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}
_BASIC: dict[Any, Schema] = {
    **{kind: {"type": name} for kind, name in _SCALARS.items()},
    list: {"type": "array"},
    tuple: {"type": "array"},
    dict: {"type": "object"},
    Any: {},
}
# Classes that are known only where their package is loaded: a hint can name them only then.
_FOREIGN = (("PIL.Image", "Image", "image"), ("torch", "Tensor", "audio"))

_SECTION = r"(?:Args:|Returns:|Raises:|\Z)"
_SUMMARY = re.compile(rf"\A(?P<text>.*?)[\n\s]*{_SECTION}", re.DOTALL)
_ARGUMENTS = re.compile(r"\n\s*Args:\n(?P<text>.*?)[\n\s]*(?:Returns:|Raises:|\Z)", re.DOTALL)
_RETURNED = re.compile(r"\n\s*Returns:\n\s*(?P<text>.*?)[\n\s]*(?:Raises:|\Z)", re.DOTALL)
# "name: text" or "name (type): text", whose text may go on over lines that are indented deeper than the name.
_NAME = r"\w+(?:[ \t]*\([^()\n]*\))?:"
_ARGUMENT = re.compile(
    rf"(?:^|\n)(?P<indent>[ \t]*)(?=(?P<name>\w+)){_NAME}\s*(?P<text>.*?)\s*"
    rf"(?=\n(?!(?P=indent)[ \t])[ \t]*{_NAME}|\Z)",
    re.DOTALL,
)
_CHOICES = re.compile(r"\(choices:\s*(.*?)\)\s*$", re.IGNORECASE)


class ToolSchemaError(RenderError):
    """A function that cannot be described as a tool; says which part of it is missing or not understood."""


def json_schema_of(tool: Callable[..., Any]) -> Schema:
    """The JSON schema of a function or method with type hints and a Google-style docstring.

    Raises :class:`ToolSchemaError` where transformers refuses the function.
    """
    if not (inspect.isfunction(tool) or inspect.ismethod(tool)):
        raise ToolSchemaError(
            f"a tool must be a JSON schema or a function with type hints and a docstring, found {type(tool).__name__}"
        )
    name = getattr(tool, "__name__", "operation")
    documentation = (inspect.getdoc(tool) or "").strip()
    if not inspect.getdoc(tool):
        raise ToolSchemaError(f"the tool {name} has no docstring to describe it")
    described = _described_arguments(documentation)
    parameters = _parameters(tool, name)
    returned = parameters["properties"].pop("return", None)
    for argument, schema in parameters["properties"].items():
        if argument not in described:
            raise ToolSchemaError(f"the docstring of the tool {name} does not describe its argument {argument!r}")
        _describe(schema, described[argument], name, argument)
    function: Schema = {"name": name, "description": _section(_SUMMARY, documentation), "parameters": parameters}
    if returned is not None:
        text = _section(_RETURNED, documentation)
        if text is not None:
            returned["description"] = text
        function["return"] = returned
    return {"type": "function", "function": function}


def _describe(schema: Schema, text: str, name: str, argument: str) -> None:
    """Add the description, and the choices that may stand at its end."""
    choices = _CHOICES.search(text)
    if choices:
        try:
            values = json.loads(choices.group(1))
        except ValueError:
            raise ToolSchemaError(
                f"the choices of the argument {argument!r} of the tool {name} are not a JSON list: {choices.group(1)}"
            ) from None
        schema["enum"] = [value.strip() if isinstance(value, str) else value for value in values]
        text = text[: choices.start()].strip()
    schema["description"] = text


def _section(pattern: re.Pattern[str], documentation: str) -> str | None:
    match = pattern.search(documentation)
    return match["text"].strip() if match else None


def _described_arguments(documentation: str) -> dict[str, str]:
    match = _ARGUMENTS.search(documentation)
    if not match:
        return {}
    block = "\n".join(line for line in match["text"].split("\n") if line.strip())
    return {each["name"]: re.sub(r"\s*\n+\s*", " ", each["text"].strip()) for each in _ARGUMENT.finditer(block)}


def _parameters(tool: Callable[..., Any], name: str) -> Schema:
    signature = inspect.signature(tool)
    receiver = next(iter(signature.parameters), None)
    if receiver not in ("self", "cls") or signature.parameters[receiver].annotation is not inspect.Parameter.empty:
        receiver = None
    required = []
    for argument, parameter in signature.parameters.items():
        if argument == receiver:
            continue
        if parameter.annotation is inspect.Parameter.empty:
            raise ToolSchemaError(f"the argument {argument!r} of the tool {name} has no type hint")
        if parameter.default is inspect.Parameter.empty:
            required.append(argument)
    properties: Schema = {}
    for argument, hint in _hints(tool, name).items():
        if argument == receiver:
            continue
        try:
            properties[argument] = _of_hint(hint)
        except ToolSchemaError:
            # Models never write the result, so a result that has no schema is left out.
            if argument != "return":
                raise
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _hints(tool: Callable[..., Any], name: str) -> dict[str, Any]:
    try:
        return get_type_hints(tool)
    except Exception as error:  # hints may be text, and text any expression
        words = in_one_line(f"{type(error).__name__}: {error}")
        raise ToolSchemaError(f"a type hint of the tool {name} does not resolve: {words}") from None


def _of_hint(hint: Any) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is None:
        return _of_enum(hint) if isinstance(hint, type) and issubclass(hint, Enum) else _of_class(hint)
    if origin is Union or origin is types.UnionType:
        return _of_union(arguments)
    if origin is Literal:
        return _of_values(list(arguments), hint)
    if origin is list:
        return {"type": "array", "items": _of_hint(arguments[0])} if arguments else {"type": "array"}
    if origin is tuple:
        return _of_tuple(hint, arguments)
    if origin is dict:
        values = {"additionalProperties": _of_hint(arguments[1])} if len(arguments) == 2 else {}
        return {"type": "object", **values}
    raise ToolSchemaError(f"the type hint {hint!r} has no JSON schema")


def _of_class(hint: Any) -> Schema:
    if hint in _BASIC:
        return dict(_BASIC[hint])
    for module, name, kind in _FOREIGN:
        if hint is getattr(sys.modules.get(module), name, sys):
            return {"type": kind}
    raise ToolSchemaError(f"the type hint {hint!r} has no JSON schema; write the tool's schema by hand")


def _of_enum(hint: type[Enum]) -> Schema:
    values = [member.value for member in hint]
    if not values:
        raise ToolSchemaError(f"the enum {hint.__name__} has no members")
    return _of_values(values, hint)


def _of_values(values: list[Any], hint: Any) -> Schema:
    if any(type(value) not in _SCALARS for value in values):
        raise ToolSchemaError(f"{hint!r} holds values that are no JSON text, number, boolean or null")
    kinds = list(dict.fromkeys(_SCALARS[type(value)] for value in values))
    return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": values}


def _of_union(arguments: tuple[Any, ...]) -> Schema:
    schemas = [_of_hint(argument) for argument in arguments if argument is not type(None)]
    if len(schemas) == 1:
        result = schemas[0]
    elif all(schema.keys() == {"type"} and isinstance(schema["type"], str) for schema in schemas):
        kinds = sorted({schema["type"] for schema in schemas})
        result = {"type": kinds[0] if len(kinds) == 1 else kinds}
    else:
        result = {"anyOf": schemas}
    if type(None) in arguments:
        result["nullable"] = True
    return result


def _of_tuple(hint: Any, arguments: tuple[Any, ...]) -> Schema:
    if not arguments:
        return {"type": "array"}
    if len(arguments) == 1:
        raise ToolSchemaError(f"the type hint {hint!r} is a tuple of one element; use a list, or the element itself")
    if ... in arguments:
        raise ToolSchemaError(f"the type hint {hint!r} is a tuple of any length; use a list")
    return {"type": "array", "prefixItems": [_of_hint(argument) for argument in arguments]}
