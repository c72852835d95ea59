"""llama.cpp: the server as it is, its engine alone, and that the two are one engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import find
from portable_tpl.targets.steps import step
from tests.targets.opening import opened

_USER = {"role": "user", "content": "Hi"}
_PLAIN = Conversation([_USER])


@pytest.fixture(scope="module")
def stack() -> Iterator[WorkerRuntime]:
    with opened("llama.cpp") as one:
        yield one


@pytest.fixture(scope="module")
def engine() -> Iterator[WorkerRuntime]:
    with opened("llama.cpp-engine") as one:
        yield one


_EDGES = [
    "  {% if true %}\n  a{% endif %}\n\n", "  {{ 'x' }}\n\n", "a\r\n", "a\r\n\r\n", "a\n", "{{ 'a' }}\n", "a\n  ", "\n\na",
    "{% if true %}a{% endif %}\n", "{% if true %}a{% endif %}\n\n", "\n  {% if true %}b{% endif %}   ", "   ", "\n", " \n",
    "\n\n  {% if true %}b{% endif %}\n   ", "{# c #}\n x", "x\n   {# c #}\n x", "a {{- 1 }}\n", "\n{{ 1 }}", "  \n  {{1}}",
    " {%- if true -%} x {%- endif -%} \n", "a\r\n  {% if true %}\r\nb\r\n{% endif %}\r\nc", "\n{# x #}\n{% if true %}\n{% endif %}\n",
    "  {# x #} {% if true %} {% endif %}", " \n {%- set x = 1 %}\n{{ x }}", "a{% if true -%}\n", "{- 1 }", "a{- 1 }",
    "{% for i in [1,2] %}{% if i==2 %}{% break %}{% endif %}x{% endfor %}\n ", "a\r{% if true %}b{% endif %}\r",
    "a {%- generation -%} x {%- endgeneration -%} b", "é{% if true %}b{% endif %}", "{ {% if true %}b{% endif %}",
    "{% macro f() %}{{ messages[0].role }}{% endmacro %}{{ f() }}", "{{ add_generation_prompt is defined }}",
    "{% set messages = messages[:1] %}{{ messages[0].content }}", "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
]  # fmt: skip


@pytest.mark.parametrize("text", _EDGES, ids=ascii)
def test_the_engine_alone_prints_what_it_prints_in_the_server(
    text: str, stack: WorkerRuntime, engine: WorkerRuntime
) -> None:
    # With a generation prompt both contexts are the same, as far as these templates read them.
    conversation = _PLAIN.with_changes(add_generation_prompt=True)
    assert without_line(engine.render(Template(text), conversation)) == without_line(
        stack.render(Template(text), conversation)
    )


def without_line(answer: Rendering) -> Rendering:
    return replace(answer, line=None) if isinstance(answer, Failed) else answer


def test_the_engine_sees_the_reference_s_context(engine: WorkerRuntime) -> None:
    template = Template(
        "{{ enable_thinking is defined }}{{ date_string is defined }}{{ tools is none }}{{ documents is none }}"
        "{{ add_generation_prompt }}{{ messages[0].content is defined }}{{ eos_token is defined }}{{ extra }}"
    )
    conversation = Conversation(
        [{"role": "odd", "content": None}], special_tokens={"bos_token": "<b>"}, variables={"extra": 1.5}
    )
    assert engine.render(template, conversation) == Rendered("FalseFalseTrueTrueFalseFalseFalse1.5")
    given = conversation.with_changes(variables={"enable_thinking": "yes", "extra": ""}, tools=[])
    assert engine.render(Template("{{ enable_thinking }}{{ tools | length }}"), given) == Rendered("yes0")


def test_the_stack_adds_its_variables(stack: WorkerRuntime) -> None:
    template = Template(
        "{{ date_string }}|{{ datetime }}|{{ enable_thinking is defined }}|{{ add_generation_prompt is defined }}"
    )
    assert stack.render(template, _PLAIN) == Rendered("01 Jan 2026|Jan 01 2026|True|False")
    asked = _PLAIN.with_changes(add_generation_prompt=True, variables={"date_string": "mine"})
    assert stack.render(template, asked) == Rendered("mine|Jan 01 2026|True|True")


def test_special_tokens_are_the_models(stack: WorkerRuntime) -> None:
    template = Template("[{{ bos_token }}][{{ eos_token }}]", special_tokens={"bos_token": "<｜begin▁of▁sentence｜>"})
    assert stack.render(template, _PLAIN) == Rendered("[<｜begin▁of▁sentence｜>][]")
    for tokens in ({}, {"bos_token": "a\\x"}, {"eos_token": "\n é"}, {"bos_token": "", "eos_token": "x"}):
        answer = stack.render(template, _PLAIN.with_changes(special_tokens=tokens))
        assert answer == Rendered(f"[{tokens.get('bos_token', '')}][{tokens.get('eos_token', '')}]")


def test_a_vocabulary_that_adds_the_token_takes_it_off_the_prompt(stack: WorkerRuntime) -> None:
    adapter, version = find("llama.cpp")
    adding = replace(adapter, options={"add_bos": True})
    stripped = step("bos-stripped")
    with WorkerRuntime(adding, version) as other:
        for text in ("{{ bos_token }}x", "{{ bos_token }}{{ bos_token }}x", "x{{ bos_token }}"):
            plain, without = stack.render(Template(text), _PLAIN), other.render(Template(text), _PLAIN)
            assert isinstance(plain, Rendered)
            assert without == Rendered(stripped.on_prompt(plain.text, _PLAIN))


@pytest.mark.parametrize(
    "text, words, line",
    [
        ("a\n{% if %}", "Unexpected token", None),
        ("a\n{{ no_such_function() }}", "Callee is not a function", 2),
        ("a\n\n{{ raise_exception('never') }}", "never", 3),
    ],
)
def test_a_template_refused_at_start_fails_with_the_servers_words(
    stack: WorkerRuntime, text: str, words: str, line: int | None
) -> None:
    answers = stack.render_all(Template(text), [_PLAIN, _PLAIN])
    for answer in answers:
        assert isinstance(answer, Failed)
        assert answer.kind == "syntax"
        assert words in answer.message
        assert answer.line == line


@pytest.mark.parametrize(
    "before, line",
    [("", 1), ("a\n\n", 3), ("\n\n ", 3), ("\n{# c #}", 2), ("a\r\nb\r\n", 3), ("{% for m in messages %}\n", 2)],
)
def test_the_engine_s_errors_have_the_line(engine: WorkerRuntime, before: str, line: int) -> None:
    after = "{% endfor %}" if "for" in before else ""
    answer = engine.render(Template(before + "{{ 'a' - 1 }}" + after), _PLAIN)
    assert answer == Failed("error", 'Unknown operator "-" between String and Integer', line)


@pytest.mark.parametrize("message", ["no", "two\nlines", "a\n  ^\nError: b", "Jinja Exception: x", "é中😀", ""])
def test_refusals_keep_their_message(engine: WorkerRuntime, message: str) -> None:
    conversation = _PLAIN.with_changes(variables={"v": message})
    assert engine.render(Template("{{ raise_exception(v) }}"), conversation) == Refused(message)


def test_the_engine_runs_templates_that_the_server_would_patch(engine: WorkerRuntime) -> None:
    text = (
        '{%- if "<|channel|>analysis<|message|>" in message.content or "<|channel|>final<|message|>" in message.content %}'
        "{{- 'kept' }}{%- endif %}"
    )
    conversation = _PLAIN.with_changes(variables={"message": {"content": "<|channel|>final<|message|>"}})
    assert engine.render(Template(text), conversation) == Rendered("kept")


_SHOWN = Template(
    "{% for m in messages %}<{{ m.role }}|{{ m.content }}>{% endfor %}{{ 'go' if add_generation_prompt }}"
)


@pytest.mark.parametrize(
    "messages, names",
    [
        (
            [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}],
            ["parts-joined"],
        ),
        ([{"role": "developer", "content": "a"}, _USER], ["developer-to-system"]),
        ([_USER, {"role": "assistant", "content": "so far"}], ["final-assistant-prefilled"]),
        ([_USER, {"role": "assistant", "content": ""}], ["final-assistant-prefilled"]),
        ([_USER, {"role": "assistant", "content": None}], ["final-assistant-prefilled"]),
        (
            [_USER, {"role": "assistant", "content": [{"type": "text", "text": each} for each in "abc"]}],
            ["final-assistant-prefilled"],
        ),
        ([_USER, {"role": "assistant", "content": "a", "tool_calls": []}, _USER], ["empty-calls-dropped"]),
        ([{"role": "user", "content": None}], ["null-content-to-empty"]),
    ],
)
def test_the_stack_does_what_the_steps_say(
    stack: WorkerRuntime, engine: WorkerRuntime, messages: list[dict[str, Any]], names: list[str]
) -> None:
    """The engine on the prepared conversation gives the stack's own bytes."""
    conversation = Conversation(messages)
    made = conversation
    for name in names:
        made = step(name).on_request(made)
    answer = engine.render(_SHOWN, made)
    assert isinstance(answer, Rendered)
    text = answer.text
    for name in names:
        text = step(name).on_prompt(text, conversation)
    assert stack.render(_SHOWN, conversation) == Rendered(text)


@pytest.mark.parametrize(
    "condition",
    [
        '{%- if "<|channel|>analysis<|message|>" in message.content or "<|channel|>final<|message|>" in message.content %}',
        "{# [TOOL_CALLS] #}{%- if (message['content'] is none or message['content'] == '' or message['content']|length == 0)"
        " and (message['tool_calls'] is not defined or message['tool_calls'] is none or "
        "message['tool_calls']|length == 0) %}",
    ],
)
def test_the_stack_patches_what_the_step_says(stack: WorkerRuntime, engine: WorkerRuntime, condition: str) -> None:
    text = "{% for message in messages %}" + condition + "yes{% else %}no{% endif %}{{ message.content }}{% endfor %}"
    said = "" if "TOOL" in condition else "<|channel|>final<|message|>"
    conversation = Conversation([{"role": "user", "content": said}])
    assert engine.render(Template(text), conversation) == Rendered(f"yes{said}")
    assert stack.render(Template(text), conversation) == Rendered(f"no{said}")
    patched = Template(step("template-patched").on_template(Template(text)))
    assert engine.render(patched, conversation) == Rendered(f"no{said}")


def test_a_hundred_servers_leave_nothing_behind(stack: WorkerRuntime) -> None:
    from portable_tpl.targets.processes._limits import resident

    sizes = []
    for number in range(100):
        template = Template("{{ messages[0].content }}" + f" {number}")
        assert stack.render(template, _PLAIN) == Rendered(f"Hi {number}")
        assert stack.pid is not None
        sizes.append(resident(stack.pid) or 0)
    assert sizes[-1] - sizes[30] < 16 << 20, sizes


def test_an_earlier_build_runs_beside_it() -> None:
    with opened("llama.cpp-engine@b9294") as old:
        assert old.version == "b9294"
        assert old.render(Template("a\n{{ messages[0].content }}"), _PLAIN) == Rendered("a\nHi")
        assert old.render(Template("{{ raise_exception('x') }}"), _PLAIN) == Refused("x")
    with opened("llama.cpp@b9294") as old_stack:
        refused = old_stack.render(Template("{{ raise_exception('x') }}"), _PLAIN)
        assert isinstance(refused, Failed)
        assert refused.kind == "syntax"
        assert old_stack.render(Template("{{ messages[0].content }}"), _PLAIN) == Rendered("Hi")


def test_more_templates_in_a_row_than_servers_are_kept(engine: WorkerRuntime) -> None:
    answers = [engine.render(Template(f"{{{{ 'a' }}}}{number}"), _PLAIN) for number in range(13)]
    assert answers == [Rendered(f"a{number}") for number in range(13)]
