"""NVIDIA Dynamo."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments._profile import Fact, Plan, Probe, Profile, profile_adapter
from portable_tpl.targets.deployments._source import with_json_filter
from portable_tpl.targets.steps._profile_steps import EXACT_GENERATION, applied, plain_messages, tokens_or_none

_FORMATTERS = "Dynamo lib/llm/src/preprocessor/prompt/template/formatters.rs (074c2b5)"
_OAI = "Dynamo lib/llm/src/preprocessor/prompt/template/oai.rs"
_MARKER = "template_test"

_FACTS = (
    Fact(
        "minijinja 2.10.2 with pycompat, trim_blocks and lstrip_blocks", "Dynamo lib/llm/Cargo.toml", modelled=False
    ),
    Fact("length of none and of what is undefined is 0", _FORMATTERS),
    Fact("tojson writes ', ' and ': ', keeps the order of keys and escapes no HTML", "Dynamo pull request 10624"),
    Fact("ensure_ascii, sort_keys and separators of tojson are taken and have no effect", "limit of this model"),
    Fact("the two generation tags, spelled exactly, are removed from the source", _FORMATTERS),
    Fact("text parts are joined by newlines, unless a trial shows that only parts are rendered", _OAI),
    Fact("empty parameters of a tool are given type and properties", _OAI),
    Fact("special tokens that are not there are none; a caller's variables win over everything", _OAI),
    Fact("add_generation_prompt is taken from the caller here; older versions go by the last role", _OAI),
    Fact(
        "image placeholders, and <think> put into answers where the source never reads them, are left out",
        _FORMATTERS,
    ),
)


def _context(conversation: Conversation, container: Mapping[str, str]) -> dict[str, Json] | Rendering:
    return {
        "messages": plain_messages(conversation),
        "tools": conversation.tools,
        **tokens_or_none(conversation, container, "bos_token", "eos_token", "unk_token"),
        "add_generation_prompt": bool(conversation.add_generation_prompt),
        **conversation.variables,
    }


def needs_parts(template: Template, probe: Probe) -> bool:
    """Whether a message comes out if its content is a list of parts, and does not if it is a string."""
    contents: tuple[Json, ...] = ([{"type": "text", "text": _MARKER}], _MARKER)
    trials = [Conversation([{"role": "user", "content": content}], special_tokens={}) for content in contents]
    with_parts, with_string = (
        isinstance(answer, Rendered) and _MARKER in answer.text for answer in probe(template, trials)
    )
    return with_parts and not with_string


def _plan(template: Template, probe: Probe) -> Plan:
    text = with_json_filter(PROFILE.patched(template.text))
    steps = ["tool-parameters-completed"]
    if not needs_parts(Template(text, template.name, template.path), probe):
        steps.append("parts-joined")
    return Plan(text, applied(*steps))


PROFILE = Profile(
    id="dynamo",
    summary="NVIDIA Dynamo: minijinja, text parts joined, tool schemas completed",
    facts=_FACTS,
    context=_context,
    plan=_plan,
    pinned="2.10.2",
    options={
        "pycompat": True,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "json_text": True,
        "lenient_length": True,
    },
    patches=(EXACT_GENERATION,),
)
ADAPTERS = (profile_adapter(PROFILE),)
