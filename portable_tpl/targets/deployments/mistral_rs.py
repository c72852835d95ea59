"""mistral.rs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments._profile import Fact, Patch, Plan, Probe, Profile, profile_adapter
from portable_tpl.targets.deployments._source import with_json_filter, without_loop_controls
from portable_tpl.targets.steps._profile_steps import REVERSE, applied, plain_messages, tokens_or_none

_SOURCE = "mistral.rs mistralrs-core/src/pipeline/chat_template.rs"
_RANGE = re.compile(r"range\(([^,]+),\s*-1,\s*-1\)")
_GENERATION = re.compile(r"\{%-?\s*(?:end)?generation\s*-?%\}")
_BUILTIN_TOOLS = ("browser", "python", "code_interpreter", "web_search", "brave_search", "wolfram_alpha")


def _without_meta(text: str) -> str:
    if "{{ meta }}" not in text:
        return text
    return text.replace('{%- set meta = message.get("metadata", "") %}', "").replace("{{ meta }}", "")


_PATCHES = (
    REVERSE,
    Patch(
        "descending-range",
        "range(X, -1, -1) becomes range(X)|reverse, which starts one lower",
        _SOURCE,
        lambda text: _RANGE.sub(r"range(\1)|reverse", text),
    ),
    Patch("meta-lines", "GLM-4's lines about meta are removed", _SOURCE, _without_meta),
    Patch("generation-tags", "generation tags are removed", _SOURCE, lambda text: _GENERATION.sub("", text)),
)

_FACTS = (
    Fact("minijinja 2.14.0 with pycompat, trim_blocks and lstrip_blocks", "mistral.rs Cargo.lock", modelled=False),
    Fact("no loop controls: a template with break or continue does not load", "mistral.rs Cargo.toml, features"),
    Fact("tojson writes ', ' and ': ' and no HTML escapes, and takes any keyword argument", _SOURCE),
    Fact("a tojson that is only named, as in map('tojson'), stays minijinja's own here", "limit of this model"),
    Fact("four patches of the source", _SOURCE),
    Fact("strftime_now and date_string are in UTC; the clock of a conversation is taken for that", _SOURCE),
    Fact("arguments of tool calls become objects, keys of tools are put in order", _SOURCE),
    Fact("without tools the variable tools is undefined; with tools there are xml_tools and builtin_tools", _SOURCE),
    Fact("enable_thinking and reasoning_effort are always defined; other variables and documents are lost", _SOURCE),
    Fact("the rewriting of Gemma 4's and Liquid's tool messages, and one SmolLM patch, are left out", _SOURCE),
)


def _context(conversation: Conversation, container: Mapping[str, str]) -> dict[str, Json] | Rendering:
    context = {
        "messages": plain_messages(conversation),
        "add_generation_prompt": bool(conversation.add_generation_prompt),
        **tokens_or_none(conversation, container, "bos_token", "eos_token", "unk_token"),
        "date_string": conversation.variables["date_string"],
        "enable_thinking": conversation.variables.get("enable_thinking", True),
        "reasoning_effort": conversation.variables.get("reasoning_effort", "medium"),
    }
    if conversation.tools:
        names = [(tool.get("function") or {}).get("name") for tool in conversation.tools]
        context["tools"] = context["xml_tools"] = conversation.tools
        context["builtin_tools"] = [name for name in names if name in _BUILTIN_TOOLS]
    return context


def _plan(template: Template, probe: Probe) -> Plan:
    rewrite = applied("arguments-object-parsed", "tool-schema-reordered")
    long_date = applied("long-date-set")

    def dated(conversation: Conversation) -> Conversation:
        kept = {name: value for name, value in conversation.variables.items() if name != "date_string"}
        return long_date(rewrite(conversation).with_changes(variables=kept))

    text = PROFILE.patched(template.text)
    return Plan(with_json_filter(text), dated, failure=without_loop_controls(template))


PROFILE = Profile(
    id="mistral.rs",
    summary="mistral.rs: minijinja without loop controls, source patches, dates in UTC",
    facts=_FACTS,
    context=_context,
    plan=_plan,
    pinned="2.14.0",
    options={"pycompat": True, "trim_blocks": True, "lstrip_blocks": True, "json_text": True},
    patches=_PATCHES,
)
ADAPTERS = (profile_adapter(PROFILE),)
