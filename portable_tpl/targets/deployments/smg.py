"""smg, the gateway that was SGLang's router."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments._profile import Fact, Plan, Probe, Profile, profile_adapter
from portable_tpl.targets.deployments._source import with_json_filter
from portable_tpl.targets.steps._profile_steps import applied, plain_messages

_SOURCE = "smg crates/tokenizer/src/chat_template.rs (010826e)"

_FACTS = (
    Fact("minijinja 2.x with pycompat, loop controls, trim_blocks and lstrip_blocks", _SOURCE, modelled=False),
    Fact("the engine here is 2.24.0, the last release of 2.x", "smg crates/tokenizer/Cargo.toml asks for 2.0"),
    Fact("tojson writes ', ' and ': ', escapes no HTML, and knows indent, ensure_ascii and sort_keys", _SOURCE),
    Fact("separators of tojson are taken and have no effect", "limit of this model"),
    Fact("there is raise_exception and no strftime_now", _SOURCE),
    Fact("the format of content is guessed from the source", _SOURCE),
    Fact(
        "strings become text parts (not those of tools) or parts are joined by a blank, after that guess",
        "smg router",
    ),
    Fact("tools, documents and special tokens that are not there are undefined", _SOURCE),
    Fact("a .jinja file is trimmed, and \\n in it spelled out becomes a newline", _SOURCE),
    Fact("the thinking flag that it finds in a template and injects is left out", "smg crates/tokenizer"),
)


def _context(conversation: Conversation, container: Mapping[str, str]) -> dict[str, Json] | Rendering:
    context: dict[str, Json] = {
        **conversation.tokens_for(container),
        "messages": plain_messages(conversation),
        "add_generation_prompt": bool(conversation.add_generation_prompt),
    }
    if conversation.tools is not None:
        context["tools"] = conversation.tools
    if conversation.documents is not None:
        context["documents"] = conversation.documents
    return {**context, **conversation.variables}


def as_file(template: Template) -> str:
    """The template's text as it is read from its container."""
    if template.path is None or not template.path.endswith(".jinja"):
        return template.text
    return template.text.strip().replace("\\n", "\n")


def _plan(template: Template, probe: Probe) -> Plan:
    from portable_tpl.targets.steps.detection import looks_structured

    text = as_file(template)
    structured = looks_structured(Template(text, template.name, template.path))
    step = "string-to-parts-except-tools" if structured else "parts-joined-by-blanks"
    return Plan(with_json_filter(text, ("ensure_ascii", "sort_keys")), applied(step))


PROFILE = Profile(
    id="smg",
    summary="smg, SGLang's former gateway: minijinja without strftime_now, content format guessed",
    facts=_FACTS,
    context=_context,
    plan=_plan,
    pinned="2.24.0",
    options={
        "pycompat": True,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "json_text": True,
        "strftime_now": False,
    },
)
ADAPTERS = (profile_adapter(PROFILE),)
