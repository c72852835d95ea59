"""What deployments put in the place of tools is named, and not held against a template."""

from __future__ import annotations

import pytest

from portable_tpl.api import compare
from portable_tpl.checking.pages import page_of
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.source import Template
from tests.targets.opening import expect

TEXT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
STRICT = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEXT
EMPTY: dict[str, object] = {"type": "object", "properties": {}, "required": []}
TOOL = {"type": "function", "function": {"name": "f", "description": "Äh", "parameters": EMPTY}}
USER = {"role": "user", "content": "a"}
SYSTEM = {"role": "system", "content": "b"}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}],
}
RESULT = {"role": "tool", "content": "r"}


def causes(target: str, text: str, conversation: Conversation) -> set[tuple[str, str | None]]:
    expect(target)
    compared = compare(Template(text), targets=[target], examples=1, conversations=[conversation])
    return {(each.origin, each.cause) for each in compared.targets[target].mismatches}


@pytest.mark.parametrize("messages", [[USER], [SYSTEM, USER]], ids=["user", "system"])
def test_tools_in_the_system_prompt_with_an_example(messages: list[dict[str, object]]) -> None:
    found = causes("minja", TEXT, Conversation(messages, tools=[TOOL]))
    assert found == {("stack", "tools-in-system-prompt-with-example")}


def test_tools_where_there_is_no_system_prompt() -> None:
    found = causes("minja", STRICT, Conversation([USER], tools=[TOOL]))
    assert {origin for origin, _ in found} == {"stack"}
    assert any("tools-in-system-prompt-with-example+system-to-user" in str(cause) for _, cause in found)


@pytest.mark.parametrize(
    "conversation",
    [Conversation([USER], tools=[TOOL]), Conversation([USER, CALL, RESULT, USER], tools=[TOOL])],
    ids=["tools", "calls"],
)
def test_words_that_are_not_modelled_are_seen_by_leaving_them_out(conversation: Conversation) -> None:
    found = causes("node-llama-cpp", TEXT, conversation)
    assert any(cause is not None and cause.endswith("functions-in-own-words") for _, cause in found)
    assert all(origin == "stack" and cause is not None and page_of(cause) for origin, cause in found)
