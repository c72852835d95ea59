"""@huggingface/jinja: what its users see of values, and what its adapter makes of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets import installs
from portable_tpl.targets.engines import hf_jinja
from portable_tpl.targets.processes._worker import WorkerRuntime
from tests.targets.opening import opened


@pytest.fixture(scope="module")
def runtime() -> Iterator[WorkerRuntime]:
    with opened("hf-jinja") as one:
        yield one


def with_value(value: object) -> Conversation:
    return Conversation([{"role": "user", "content": "Hi"}], variables={"v": value})


@pytest.mark.parametrize(
    "value, text",
    [
        (1.0, "1"),
        (2**53 + 1, "9007199254740992"),
        (1e21, "1e+21"),
        (0.1, "0.1"),
        ({"b": 1, "10": 2, "2": 3}, '{"2": 3, "10": 2, "b": 1}'),
        ({"__proto__": 1, "constructor": 2}, '{"__proto__": 1, "constructor": 2}'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_values_are_what_json_parse_gives(runtime: WorkerRuntime, value: object, text: str) -> None:
    assert runtime.render(Template("{{ v | tojson }}"), with_value(value)) == Rendered(text)


def test_a_lone_surrogate_comes_back(runtime: WorkerRuntime) -> None:
    assert runtime.render(Template("{{ v }}"), with_value("a\udfff")) == Rendered("a\udfff")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [{"a": -float("inf")}]])
def test_what_json_cannot_spell_is_unsupported(runtime: WorkerRuntime, value: object) -> None:
    answer = runtime.render(Template("x"), with_value(value))
    assert isinstance(answer, Failed)
    assert answer.kind == "unsupported"


@pytest.mark.parametrize(
    "text, kind, words",
    [
        ("{% if %}", "syntax", "Unexpected token"),
        ("{{ 'a' | no_such_filter }}", "error", "Unknown StringValue filter: no_such_filter"),
        ("{{ no.such.thing() }}", "error", "Cannot"),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", "syntax", "call stack"),
    ],
)
def test_errors_have_the_engines_words(runtime: WorkerRuntime, text: str, kind: str, words: str) -> None:
    answer = runtime.render(Template(text), with_value(1))
    assert isinstance(answer, Failed)
    assert answer.kind == kind
    assert words in answer.message


def test_a_string_that_does_not_fit_is_a_memory_failure(runtime: WorkerRuntime) -> None:
    body = "{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
    answer = runtime.render(Template("{% set ns = namespace(s='abcdefgh') %}" + body), with_value(1))
    assert isinstance(answer, Failed)
    assert answer.kind == "memory"


def test_a_refusal_is_no_error_and_an_error_no_refusal(runtime: WorkerRuntime) -> None:
    assert runtime.render(Template("{{ raise_exception('no ' + v) }}"), with_value("1")) == Refused("no 1")
    assert runtime.render(Template("{{ raise_exception(5) }}"), with_value("1")) == Refused("5")
    assert isinstance(runtime.render(Template("{{ v.raise() }}"), with_value("1")), Failed)


def test_the_clock_may_have_an_offset(runtime: WorkerRuntime) -> None:
    conversation = Conversation([{"role": "user", "content": "Hi"}], clock="2026-01-01T23:30:00+05:00")
    answer = runtime.render(Template("{{ strftime_now('%d %b %B %H:%M') }}"), conversation)
    assert answer == Rendered("01 Jan January 23:30")


def test_an_earlier_version_runs_beside_it() -> None:
    with opened("hf-jinja@0.3.0") as old:
        assert old.version == "0.3.0"
        answer = old.render(Template("{{ 'a' ~ 'b' }}"), with_value(1))
        assert isinstance(answer, Failed)  # 0.3.0 does not know the operator
        assert old.render(Template("{{ raise_exception('x') }}"), with_value(1)) == Refused("x")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (adapter,) = hf_jinja.ADAPTERS
    monkeypatch.setattr(installs, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(installs, "node_command", lambda: "node")
    state = adapter.available("0.5.6")
    assert not state.ok
    assert state.remedy == "portable-tpl targets install hf-jinja@0.5.6"
    monkeypatch.setattr(installs, "node_command", lambda: None)
    state = adapter.available(None)
    assert "Node.js" in str(state.reason)
    assert state.remedy == "pip install 'portable-tpl[js]' && portable-tpl targets install hf-jinja"
