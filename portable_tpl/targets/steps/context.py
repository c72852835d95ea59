"""What deployments add to the variables of a template, and what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portable_tpl.model.conversation import Conversation, Json
from portable_tpl.targets.steps._base import Context, Step

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_BUILTIN_TOOLS = ("browser", "python", "code_interpreter", "web_search", "brave_search", "wolfram_alpha")


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


def _kept_variables(*names: str) -> Callable[[Conversation], Conversation]:
    """A change that loses all variables of the caller but these."""

    def on_request(conversation: Conversation) -> Conversation:
        kept = {name: value for name, value in conversation.variables.items() if name in names}
        return conversation if kept == conversation.variables else conversation.with_changes(variables=kept)

    return on_request


def _without_variables(*names: str) -> Callable[[Conversation], Conversation]:
    """A change that loses some of the caller's variables."""

    def on_request(conversation: Conversation) -> Conversation:
        kept = {name: value for name, value in conversation.variables.items() if name not in names}
        return conversation if kept == conversation.variables else conversation.with_changes(variables=kept)

    return on_request


def _as_sent(context: Context, conversation: Conversation) -> Context:
    if "messages" in conversation.variables:
        return context
    return {**context, "messages": [dict(message) for message in conversation.messages]}


def _function_variables(context: Context, conversation: Conversation) -> Context:
    return {**context, "functions": None, "function_call": None, "tool_choice": None}


def _without_documents(context: Context, conversation: Conversation) -> Context:
    return {name: value for name, value in context.items() if name != "documents"}


def _always_prompting(context: Context, conversation: Conversation) -> Context:
    return {**context, "add_generation_prompt": True}


def _tools_if_any(context: Context, conversation: Conversation) -> Context:
    return context if context.get("tools") else {name: value for name, value in context.items() if name != "tools"}


def _tool_variables(context: Context, conversation: Conversation) -> Context:
    if not conversation.tools:
        return context
    names = [(tool.get("function") or {}).get("name") for tool in conversation.tools]
    known = [name for name in names if name in _BUILTIN_TOOLS]
    return {**context, "xml_tools": conversation.tools, "builtin_tools": known}


STEPS = (
    Step(
        "messages-as-sent",
        "Messages keep the keys that are null, and reasoning stands under the name under which it was sent only.",
        "servers in Rust and JavaScript that pass the request's messages on: smg, mistral.rs, Dynamo",
        "The reference drops every key of a message that is null and gives reasoning as reasoning_content "
        "and thinking. "
        "So 'message.content is none', or a test of 'tool_calls is defined', goes another way with content or calls "
        "that are null: ask for the value's truth instead.",
        on_context=_as_sent,
    ),
    Step(
        "variables-not-passed",
        "The variables of the caller are lost.",
        "text-generation-inference router/src/infer/chat_template.rs, ChatTemplateInputs; llama-cpp-python 0.3.36, "
        "create_chat_completion; onnxruntime-extensions 0.15.2, apply_chat_template",
        "There is no such field in a request: flags as enable_thinking are always undefined.",
        on_request=_kept_variables(),
    ),
    Step(
        "variables-limited",
        "Of the caller's variables only enable_thinking and reasoning_effort are passed on.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        "All other flags of a template are undefined there: its defaults have to be right.",
        on_request=_kept_variables("enable_thinking", "reasoning_effort"),
    ),
    Step(
        "own-variables-kept",
        "A caller's variable by the name of one that the server sets is lost.",
        "ai-dynamo-runtime 1.6.1, measured",
        "These are messages, tools, add_generation_prompt, bos_token, eos_token and unk_token. In transformers, a "
        "caller's keyword arguments win over the special tokens.",
        on_request=_without_variables(
            "messages", "tools", "add_generation_prompt", "bos_token", "eos_token", "unk_token"
        ),
    ),
    Step(
        "documents-not-passed",
        "There is no variable documents.",
        "text-generation-inference router/src/infer/chat_template.rs; mistral.rs; llama-cpp-python",
        "A template for retrieval prints none there.",
        on_context=_without_documents,
    ),
    Step(
        "generation-prompt-always",
        "The variable add_generation_prompt is true, whatever the caller asked for.",
        "text-generation-inference router/src/infer/chat_template.rs; llama-cpp-python llama_chat_format.py",
        "A prompt for training, without it, cannot be had there.",
        on_context=_always_prompting,
    ),
    Step(
        "reasoning-effort-set",
        "The variable reasoning_effort is 'medium' where the caller did not set it.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        "A default of the template's own is never used there.",
        on_request=default_variable("reasoning_effort", "medium"),
    ),
    Step(
        "tools-omitted-when-empty",
        "Without a tool the variable tools is undefined.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        "'tools is defined' is false for an empty list there: ask for the list's truth.",
        on_context=_tools_if_any,
    ),
    Step(
        "tool-variables-added",
        "With tools there are xml_tools, which are the same, and builtin_tools, the names of those that Llama knows.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        "Llama's templates read these; builtin_tools is a list of names, empty where none is known.",
        on_context=_tool_variables,
    ),
    Step(
        "function-variables-added",
        "There are functions, function_call and tool_choice, which are none where a request has none.",
        "llama-cpp-python 0.3.36, llama_cpp/llama_chat_format.py",
        "'tool_choice is defined' is true there: ask for its truth.",
        on_context=_function_variables,
    ),
    Step(
        "enable-thinking-set",
        "The variable enable_thinking is true where the caller did not set it.",
        "llama.cpp common/chat.cpp and tools/server, measured on b11549",
        "A default of the template's own, as in 'enable_thinking is not defined', is never used there.",
        on_request=default_variable("enable_thinking", True),
        choice="enable_thinking",
    ),
    Step(
        "enable-thinking-cleared",
        "The variable enable_thinking is false where the caller did not set it.",
        "llama.cpp common/chat.cpp and tools/server, measured on b11549: templates without a thinking mode it knows",
        "A default of the template's own, as in 'enable_thinking is not defined', is never used there.",
        on_request=default_variable("enable_thinking", False),
        choice="enable_thinking",
    ),
    Step(
        "dates-set",
        "The variables date_string and datetime hold today's date where the caller did not set them.",
        "llama.cpp common/chat.cpp, measured on b11549",
        "A date that a template falls back on where date_string is not defined is never printed there.",
        on_request=_dates,
    ),
    Step(
        "long-date-set",
        "The variable date_string holds today's date as '01, January, 2026' where the caller did not set it.",
        "mistral.rs mistralrs-core/src/pipeline/chat_template.rs",
        "A date that a template falls back on where date_string is not defined is never printed there.",
        on_request=_long_date,
    ),
    Step(
        "tools-omitted-when-none",
        "Without tools the variable tools is undefined; the reference passes none.",
        "llama.cpp common/chat.cpp; smg; mistral.rs; google/minja",
        "'tools is not none' is true for what is undefined, too: ask for the truth of tools.",
        on_context=omitted("tools", None),
    ),
    Step(
        "documents-omitted-when-none",
        "Without documents the variable documents is undefined; the reference passes none.",
        "llama.cpp common/chat.cpp; smg; google/minja",
        "'documents is not none' is true for what is undefined, too: ask for the truth of documents.",
        on_context=omitted("documents", None),
    ),
    Step(
        "reasoning-alias-omitted",
        "Reasoning is given to the template as reasoning_content only; the reference gives it as thinking, too.",
        "llama.cpp common/chat.cpp",
        "Read reasoning_content, which is there on both.",
        on_context=_reasoning_alias,
    ),
    Step(
        "generation-prompt-omitted-when-false",
        "The variable add_generation_prompt is undefined instead of false.",
        "llama.cpp common/chat.cpp",
        "'add_generation_prompt is defined' is false there: ask for its truth.",
        on_context=omitted("add_generation_prompt", False),
    ),
)
