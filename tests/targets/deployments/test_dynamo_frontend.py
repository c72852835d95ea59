"""Dynamo's own frontend, and the model of it for who has no package: they answer alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portable_tpl.generation.handwritten.by_tier import handwritten
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments import dynamo
from portable_tpl.targets.deployments._dynamo_frontend import frontend_adapter, installed
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import shape_of
from tests.sweeps.deployments import alike, portable

pytestmark = pytest.mark.skipif(installed() is None, reason="needs the extra dynamo")
_USER = {"role": "user", "content": "Hi"}
_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"b": 1.0, "a": "é"}}}
_ANSWER = {"role": "assistant", "content": None, "tool_calls": [_CALL], "reasoning": "hm"}
_TOOL = {"type": "function", "function": {"parameters": {"zeta": 1, "type": "object"}, "name": "f"}, "x": 1}


@pytest.fixture(scope="module")
def real() -> Iterator[WorkerRuntime]:
    opens = frontend_adapter(dynamo.MODEL).opens
    assert opens is not None
    with opens(None, None) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def model() -> Iterator[WorkerRuntime]:
    assert dynamo.MODEL.opens is not None
    with dynamo.MODEL.opens(None, None) as runtime:
        yield runtime


@pytest.mark.parametrize("template", portable(), ids=lambda template: template.path)
def test_the_model_answers_as_the_frontend(template: Template, real: WorkerRuntime, model: WorkerRuntime) -> None:
    conversations = handwritten(shape_of(parse(template).tree))
    answers = zip(real.render_all(template, conversations), model.render_all(template, conversations), strict=True)
    differing = [(one, other, given) for given, (one, other) in zip(conversations, answers, strict=True)
                 if not alike(one, other)]  # fmt: skip
    assert differing == []


@pytest.mark.parametrize(
    "messages, tools",
    [
        ([_USER, _ANSWER, {"role": "tool", "content": "4", "tool_call_id": "c", "name": "f"}], [_TOOL]),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], None),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a/b.png"}}]}], None),
        ([{"role": "system", "content": "S", "x": 1}, {"role": "developer", "content": "D", "name": "n"}], None),
        ([_USER, {"role": "assistant", "content": "so", "tool_calls": []}], None),
        ([_USER, {"role": "tool", "content": "4"}], None),
        ([{"role": "critic", "content": "x"}], None),
        ([], None),
        ([_USER], []),
    ],
)
def test_what_becomes_of_messages_and_tools(
    messages: list[Any], tools: list[Any] | None, real: WorkerRuntime, model: WorkerRuntime
) -> None:
    shown = Template(
        "{% for m in messages %}{{ m|tojson }}\n{% endfor %}{{ tools|tojson }}{{ documents }}{{ bos_token }}"
    )
    given = Conversation(messages, tools=tools, add_generation_prompt=True)
    assert alike(real.render(shown, given), model.render(shown, given))


def test_errors_are_told_with_their_line(real: WorkerRuntime) -> None:
    given = Conversation([_USER])
    refused = Template("\n{{ raise_exception('no (way)\nat all') }}")
    assert real.render(refused, given) == Refused("no (way)\nat all")
    assert real.render(Template("\n{{ x | nope }}"), given) == Failed(
        "error", "unknown filter: filter nope is unknown", 2
    )
    failed = real.render(Template("\n{% if %}"), given)
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.line) == ("syntax", 2)


def test_special_tokens_are_the_conversation_s(real: WorkerRuntime) -> None:
    shown = Template("{{ bos_token }}|{{ eos_token is none }}")
    assert real.render(shown, Conversation([_USER], special_tokens={"bos_token": "<B>"})) == Rendered("<B>|True")
    assert real.render(shown, Conversation([_USER])) == Rendered("<s>|False")


def test_templates_that_ask_for_the_time_are_the_model_s(real: WorkerRuntime) -> None:
    given = Conversation([_USER], clock="2024-02-29T23:59:58")
    assert real.render(Template("{{ strftime_now('%Y-%m-%d') }}"), given) == Rendered("2024-02-29")


def test_many_templates_leave_no_models_behind(real: WorkerRuntime) -> None:
    for number in range(20):
        assert real.render(Template(f"{number}{{{{ messages[0].content }}}}"), Conversation([_USER])) == Rendered(
            f"{number}Hi"
        )
