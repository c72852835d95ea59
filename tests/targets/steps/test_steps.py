"""The list of steps: what each of them does, and that none of them changes what it is given."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.source import Template
from portable_tpl.targets.registry import targets_with_step
from portable_tpl.targets.steps import all_steps, step
from portable_tpl.targets.steps.prefill import ReasoningMarks, prefilled_with
from portable_tpl.targets.steps.reference import reference_context

_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"b": 1.0}', "extra": 1}, "x": 2}
_TOOL = {
    "type": "function",
    "function": {"name": "f", "parameters": {"zeta": 1}, "return": {"type": "string"}},
    "y": 1,
}
_RICH = Conversation(
    [
        {"role": "developer", "content": "  be kind \n"},
        {"role": "system", "content": "rules"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "weight": 1},
        {"role": "assistant", "content": None, "tool_calls": [_CALL], "reasoning_content": "hm"},
        {"role": "tool", "name": "f", "tool_call_id": "c1", "content": "42"},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "u"}}, {"type": "text", "text": "c"}],
        },
        {"role": "user"},
        {"role": "user", "content": []},
        {"role": "assistant", "content": "so far"},
    ],
    tools=[_TOOL],
    add_generation_prompt=False,
)
_EVERY = all_steps()


def test_names_are_unique_and_speak() -> None:
    names = [each.name for each in _EVERY]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and " " not in name for name in names)
    assert all(step(name).name == name for name in names)
    with pytest.raises(KeyError):
        step("no-such-thing")


@pytest.mark.parametrize("each", _EVERY, ids=lambda each: each.name)
def test_each_says_what_it_does_and_who_does_it(each: Any) -> None:
    assert each.summary.endswith(".")
    assert each.source
    assert each.details.endswith(".")
    assert targets_with_step(each), "no target takes it"


@pytest.mark.parametrize("each", _EVERY, ids=lambda each: each.name)
def test_each_is_pure(each: Any) -> None:
    before = copy.deepcopy(_RICH)
    context = reference_context(_RICH, {})
    copied = copy.deepcopy(context)
    once = each.on_request(_RICH)
    each.on_context(context, _RICH)
    each.on_prompt("<s>text</s>", _RICH)
    assert before == _RICH
    assert context == copied
    assert isinstance(once, Conversation)


@pytest.mark.parametrize("each", _EVERY, ids=lambda each: each.name)
def test_each_leaves_a_plain_conversation_alone_or_says_so(each: Any) -> None:
    plain = Conversation([{"role": "user", "content": "Hi"}], add_generation_prompt=True)
    always = {
        "string-to-parts", "string-to-needed-parts", "enable-thinking-set", "enable-thinking-cleared", "dates-set",
        "long-date-set", "messages-rebuilt-with-parts", "reasoning-effort-set", "keys-sorted",
        "content-put-in-afterwards", "answer-left-open", "string-to-structured-parts",
    }  # fmt: skip
    assert (each.on_request(plain).key == plain.key) == (each.name not in always)


@pytest.mark.parametrize("each", _EVERY, ids=lambda each: each.name)
def test_each_survives_messages_of_any_shape(each: Any) -> None:
    odd = [
        {},
        {"role": None, "content": 5},
        {"role": "system", "content": [1, None, {"type": "text"}]},
        {"role": "assistant", "tool_calls": [None, 7, {}, {"function": None}, {"function": {"arguments": "{"}}]},
        {"role": "assistant", "tool_calls": {"a": 1}},
        {"role": "tool"},
    ]
    for messages in ([], odd, odd[::-1], [odd[3]]):
        conversation = Conversation(messages, tools=[{}, {"function": 3}, {"function": {}}])  # type: ignore[arg-type]
        assert each.on_request(conversation) is not None
        each.on_prompt("", conversation)


def _messages(name: str, *messages: Any) -> Any:
    return step(name).on_request(Conversation(list(messages))).messages


def _user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


_PARTS = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
_IMAGE = {"type": "image_url", "image_url": {"url": "u"}}


@pytest.mark.parametrize(
    "name, message, expected",
    [
        ("parts-joined", _user(_PARTS), _user("a\nb")),
        ("parts-joined", _user([*_PARTS, _IMAGE]), _user([*_PARTS, _IMAGE])),
        ("unstructured-parts-joined", _user([*_PARTS, _IMAGE]), _user("a\nb")),
        ("media-parts-as-placeholders", _user([_IMAGE]), _user([{"type": "image"}])),
        ("string-to-parts", _user("a"), _user([{"type": "text", "text": "a"}])),
        ("absent-answer-to-null", {"role": "assistant"}, {"role": "assistant", "content": None}),
        ("null-content-to-empty", _user(None), _user("")),
        ("null-content-to-empty", {"role": "user"}, {"role": "user"}),
        ("missing-content-to-empty", {"role": "user"}, _user("")),
        ("empty-parts-to-empty", _user([]), _user("")),
        ("empty-calls-dropped", {**_user("a"), "tool_calls": []}, _user("a")),
        ("empty-calls-dropped", {**_user("a"), "tool_calls": None}, {**_user("a"), "tool_calls": None}),
        ("content-trimmed", _user(" a\n"), _user("a")),
        ("part-keys-dropped", _user([{**_PARTS[0], "x": 1}, _IMAGE]), _user([_PARTS[0], _IMAGE])),
        ("empty-reasoning-dropped", {**_user("a"), "reasoning_content": ""}, _user("a")),
        (
            "empty-reasoning-dropped",
            {**_user("a"), "reasoning_content": " "},
            {**_user("a"), "reasoning_content": " "},
        ),
        ("reasoning-as-part", _user("a"), _user("a")),
        (
            "reasoning-as-part",
            {"role": "assistant", "content": "a", "reasoning_content": "r"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "r"}, _PARTS[0]]},
        ),
        ("developer-to-system", {"role": "developer", "content": "a"}, {"role": "system", "content": "a"}),
        ("message-keys-dropped", {"weight": 1, "content": "a", "role": "user"}, {"role": "user", "content": "a"}),
        (
            "message-keys-dropped",
            {"role": "tool", "content": "", "name": "", "tool_call_id": ""},
            {"role": "tool", "content": ""},
        ),
        ("messages-flattened", _user([*_PARTS, _IMAGE]), _user("ab![](u)")),
        ("messages-rebuilt-with-strings", _user(None), _user("")),
        ("messages-rebuilt-with-parts", _user(None), _user([])),
        ("messages-rebuilt-with-parts", _user("a"), _user([{"type": "text", "text": "a"}])),
    ],
)
def test_what_becomes_of_a_message(name: str, message: Any, expected: Any) -> None:
    changed = _messages(name, message)[0]
    assert changed == expected
    assert list(changed) == list(expected)


def test_tool_calls_as_content_and_answers_as_user() -> None:
    (call,) = _messages("calls-as-content", {"role": "assistant", "content": "x", "tool_calls": [_CALL]})
    assert "tool_calls" not in call
    assert json.loads(call["content"]) == {
        "tool_calls": [{"name": "f", "arguments": {"b": 1.0}, "id": "c1"}],
        "content": "x",
    }
    (answer,) = _messages("answers-as-user", {"role": "tool", "name": "f", "tool_call_id": "c1", "content": "4"})
    assert answer["role"] == "user"
    assert json.loads(answer["content"]) == {"tool_response": {"tool": "f", "content": "4", "tool_call_id": "c1"}}


def test_arguments_become_values_or_text() -> None:
    def arguments(name: str, given: Any) -> Any:
        call = {"type": "function", "function": {"name": "f", "arguments": given}}
        return _messages(name, {"role": "assistant", "tool_calls": [call]})[0]["tool_calls"][0]["function"][
            "arguments"
        ]

    assert arguments("arguments-parsed", '{"a": [1.0, null]}') == {"a": [1.0, None]}
    assert arguments("arguments-parsed", "[1]") == [1]
    assert arguments("arguments-parsed", "{broken") == "{broken"
    assert arguments("arguments-object-parsed", "[1]") == "[1]"
    assert arguments("arguments-to-text", {"a": "é", "b": [1.0]}) == '{"a":"é","b":[1.0]}'


def test_keys_of_calls_and_tools() -> None:
    (message,) = _messages("call-keys-dropped", {"role": "assistant", "tool_calls": [_CALL]})
    function = {"name": "f", "arguments": '{"b": 1.0}'}
    assert message["tool_calls"] == [{"type": "function", "function": function, "id": "c1"}]
    with_tool = Conversation([], tools=[_TOOL])
    dropped = step("schema-keys-dropped").on_request(with_tool).tools
    assert dropped == [
        {"type": "function", "function": {"name": "f", "description": "", "parameters": {"zeta": 1}}},
    ]
    completed = step("tool-parameters-completed").on_request(with_tool).tools
    assert completed is not None
    assert completed[0]["function"]["parameters"] == {"zeta": 1, "type": "object", "properties": {}}


def test_tools_are_reordered() -> None:
    parameters = {"zeta": 1, "required": [], "alpha": 2, "type": "object"}
    function = {"strict": True, "parameters": parameters, "name": "f", "other": 0}
    changed = step("tool-schema-reordered").on_request(Conversation([], tools=[{"function": function}])).tools
    assert changed is not None
    assert list(changed[0]["function"]) == ["name", "parameters", "strict", "other"]
    assert list(changed[0]["function"]["parameters"]) == ["type", "required", "alpha", "zeta"]


def test_system_messages_are_merged() -> None:
    system = {"role": "system", "content": "s"}
    assert _messages("system-merged", system, _user("u"), system) == [_user("s\nu"), system]
    assert _messages("system-merged", system) == []
    assert _messages("system-to-user", system, _user("u"), system) == [_user("s\nu"), _user("s")]
    assistant = {"role": "assistant", "content": "a"}
    assert _messages("system-to-user", system, assistant) == [_user("s"), assistant]


def test_a_final_answer_is_prefilled() -> None:
    prefill = step("final-assistant-prefilled")
    conversation = Conversation([_user("u"), {"role": "assistant", "content": "so far"}])
    assert prefill.on_request(conversation).messages == [_user("u")]
    assert prefill.on_request(conversation).add_generation_prompt is True
    assert prefill.on_prompt("<assistant>", conversation) == "<assistant>so far"


@pytest.mark.parametrize("content, prompt, text", [(None, False, ""), ("", False, ""), (_PARTS, True, "a\n\nb")])
def test_an_answer_is_prefilled_as_far_as_there_is_one(content: Any, prompt: bool, text: str) -> None:
    prefill = step("final-assistant-prefilled")
    conversation = Conversation([_user("u"), {"role": "assistant", "content": content}])
    assert prefill.on_request(conversation).add_generation_prompt is prompt
    assert prefill.on_prompt("", conversation) == text


def test_an_answer_is_prefilled_with_its_reasoning() -> None:
    prefill = prefilled_with(ReasoningMarks("<assistant><think>", "</think>", False))
    answer = {"role": "assistant", "content": "so far"}
    conversation = Conversation([_user("u"), answer], add_generation_prompt=True)
    assert prefill.on_request(conversation).messages == [_user("u")]
    assert prefill.on_request(conversation).add_generation_prompt is False
    assert prefill.on_prompt("<u>", conversation) == "<u><assistant><think></think>so far"
    reasoned = Conversation([_user("u"), {**answer, "reasoning_content": "hm"}])
    assert prefill.on_prompt("<u>", reasoned) == "<u><assistant><think>hm</think>so far"
    unfinished = Conversation([_user("u"), {"role": "assistant", "content": "", "reasoning_content": "hm"}])
    assert prefill.on_prompt("<u>", unfinished) == "<u><assistant><think>hm"
    assert prefill.on_prompt("<u>", Conversation([_user("u")])) == "<u>"


def test_conditions_are_taken_out_of_templates() -> None:
    patched = step("template-patched")
    channels = '{%- if "<|channel|>analysis<|message|>" in message.content or "<|channel|>final<|message|>" in message.content %}'
    assert patched.changes_template
    assert patched.on_template(Template(f"a{channels}b")) == "a{%- if false %}b"
    assert patched.on_template(Template(channels.replace("if ", "if  "))) == channels.replace("if ", "if  ")
    assert not step("parts-joined").changes_template


def test_variables_are_set_unless_the_caller_did() -> None:
    conversation = Conversation([], variables={"enable_thinking": None}, clock="2026-02-03T04:05:06")
    assert step("enable-thinking-set").on_request(conversation) is conversation
    assert step("enable-thinking-set").on_request(Conversation([])).variables == {"enable_thinking": True}
    dated = step("dates-set").on_request(conversation).variables
    assert (dated["date_string"], dated["datetime"]) == ("03 Feb 2026", "Feb 03 2026")
    assert step("long-date-set").on_request(conversation).variables["date_string"] == "03, February, 2026"


def test_variables_are_left_undefined() -> None:
    conversation = Conversation([])
    context = reference_context(conversation, {})
    assert "tools" not in step("tools-omitted-when-none").on_context(context, conversation)
    assert "tools" in step("tools-omitted-when-none").on_context({"tools": []}, conversation)
    omitted = step("generation-prompt-omitted-when-false")
    assert "add_generation_prompt" not in omitted.on_context(context, conversation)
    assert omitted.on_context({"add_generation_prompt": 0}, conversation) == {"add_generation_prompt": 0}
    assert omitted.changes_context
    assert not omitted.changes_prompt


def test_special_tokens_are_taken_off() -> None:
    conversation = Conversation([], special_tokens={"bos_token": "<B>", "eos_token": "<E>"})
    assert step("bos-stripped").on_prompt("<B><B>x<E>", conversation) == "<B>x<E>"
    assert step("eos-stripped").on_prompt("<B>x<E>", conversation) == "<B>x"
    assert step("eos-stripped").on_prompt("x", Conversation([], special_tokens={})) == "x"


def test_a_turn_with_calls_is_gathered_with_what_the_tools_answered() -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": {}}}
    messages = [
        _user("q"),
        {"role": "assistant", "content": "lost", "tool_calls": [call], "reasoning_content": "r"},
        {"role": "tool", "content": '{"z": 1}'},
        {"role": "tool", "content": "not JSON"},
        {"role": "assistant", "content": "done"},
        {"role": "assistant", "content": "more"},
    ]
    gathered = step("answers-gathered").on_request(Conversation(messages))
    assert gathered.messages == [
        messages[0],
        {
            "role": "assistant",
            "tool_calls": [call],
            "tool_responses": [{"name": "f", "response": {"z": 1}}, {"name": "", "response": "not JSON"}],
            "content": "done",
            "reasoning_content": "r",
        },
        messages[5],
    ]
    plain = Conversation([_user("q")])
    assert step("answers-gathered").on_request(plain) is plain
