"""What deployments add to the variables of a template, and what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.steps._base import Context, Normalisation

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def default_variable(name: str, value: Json) -> Callable[[Conversation], Conversation]:
    """A change that gives a variable a value where the caller gave none."""

    def apply(conversation: Conversation) -> Conversation:
        if name in conversation.variables:
            return conversation
        return conversation.with_changes(variables={**conversation.variables, name: value})

    return apply


def omitted(name: str, value: bool | None) -> Callable[[Context, Conversation], Context]:
    """A change that leaves a variable undefined where it has this very value."""

    def adjust(context: Context, conversation: Conversation) -> Context:
        if name not in context or context[name] is not value:
            return context
        return {key: given for key, given in context.items() if key != name}

    return adjust


def _reasoning_alias(context: Context, conversation: Conversation) -> Context:
    messages = context.get("messages")
    if not isinstance(messages, list):
        return context
    kept = [_without_alias(message) if isinstance(message, dict) else message for message in messages]
    return context if kept == messages else {**context, "messages": kept}


def _without_alias(message: dict[str, Json]) -> dict[str, Json]:
    if "reasoning_content" not in message:
        return message
    return {key: value for key, value in message.items() if key not in ("thinking", "reasoning")}


def _dates(conversation: Conversation) -> Conversation:
    now = datetime.fromisoformat(conversation.clock)
    month = _MONTHS[now.month - 1]
    dates = {
        "date_string": f"{now.day:02d} {month} {now.year}",
        "datetime": f"{month} {now.day:02d} {now.year}",
    }
    missing = {name: value for name, value in dates.items() if name not in conversation.variables}
    return conversation.with_changes(variables={**conversation.variables, **missing}) if missing else conversation


def _long_date(conversation: Conversation) -> Conversation:
    now = datetime.fromisoformat(conversation.clock)
    return default_variable("date_string", f"{now.day:02d}, {_LONG_MONTHS[now.month - 1]}, {now.year}")(conversation)


NORMALISATIONS = (
    Normalisation(
        "enable-thinking-set",
        "The variable enable_thinking is true where the caller did not set it.",
        "llama.cpp common/chat.cpp and tools/server, measured on b11549",
        ("llama.cpp",),
        apply=default_variable("enable_thinking", True),
    ),
    Normalisation(
        "enable-thinking-cleared",
        "The variable enable_thinking is false where the caller did not set it.",
        "llama.cpp common/chat.cpp and tools/server, measured on b11549: templates without a thinking mode it knows",
        ("llama.cpp",),
        apply=default_variable("enable_thinking", False),
    ),
    Normalisation(
        "dates-set",
        "The variables date_string and datetime hold today's date where the caller did not set them.",
        "llama.cpp common/chat.cpp, measured on b11549",
        ("llama.cpp",),
        apply=_dates,
    ),
    Normalisation(
        "long-date-set",
        "The variable date_string holds today's date as '01, January, 2026' where the caller did not set it.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        ("mistral.rs",),
        apply=_long_date,
    ),
    Normalisation(
        "tools-omitted-when-none",
        "Without tools the variable tools is undefined; the reference passes none.",
        "llama.cpp common/chat.cpp; smg; mistral.rs; google/minja",
        ("llama.cpp", "minja", "smg", "mistral.rs", "dynamo"),
        adjust=omitted("tools", None),
    ),
    Normalisation(
        "documents-omitted-when-none",
        "Without documents the variable documents is undefined; the reference passes none.",
        "llama.cpp common/chat.cpp; smg; google/minja",
        ("llama.cpp", "minja", "smg", "tgi", "mistral.rs", "dynamo"),
        adjust=omitted("documents", None),
    ),
    Normalisation(
        "reasoning-alias-omitted",
        "Reasoning is given to the template as reasoning_content only; the reference gives it as thinking, too.",
        "llama.cpp common/chat.cpp",
        ("llama.cpp",),
        adjust=_reasoning_alias,
    ),
    Normalisation(
        "generation-prompt-omitted-when-false",
        "The variable add_generation_prompt is undefined instead of false.",
        "llama.cpp common/chat.cpp",
        ("llama.cpp",),
        adjust=omitted("add_generation_prompt", False),
    ),
)
