"""What deployments do to the tools that a client offers."""

from __future__ import annotations

import json

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.source import Template
from portable_tpl.targets.steps._base import Message, Step, Trial, each_function

_CHAT_CPP = "llama.cpp common/chat.cpp, measured on b11549"
_MISTRAL = "mistral.rs mistralrs-core/src/pipeline/chat_template.rs"
_DYNAMO = "Dynamo lib/renderer/src/template/oai.rs, may_be_fix_tool_schema"
_TGI = "text-generation-inference router/src/infer/chat_template.rs"
_SCHEMA_FIRST = ("type", "properties", "required", "additionalProperties")
_TOOL_PROMPT = (
    "\nGiven the functions available, please respond with a JSON for a function call with its proper arguments that"
    " best answers the given prompt. Respond in the format {name: function name, parameters: dictionary of argument"
    " name and its value}.Do not use variables.\n"
)


def _tool_keys(conversation: Conversation) -> Conversation:
    if not conversation.tools:
        return conversation
    tools = []
    for tool in conversation.tools:
        function = tool.get("function")
        if not isinstance(function, dict):
            return conversation
        kept = {
            "name": function.get("name"),
            "description": function.get("description", ""),
            "parameters": function.get("parameters", {}),
        }
        tools.append({"type": "function", "function": kept})
    return conversation.with_changes(tools=tools)


def _tools_empty_to_none(conversation: Conversation) -> Conversation:
    return conversation.with_changes(tools=None) if conversation.tools == [] else conversation


def _with_description(function: Message) -> Message:
    return function if isinstance(function.get("description"), str) else {**function, "description": ""}


def _completed(function: Message) -> Message:
    parameters = function.get("parameters")
    if not isinstance(parameters, dict):
        return function
    missing: Message = {} if "type" in parameters else {"type": "object"}
    if "properties" not in parameters:
        missing["properties"] = {}
    return {**function, "parameters": {**parameters, **missing}} if missing else function


def _reordered(function: Message) -> Message:
    parameters = function.get("parameters")
    if isinstance(parameters, dict):
        rest = sorted(set(parameters) - set(_SCHEMA_FIRST))
        known = [name for name in _SCHEMA_FIRST if name in parameters]
        function = {**function, "parameters": {name: parameters[name] for name in [*known, *rest]}}
    order = ("name", "description", "parameters", "strict")
    first = {name: function[name] for name in order if name in function}
    return first | {name: value for name, value in function.items() if name not in order}


def reads_tools(template: Template) -> bool:
    """Whether a template has a free variable ``tools``; so it is taken where it does not parse."""
    from portable_tpl.template import parse
    from portable_tpl.template.names.scopes import resolve_names

    try:
        return "tools" in resolve_names(parse(template).tree).lookups
    except TemplateSyntaxError:
        return True


def _reads_tools(template: Template, trial: Trial) -> bool:
    return reads_tools(template)


def _reads_no_tools(template: Template, trial: Trial) -> bool:
    return not reads_tools(template)


def _described_tool(tool: Message) -> Message:
    function = tool.get("function")
    if not isinstance(function, dict):
        return tool
    described = {
        "description": function.get("description"),
        "name": function.get("name"),
        "arguments": function.get("parameters", function.get("arguments")),
    }
    return {"type": tool.get("type"), "function": described}


def _tools_described(conversation: Conversation) -> Conversation:
    if not conversation.tools:
        return conversation
    return conversation.with_changes(tools=[_described_tool(tool) for tool in conversation.tools])


def _with_tool_prompt(conversation: Conversation) -> Conversation:
    return _with_text_behind(conversation, "")


def _with_tools_and_prompt(conversation: Conversation) -> Conversation:
    return _with_text_behind(
        conversation, f"{json.dumps(conversation.tools, ensure_ascii=False, separators=(',', ':'))}\n"
    )


def _with_text_behind(conversation: Conversation, listed: str) -> Conversation:
    if not conversation.tools or not conversation.messages:
        return conversation
    *before, last = conversation.messages
    content: Json = last.get("content")
    if not isinstance(content, str):
        return conversation
    message = {**last, "content": f"{content}\n---\n{listed}{_TOOL_PROMPT}"}
    return conversation.with_changes(messages=[*before, message])


STEPS = (
    Step(
        "schema-keys-dropped",
        "A tool keeps name, description and parameters, in this order; missing ones become empty.",
        _CHAT_CPP,
        "'strict' and 'return' are lost, and a description that is missing is an empty text.",
        on_request=_tool_keys,
    ),
    Step(
        "tools-empty-to-none",
        "An empty list of tools is no tools at all.",
        f"{_CHAT_CPP}; OpenVINO GenAI tokenizer",
        "So 'tools is defined' or 'tools is not none' are false for an empty list: ask for the list's truth.",
        on_request=_tools_empty_to_none,
    ),
    Step(
        "tool-description-filled",
        "A tool without a description that is a text is given an empty one.",
        _DYNAMO,
        "A template that prints a description only where there is one prints an empty one there.",
        on_request=each_function(_with_description),
    ),
    Step(
        "tool-parameters-completed",
        "Parameters of a tool without type or properties are given them.",
        _DYNAMO,
        "A tool without parameters prints two more keys there.",
        on_request=each_function(_completed),
    ),
    Step(
        "tool-schema-reordered",
        "A tool's keys are put in a fixed order, those of its parameters too.",
        _MISTRAL,
        "The reference keeps the client's order.",
        on_request=each_function(_reordered),
    ),
    Step(
        "tools-described",
        "A tool is its type and a function of description, name and arguments, which are its parameters.",
        f"{_TGI}; router/src/lib.rs, FunctionDefinition",
        "A template that prints tool.function.parameters prints nothing for it there.",
        on_request=_tools_described,
    ),
    Step(
        "tool-prompt-added",
        "With tools, a prompt that asks for a call as JSON is added to the last message.",
        _TGI,
        "So it is for templates that read the variable tools.",
        on_request=_with_tool_prompt,
        applies=_reads_tools,
    ),
    Step(
        "tools-and-prompt-added",
        "With tools, these as JSON and a prompt that asks for a call are added to the last message.",
        _TGI,
        "So it is for templates that do not read the variable tools.",
        on_request=_with_tools_and_prompt,
        applies=_reads_no_tools,
    ),
)
