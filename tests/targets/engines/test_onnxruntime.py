"""ONNX Runtime's tokenizer extension: what its crashes become, and that its steps say what it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import find
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps.prepared import prepare
from tests.targets.conversations import ALL, CLOCK_TOOL, WEATHER
from tests.targets.opening import opened

_USER = {"role": "user", "content": "Hi"}
# Everything that a template can see, with the kinds of what it sees.
_SHOWN = (
    "{{ messages | tojson }}|{{ tools | tojson if tools else '-' }}|{{ 'T' if tools is defined else 'F' }}"
    "|{{ add_generation_prompt }}|{{ bos_token }}|{{ eos_token }}|{{ pad_token }}|{{ enable_thinking }}|{{ documents }}"
)


@pytest.fixture(scope="module")
def runtime() -> Iterator[WorkerRuntime]:
    with opened("onnxruntime") as opened_runtime:
        yield opened_runtime


@pytest.mark.parametrize("text", ["{{ 1 / 0 }}", "{% for a in [[1]] recursive %}{{ loop(a) }}{% endfor %}"])
def test_a_crash_is_an_answer(runtime: WorkerRuntime, text: str) -> None:
    guarded = Template("{% if messages[0].content == 'kill' %}" + text + "{% endif %}ok")
    cases = [Conversation([{"role": "user", "content": content}]) for content in ("a", "kill", "b")]
    before, killed, after = runtime.render_all(guarded, cases)
    assert (before, after) == (Rendered("ok"), Rendered("ok"))
    assert isinstance(killed, Failed)
    assert killed.kind == "crash"


def test_there_is_no_trimming(runtime: WorkerRuntime) -> None:
    conversation = Conversation([_USER])
    assert runtime.render(Template("a\n  {% if true %}\nb\n  {% endif %}\n"), conversation) == Rendered(
        "a\n  \nb\n  "
    )


def test_tools_are_flattened(runtime: WorkerRuntime) -> None:
    answer = runtime.render(Template("{{ tools[0] | tojson }}"), Conversation([_USER], tools=[WEATHER]))
    assert isinstance(answer, Rendered)
    assert '"parameters": {"city": {"type": "str", "description": "The city"}, "unit": {"type": "str"}' in answer.text


_ODD_TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {"name": "f", "parameters": {"properties": {"a": {"type": ["string", "null"]}}}},
    },
    {"type": "function", "function": {"name": None}},
    {"type": "function", "function": {"name": "f", "description": None}},
    {"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"type": 5}, "b": True}}}},
    {"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"anyOf": [{}]}, "b": True}}}},
    {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
    {"type": "function", "function": {}},
    {"type": "function", "name": "f", "parameters": {}},
    {"type": "tool", "name": "f", "parameters": {"properties": {"a": {"type": "string"}}}},
    {"name": "f", "parameters": {"type": "object"}},
]


@pytest.mark.parametrize(
    "conversation",
    [*ALL.values(), *(Conversation([_USER], tools=[tool, CLOCK_TOOL]) for tool in _ODD_TOOLS)],
    ids=[*ALL, *map(repr, _ODD_TOOLS)],
)
def test_the_engine_with_the_steps_is_the_deployment(runtime: WorkerRuntime, conversation: Conversation) -> None:
    template = Template(_SHOWN)
    steps = [step(name) for name in find("onnxruntime")[0].steps]
    with closing(BareEngines()) as engines:
        engine = engines.of("onnxruntime")
        assert engine is not None
        prepared = prepare(conversation, steps)
        modelled = prepared.objection or engine.render(template, prepared)
    given = runtime.render(template, conversation)
    if isinstance(given, Failed):
        assert isinstance(modelled, Failed), modelled
        assert modelled.kind == given.kind
    else:
        assert modelled == given
