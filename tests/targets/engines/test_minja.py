"""google/minja in OpenVINO GenAI: the stack with its polyfills, its engine alone, and its errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import canonical
from portable_tpl.targets.workers._minja_errors import read_error
from portable_tpl.targets.workers._serve import Failure, Refusal
from tests.targets.opening import opened

_PLAIN = Conversation([{"role": "user", "content": "Hi"}])


@pytest.fixture(scope="module")
def stack() -> Iterator[WorkerRuntime]:
    with opened("minja") as one:
        yield one


@pytest.fixture(scope="module")
def engine() -> Iterator[WorkerRuntime]:
    with opened("minja-engine") as one:
        yield one


def test_openvino_is_its_other_name() -> None:
    assert canonical("openvino") == "minja"


_EDGES = [
    "  {% if true %}\n  a{% endif %}\n\n", "  {{ 'x' }}\n\n", "a\r\n", "a\r\n\r\n", "a\n", "{{ 'a' }}\n", "a\n  ", "\n\na",
    "{% if true %}a{% endif %}\n", "{% if true %}a{% endif %}\n\n", "\n  {% if true %}b{% endif %}   ", "   ",
    "\n\n  {% if true %}b{% endif %}\n   ", "{# c #}\n x", "x\n   {# c #}\n x", "a {{- 1 }}\n", "\n{{ 1 }}", "  \n  {{1}}",
    " {%- if true -%} x {%- endif -%} \n", "a\r\n  {% if true %}\r\nb\r\n{% endif %}\r\nc",
    "  {# x #} {% if true %} {% endif %}", " \n {%- set x = 1 %}\n{{ x }}", "{- 1 }", "a\r{% if true %}b{% endif %}\r",
    "{% for i in [1,2] %}{% if i==2 %}{% break %}{% endif %}x{% endfor %}\n ", "é{% if true %}b{% endif %}",
    "{{ messages }}{{ bos_token }}{{ add_generation_prompt }}",
]  # fmt: skip


@pytest.mark.parametrize("text", _EDGES, ids=ascii)
def test_the_engine_alone_prints_what_it_prints_in_the_stack(
    text: str, stack: WorkerRuntime, engine: WorkerRuntime
) -> None:
    assert engine.render(Template(text), _PLAIN) == stack.render(Template(text), _PLAIN)


def test_an_empty_prompt_is_an_error_of_the_stack_only(stack: WorkerRuntime, engine: WorkerRuntime) -> None:
    assert engine.render(Template("{{ '' }}"), _PLAIN) == Rendered("")
    answer = stack.render(Template("{{ '' }}"), _PLAIN)
    assert isinstance(answer, Failed)
    assert "empty string" in answer.message


def test_the_stack_makes_up_for_what_a_template_lacks(stack: WorkerRuntime, engine: WorkerRuntime) -> None:
    template = Template("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}")
    with_tools = _PLAIN.with_changes(tools=[{"type": "function", "function": {"name": "find_it", "parameters": {}}}])
    answer = stack.render(template, with_tools)
    assert isinstance(answer, Rendered)
    assert answer.text.startswith("<system>You can call any of the following tools")
    assert engine.render(template, with_tools) == Rendered("<user>Hi")


def test_special_tokens_are_the_tokenizers(stack: WorkerRuntime, engine: WorkerRuntime) -> None:
    template = Template("[{{ bos_token }}][{{ eos_token }}][{{ pad_token }}]")
    for runtime in (stack, engine):
        assert runtime.render(template, _PLAIN) == Rendered("[<s>][</s>][]")
        own = _PLAIN.with_changes(special_tokens={"bos_token": "<é b>", "pad_token": "P"})
        assert runtime.render(template, own) == Rendered("[<é b>][][P]")


@pytest.mark.parametrize(
    "text, kind, words, line",
    [
        ("a\n{% if %}", "syntax", "Expected value expression", 2),
        ("a\n\n{{ nope() }}", "error", "Object is not callable: null", 3),
        ("{{ 'a' | no_such_filter }}", "error", "not callable", 1),
        ("é\n{{ raise_exception(3) }}", "error", "type must be string", 2),
        ("{{ raise_exception() }}", "error", "key not found", 1),
    ],
)
def test_errors_have_words_and_lines(
    text: str, kind: str, words: str, line: int, stack: WorkerRuntime, engine: WorkerRuntime
) -> None:
    for runtime in (stack, engine):
        answer = runtime.render(Template(text), _PLAIN)
        assert isinstance(answer, Failed)
        assert answer.kind == kind
        assert words in answer.message
        assert answer.line == line


@pytest.mark.parametrize("message", ["no", "two\nlines", "x at row 1, column 1:\nq", "é中😀 at row 3, column 9:\n"])
@pytest.mark.parametrize(
    "text",
    [
        "{{ raise_exception(v) }}",
        "é😀 {% if true %}{{ raise_exception(v) }}{% endif %}\n",
        "{% macro f() %}\n{{ raise_exception(v) }}{% endmacro %}\n{{ f() }}",
        "{% set x = 1 + raise_exception (v) %}",
    ],
)
def test_refusals_keep_their_message(text: str, message: str, engine: WorkerRuntime) -> None:
    conversation = _PLAIN.with_changes(variables={"v": message})
    assert engine.render(Template(text), conversation) == Refused(message)


def test_what_cannot_be_given_is_unsupported(engine: WorkerRuntime) -> None:
    for conversation in (
        _PLAIN.with_changes(variables={"v": "\ud800"}),
        _PLAIN.with_changes(variables={"v": float("nan")}),
    ):
        answer = engine.render(Template("x"), conversation)
        assert isinstance(answer, Failed)
        assert answer.kind == "unsupported"
    answer = engine.render(Template("\udfff"), _PLAIN)
    assert isinstance(answer, Failed)
    assert answer.kind == "unsupported"


def test_an_error_text_of_another_form_is_kept_whole() -> None:
    failure = read_error("Something new", "source", 0)
    assert isinstance(failure, Failure)
    assert failure.reply == {"kind": "syntax", "message": "Something new", "line": None}
    out_of_memory = read_error("Minja's error: std::bad_alloc at row 1, column 1:\nx\n^\n", "x", 0)
    assert isinstance(out_of_memory, Failure)
    assert out_of_memory.reply["kind"] == "memory"
    guessed = read_error("Minja's error: odd at row 1, column 1:\nnot the source\n", "x", 0)
    assert isinstance(guessed, Failure)
    assert guessed.reply["message"] == "odd"
    refusal = read_error(
        "Minja's error: no at row 1, column 19:\n{{ raise_exception('no') }}\n" + " " * 18 + "^\n",
        "{{ raise_exception('no') }}",
        0,
    )
    assert isinstance(refusal, Refusal)
