"""vLLM."""

from __future__ import annotations

from collections.abc import Mapping

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.model.rendering import Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments._profile import Fact, Plan, Probe, Profile, profile_adapter
from portable_tpl.targets.steps._profile_steps import applied
from portable_tpl.targets.steps.reference import reference_context, reference_objection

_SOURCE = "vLLM vllm/renderers/hf.py (e7ad92e)"
_CHAT = "vLLM vllm/entrypoints/chat_utils.py"

_FACTS = (
    Fact("transformers' own apply_chat_template", _SOURCE, modelled=False),
    Fact("the format of content, 'string' or 'openai', is guessed from the source", _SOURCE),
    Fact("messages are rebuilt from what the OpenAI format knows, with content in that format", _CHAT),
    Fact("content that is null or absent is an empty string, or an empty list", _CHAT),
    Fact("arguments of tool calls that are JSON text become values", _CHAT),
    Fact("media parts, and the choice between the templates of processor and tokenizer, are left out", _SOURCE),
)


def _context(conversation: Conversation, container: Mapping[str, str]) -> dict[str, Json] | Rendering:
    return reference_objection(conversation) or reference_context(conversation, container)


def _plan(template: Template, probe: Probe) -> Plan:
    from portable_tpl.targets.steps.detection import iterates_content

    kind = "parts" if iterates_content(template) else "strings"
    return Plan(template.text, applied(f"messages-rebuilt-with-{kind}"))


PROFILE = Profile(
    id="vllm",
    summary="vLLM: the reference, with messages in the content format that it guesses",
    facts=_FACTS,
    context=_context,
    plan=_plan,
)
ADAPTERS = (profile_adapter(PROFILE),)
