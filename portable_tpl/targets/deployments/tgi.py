"""Hugging Face text-generation-inference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.errors import TemplateSyntaxError
from portable_tpl.model.rendering import Failed, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments._profile import Fact, Patch, Plan, Probe, Profile, profile_adapter
from portable_tpl.targets.steps._profile_steps import (
    EXACT_GENERATION,
    REVERSE,
    applied,
    plain_messages,
    tokens_or_none,
)

_SOURCE = "text-generation-inference router/src/infer/chat_template.rs"
_TOOL_PROMPT = (
    "\nGiven the functions available, please respond with a JSON for a function call with its proper arguments that"
    " best answers the given prompt. Respond in the format {name: function name, parameters: dictionary of argument"
    " name and its value}.Do not use variables.\n"
)
_FIRST_TEXT = Patch(
    "first-message-text",
    "messages[0]['content'][0]['text'] becomes messages[0]['content']",
    _SOURCE,
    lambda text: text.replace("messages[0]['content'][0]['text']", "messages[0]['content']"),
)

_FACTS = (
    Fact("minijinja 2.8.0 with pycompat and loop controls", "text-generation-inference Cargo.lock", modelled=False),
    Fact(
        "the engine here is 2.9.0, the first whose Python package has pycompat",
        "minijinja's releases on PyPI; what changed between the two is not made up for",
    ),
    Fact("no trim_blocks, no lstrip_blocks, tojson as built in: compact, HTML escaped", _SOURCE, modelled=False),
    Fact("keys are sorted; here those of messages and tools, not of literals in the template", "Cargo.toml features"),
    Fact("three plain text patches of the source", _SOURCE),
    Fact("a message is its role and a text; name and tool_call_id are lost", "router/src/lib.rs, TextMessage"),
    Fact("a message without content and tool calls is turned down", "router/src/lib.rs, MessageBody"),
    Fact("a prompt for tools is added to the last message, with the tools where the template reads none", _SOURCE),
    Fact("add_generation_prompt is always true; a caller's variables and documents are not passed", _SOURCE),
    Fact("the prompt is cut behind a final assistant message, and its end trimmed", _SOURCE),
)


def _context(conversation: Conversation, container: Mapping[str, str]) -> dict[str, Json] | Rendering:
    return {
        "messages": plain_messages(conversation),
        **tokens_or_none(conversation, container, "bos_token", "eos_token"),
        "add_generation_prompt": True,
        "tools": conversation.tools,
    }


def reads_tools(template: Template) -> bool:
    """Whether a template has a free variable ``tools``."""
    from jinja2 import meta, nodes
    from jinja2.exceptions import TemplateAssertionError

    from portable_tpl.template import parse

    try:
        tree = parse(template).fresh_tree()
    except TemplateSyntaxError:
        return True
    try:
        return "tools" in meta.find_undeclared_variables(tree)
    except TemplateAssertionError:  # it also looks up filters, which jinja2 need not know
        return any(name.name == "tools" and name.ctx == "load" for name in tree.find_all(nodes.Name))


def _described_tool(tool: dict[str, Json]) -> dict[str, Json]:
    function = tool.get("function")
    if not isinstance(function, dict):
        return tool
    described = {
        "description": function.get("description"),
        "name": function.get("name"),
        "arguments": function.get("parameters", function.get("arguments")),
    }
    return {"type": tool.get("type"), "function": described}


def with_tool_prompt(conversation: Conversation, in_template: bool) -> Conversation:
    """The conversation with its tools as the server describes them, and the prompt for them in the last message."""
    if not conversation.tools or not conversation.messages:
        return conversation
    tools = [_described_tool(tool) for tool in conversation.tools]
    listed = "" if in_template else f"{json.dumps(tools, ensure_ascii=False, separators=(',', ':'))}\n"
    *before, last = conversation.messages
    if isinstance(last.get("content"), str):
        last = {**last, "content": f"{last['content']}\n---\n{listed}{_TOOL_PROMPT}"}
    return conversation.with_changes(tools=tools, messages=[*before, last])


def cut_behind_answer(text: str, conversation: Conversation) -> str:
    """The prompt up to the end of a final assistant message, trimmed."""
    last = conversation.messages[-1] if conversation.messages else {}
    content = last.get("content")
    if last.get("role") != "assistant" or not isinstance(content, str):
        return text
    place = text.rfind(content)
    return text if place < 0 else text[: place + len(content)].rstrip()


def _plan(template: Template, probe: Probe) -> Plan:
    in_template = reads_tools(template)
    flatten, sort = applied("messages-flattened"), applied("keys-sorted")

    def rewrite(conversation: Conversation) -> Conversation | Rendering:
        flat = flatten(conversation)
        if not _has_text(flat.messages):
            return Failed("unsupported", "a message needs content that is a text or parts, or tool calls")
        return sort(with_tool_prompt(flat, in_template))

    return Plan(PROFILE.patched(template.text), rewrite, cut_behind_answer)


def _has_text(messages: Sequence[Mapping[str, Json]]) -> bool:
    return all(isinstance(message["content"], str) for message in messages)


PROFILE = Profile(
    id="tgi",
    summary="Hugging Face text-generation-inference: minijinja without trimming, messages flattened",
    facts=_FACTS,
    context=_context,
    plan=_plan,
    pinned="2.9.0",
    options={"pycompat": True, "trim_blocks": False, "lstrip_blocks": False},
    patches=(_FIRST_TEXT, REVERSE, EXACT_GENERATION),
)
ADAPTERS = (profile_adapter(PROFILE),)
