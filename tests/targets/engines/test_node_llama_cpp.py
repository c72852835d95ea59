"""node-llama-cpp's wrapper: what every target promises, with templates that it takes, and that its steps are so."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps.prepared import prepare
from tests.targets.opening import opened

_SYSTEM = {"role": "system", "content": "Be brief."}
_USER = {"role": "user", "content": "Hi"}
_ANSWER = {"role": "assistant", "content": " Hello "}
_CHAT = (
    "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
_STRICT = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('No system') }}{% endif %}[{{ m.content }}]{% endfor %}"
_THOUGHT = (
    "{% for m in messages %}{% if m.role == 'assistant' and loop.last %}<a><think>\n\n</think>\n{{ m.content }}</a>"
    "{% else %}<{{ m.role }}>{{ m.content }}</>{% endif %}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"
)


@pytest.fixture(scope="module")
def runtime() -> Iterator[WorkerRuntime]:
    with opened("node-llama-cpp") as opened_runtime:
        yield opened_runtime


@pytest.mark.parametrize(
    "text", ["Hello", " ' \" & <b> </s> \\n", "two\nlines\r\n", "Grüße 中文 😀 \u2028", "x" * 100_000, "{{ x }}"]
)
def test_text_comes_through_exactly(runtime: WorkerRuntime, text: str) -> None:
    template = Template("{% for m in messages %}[{{ m.content }}]{% endfor %}")
    assert runtime.render(template, Conversation([{"role": "user", "content": text}])) == Rendered(f"[{text}]")


def test_refusals_and_errors_are_values_with_words(runtime: WorkerRuntime) -> None:
    refusing = Template(_CHAT + "{% if messages | length == 1 %}{{ raise_exception('Only \"two\" <b>') }}{% endif %}")
    assert runtime.render(refusing, Conversation([_USER])) == Refused('Only "two" <b>')
    failing = runtime.render(Template(_CHAT + "{{ messages | no_such_filter }}"), Conversation([_USER]))
    assert isinstance(failing, Failed)
    assert "no_such_filter" in failing.message
    unread = runtime.render(Template("x"), Conversation([_USER]))
    assert isinstance(unread, Failed)
    assert "sanity test" in unread.message
    unclosed = runtime.render_all(Template("{% if %}"), [Conversation([_USER])] * 2)
    assert all(isinstance(answer, Failed) and answer.kind == "syntax" for answer in unclosed)


def test_the_clock_and_the_tokens_are_the_conversations(runtime: WorkerRuntime) -> None:
    template = Template(
        "{{ bos_token }}{{ strftime_now('%Y-%m-%d') }}{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    leap = Conversation([_USER], clock="2024-02-29T23:59:58", special_tokens={"bos_token": "[B]"})
    assert runtime.render_all(template, [leap, Conversation([_USER])]) == [
        Rendered("[B]2024-02-29Hi"),
        Rendered("<s>2026-01-01Hi"),
    ]


def test_a_worker_that_dies_or_hangs_is_replaced() -> None:
    loops = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"
    hanging = Template(_CHAT + "{% if messages | length == 1 %}" + loops + "{% endif %}")
    two = Conversation([_SYSTEM, _USER])
    with opened("node-llama-cpp", Limits(seconds=3.0)) as runtime:
        before, killed, after = runtime.render_all(hanging, [two, Conversation([_USER]), two])
        assert before == after == Rendered("<s><system>Be brief.</><user>Hi</>")
        assert isinstance(killed, Failed)
        assert killed.kind == "timeout"
        assert runtime.pid is not None
        os.killpg(runtime.pid, signal.SIGKILL)
        time.sleep(0.1)
        assert [runtime.render(hanging, two) for _ in range(2)][1] == before


# A template, a chat, and the steps that the wrapper takes then.
_TAKEN: list[tuple[str, list[dict[str, Any]], tuple[str, ...]]] = [
    (_CHAT, [_SYSTEM, _USER], ("content-put-in-afterwards", "answer-left-open")),
    (_CHAT, [_USER, _ANSWER, _USER], ("content-put-in-afterwards", "answer-left-open")),
    (_CHAT, [_USER, _USER, _ANSWER, _USER], ("turns-joined", "content-put-in-afterwards", "answer-left-open")),
    (_CHAT, [{"role": "critic", "content": "x"}, _USER], ("roles-dropped", "answer-left-open")),
    (_CHAT, [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}],
     ("parts-run-together", "answer-left-open")),
    (_STRICT, [_SYSTEM, _USER], ("system-as-marked-user", "turns-joined", "answer-left-open")),
    (_THOUGHT, [_USER], ("answer-left-open",)),
]  # fmt: skip


@pytest.mark.parametrize("text, messages, names", _TAKEN)
def test_the_engine_with_these_steps_is_the_wrapper(
    runtime: WorkerRuntime, text: str, messages: list[dict[str, Any]], names: tuple[str, ...]
) -> None:
    conversation = Conversation(messages, add_generation_prompt=True)
    with closing(BareEngines()) as engines:
        engine = engines.of("node-llama-cpp")
        assert engine is not None
        expected = engine.render(Template(text), prepare(conversation, [step(name) for name in names]))
    assert isinstance(expected, Rendered)
    assert runtime.render(Template(text), conversation) == expected
