"""transformers.js, LM Studio and llama-cpp-python: messages as they come, and little else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from tests.targets.opening import opened

_OPEN: dict[str, WorkerRuntime] = {}
_USER = {"role": "user", "content": "Hi"}
_DEFINED = "{{ 'T' if tools is defined else 'F' }}{{ 'T' if documents is defined else 'F' }}"


@pytest.fixture(scope="module", autouse=True)
def _closing() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.popitem()[1].close()


def render(target: str, text: str, *messages: Any, **given: Any) -> Rendering:
    if target not in _OPEN:
        _OPEN[target] = opened(target)
    return _OPEN[target].render(Template(text), Conversation(list(messages or [_USER]), **given))


@pytest.mark.parametrize("target", ["transformers.js", "lm-studio", "llama-cpp-python"])
def test_null_stays_null_and_reasoning_keeps_its_name(target: str) -> None:
    text = (
        "{{ 'T' if messages[0].content is none else 'F' }}{{ 'T' if messages[0].thinking is defined else 'F' }}"
        "{{ messages[0].reasoning_content }}{{ messages[0].tool_calls[0].function.arguments }}"
    )
    call = {"type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    answer = {"role": "assistant", "content": None, "reasoning_content": "hm", "tool_calls": [call]}
    assert render(target, text, answer) == Rendered('TFhm{"a": 1}')


def test_what_was_not_given_is_null_or_not_there() -> None:
    assert render("transformers.js", _DEFINED) == Rendered("TT")
    assert render("lm-studio", _DEFINED) == Rendered("FF")
    assert render("llama-cpp-python", _DEFINED, documents=[{"text": "x"}]) == Rendered("TF")


def test_an_engine_of_its_time() -> None:
    assert render("transformers.js", "{{ 'a' | safe }}{{ 7 // 2 }}") == Rendered("a3")
    assert render("lm-studio", "{{ 'a' | safe }}") == Failed("error", "Unknown StringValue filter: safe")


def test_json_is_the_language_of_javascript() -> None:
    assert render("transformers.js", "{{ 'T' if v is defined else 'F' }}", variables={"v": float("inf")}) == Failed(
        "unsupported", "JSON has no infinities and no NaN"
    )


def test_transformers_js_knows_seven_tokens_that_are_filled() -> None:
    tokens = {"bos_token": "", "eos_token": "</s>", "image_token": "<i>", "pad_token": "<p>"}
    names = (*tokens, "unk_token")
    text = "".join(f"{{{{ {name} if {name} is defined else '-' }}}}" for name in names)
    assert render("transformers.js", text, special_tokens=tokens) == Rendered("-</s>-<p>-")
    assert render("transformers.js", "{{ bos_token }}", variables={"bos_token": "b"}) == Rendered("b")


def test_llama_cpp_python_always_asks_for_an_answer_and_loses_variables() -> None:
    text = "{{ add_generation_prompt }}{{ v is defined }}{{ tool_choice is none }}{{ [bos_token, unk_token is defined] }}"
    answer = render("llama-cpp-python", text, variables={"v": 1}, special_tokens={"unk_token": "u"})
    assert answer == Rendered("TrueFalseTrue['', False]")


def test_llama_cpp_python_has_an_environment_of_its_own() -> None:
    assert render("llama-cpp-python", "{% generation %}{% set x = 1 %}{% endgeneration %}{{ x }}") == Rendered("1")
    assert render("llama-cpp-python", "{% set ns = namespace(_x=1) %}{{ ns._y is defined }}") == Rendered("False")
    text = "{{ {'b': '<é>', 'a': 1} | tojson }}{{ raise_exception('no') }}"
    assert render("llama-cpp-python", text) == Refused("no")
    assert render("llama-cpp-python", "{{ {'b': '<é>', 'a': 1} | tojson }}") == Rendered('{"b": "<é>", "a": 1}')
