"""The Python interface: signatures, containers, results, and one line for what does not fit."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import portable_tpl as pt
from portable_tpl.model.errors import (
    InputError,
    PortableTplError,
    RenderError,
    SourceError,
    TargetUnavailable,
    TemplateSyntaxError,
    UnknownTarget,
)
from portable_tpl.model.report import verdict

STRIP = "{% for m in messages %}{{ m.role }}: {{ m.content.strip() }}\n{% endfor %}"
MESSAGES = [{"role": "user", "content": " Hi "}]


@pytest.mark.parametrize(
    "function, names",
    [
        (pt.load, ["path"]),
        (pt.check, ["template", "targets"]),
        (pt.fix, ["template"]),
        (pt.compare, ["template", "examples", "seed"]),
        (pt.render, ["template", "messages", "tools", "documents", "add_generation_prompt", "target"]),
    ],
)
def test_the_contract_names_the_arguments(function: Any, names: list[str]) -> None:
    parameters = inspect.signature(function).parameters
    assert set(names) <= set(parameters)
    assert next(iter(parameters)) == names[0]
    assert function.__doc__.splitlines()[0].endswith((".", ","))


def test_public_names_are_there() -> None:
    assert sorted(pt.__all__) == dir(pt)
    for name in pt.__all__:
        assert getattr(pt, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pt.nothing  # noqa: B018


def write_model(folder: Path) -> Path:
    named = [
        {"name": "default", "template": "D{{ bos_token }}"},
        {"name": "tool_use", "template": "T{{ tools|length }}"},
    ]
    data = {"chat_template": named, "bos_token": "<b>", "eos_token": {"content": "<e>"}, "pad_token": None}
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(data))
    return path


def test_load_takes_every_container(tmp_path: Path) -> None:
    jinja = tmp_path / "a.jinja"
    jinja.write_bytes(b"one\r\n{{ x }}\n")
    assert pt.load(jinja) == pt.load(str(jinja)) == pt.Template("one\r\n{{ x }}\n", path=str(jinja))
    config = write_model(tmp_path)
    template = pt.load(config)
    assert (template.text, template.name) == ("D{{ bos_token }}", "default")
    assert template.special_tokens["bos_token"] == "<b>"
    assert template.special_tokens["eos_token"] == "<e>"
    assert set(template.named) == {"tool_use"}
    assert pt.load(config, name="tool_use").text == "T{{ tools|length }}"
    model = tmp_path / "model"
    model.mkdir()
    (model / "chat_template.jinja").write_text("{{ bos_token }}!")
    (model / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<m>"}))
    assert pt.render(pt.load(model), MESSAGES) == "<m>!"
    for name in ("chat_template.json", "processor_config.json"):
        path = tmp_path / name
        path.write_text(json.dumps({"chat_template": "{{ messages }}"}))
        assert pt.load(path).text == "{{ messages }}"


@pytest.mark.parametrize("name", ["nowhere.jinja", "empty.jinja", "binary.jinja", "none.json"])
def test_load_says_what_is_wrong_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.jinja").write_bytes(b"")
    (tmp_path / "binary.jinja").write_bytes(b"\x00\x01")
    (tmp_path / "none.json").write_text("{}")
    with pytest.raises(SourceError) as caught:
        pt.load(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_renders_need_a_name_where_there_is_no_default(tmp_path: Path) -> None:
    config = write_model(tmp_path)
    with pytest.raises(SourceError, match="default, tool_use"):
        pt.load(config, name="rag")
    named = [{"name": "a", "template": "A"}, {"name": "b", "template": "B"}]
    config.write_text(json.dumps({"chat_template": named}))
    with pytest.raises(RenderError, match="a, b"):
        pt.render(pt.load(config), MESSAGES)
    assert pt.render(pt.load(config), MESSAGES, name="a") == "A"
    assert pt.load(config, name="b").text == "B"


def test_check() -> None:
    (finding,) = pt.check(pt.Template(STRIP), targets=["minijinja-strict"])
    assert isinstance(finding, pt.Finding)
    assert (finding.code, finding.targets) == ("PTL101", ("minijinja-strict",))
    assert STRIP[finding.location.start : finding.location.end] == "m.content.strip()"
    assert pt.check(STRIP, targets="minijinja-strict") == [finding]
    assert pt.check(STRIP, targets=["minijinja-strict"], ignore=["PTL1"]) == []
    (note,) = pt.check(STRIP, targets=["minijinja"])  # which imitates Python
    assert (note.severity.value, note.targets) == ("note", ())
    ignored = "{#- portable-tpl: ignore[PTL101] known -#}" + STRIP
    assert pt.check(ignored, targets=["minijinja-strict"]) == []


def test_check_knows_aliases_and_versions() -> None:
    html = "{% for m in messages %}{{ m.content.format(1) }}{% endfor %}"
    by_name = pt.check(html, targets=["minja"])
    assert by_name
    assert pt.check(html, targets=["openvino"]) == by_name
    assert [finding.targets for finding in pt.check(html, targets=["hf-jinja@0.5.6"])] == [("hf-jinja@0.5.6",)]


@pytest.mark.parametrize("function", [pt.check, pt.fix, pt.compare])
def test_requests_that_cannot_be_carried_out(function: Any) -> None:
    with pytest.raises(UnknownTarget, match="no-such-engine"):
        function(STRIP, targets=["no-such-engine"])
    # Without the registry's word it is a version that nobody measured; with it, one that does not exist.
    with pytest.raises((TargetUnavailable, UnknownTarget), match=r"hf-jinja@0\.0\.1"):
        function(STRIP, targets=["hf-jinja@0.0.1"])
    for text in ("{{ a", "{% block a %}{% endblock %}{% block a %}{% endblock %}"):
        with pytest.raises(TemplateSyntaxError) as caught:
            function(text, targets=["minijinja"])
        assert caught.value.line == 1
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="everyday, extended, hostile"):
        function(STRIP, targets=["minijinja"], tier="weekly")


@pytest.mark.parametrize("function", [pt.load, pt.check, pt.fix, pt.compare, pt.audit, pt.compile])
@pytest.mark.parametrize("given", [None, 3, b"{{ a }}"])
def test_what_is_no_template_is_said_so(function: Any, given: Any) -> None:
    with pytest.raises(InputError, match=rf"expected .*, not {type(given).__name__}$"):
        function([given] if function is pt.audit else given)


def test_what_is_no_conversation_is_said_so() -> None:
    with pytest.raises(InputError, match="expected a Conversation, not dict"):
        pt.compare(STRIP, targets=["minijinja"], conversations=[{"messages": []}])  # type: ignore[list-item]


def test_fix() -> None:
    result = pt.fix(pt.Template(STRIP), targets=["minijinja-strict"])
    assert isinstance(result, pt.FixResult)
    assert result.text == STRIP.replace(".strip()", "|trim")
    assert [finding.code for finding in result.applied] == ["PTL101"]
    assert result.refused == ()


def test_compare() -> None:
    first = pt.compare(pt.Template(STRIP), targets=["minijinja-strict", "minijinja"], examples=8, seed=3)
    assert isinstance(first, pt.Comparison)
    assert first.cases == 8
    assert first.targets["minijinja"].identical == 8
    (mismatch,) = first.targets["minijinja-strict"].mismatches
    assert (mismatch.kind, mismatch.cause, mismatch.tier) == ("target-error", "method.str.strip", pt.Tier.ORDINARY)
    assert isinstance(mismatch.reference, pt.Rendered)
    assert isinstance(mismatch.target, pt.Failed)
    again = pt.compare(STRIP, targets=["minijinja-strict", "minijinja"], examples=8, seed=3)
    assert again.targets["minijinja-strict"].mismatches[0].conversation == mismatch.conversation


def test_compare_renders_conversations_of_the_caller() -> None:
    own = pt.Conversation([{"role": "user", "content": "<"}])
    found = pt.compare("{{ messages[0].content|tojson }}", targets="minijinja", examples=1, conversations=[own])
    assert found.cases == 1
    (mismatch,) = found.targets["minijinja"].mismatches
    assert mismatch.reference == pt.Rendered('"<"')


def test_compare_of_a_template_that_the_reference_never_renders() -> None:
    found = pt.compare("{{ 1 // (messages|length - messages|length) }}", targets=["minijinja"], examples=2)
    (failure,) = found.failures
    assert failure.cases == found.cases
    assert "by zero" in failure.rendering.message
    assert found.targets["minijinja"].identical == 0
    assert verdict(found.targets["minijinja"]) == "unknown"


def test_render_gives_every_argument_to_the_template() -> None:
    text = "{{ bos_token }}|{{ messages }}|{{ tools }}|{{ documents }}|{{ add_generation_prompt }}|{{ x }}"
    assert pt.render(text, MESSAGES) == f"<s>|{MESSAGES}|None|None|False|"
    documents = [{"title": "t"}]
    full = pt.render(
        pt.Template(text),
        tuple(MESSAGES),
        tools=[{"type": "function"}],
        documents=documents,
        add_generation_prompt=True,
        special_tokens={"bos_token": "<b>"},
        x=[1],
    )
    assert full == f"<b>|{MESSAGES}|[{{'type': 'function'}}]|{documents}|True|[1]"
    assert pt.render("{{ strftime_now('%Y') }}", MESSAGES, clock="1999-12-31T00:00:00") == "1999"
    assert pt.render(STRIP, MESSAGES, target="minijinja") == "user: Hi\n"


def test_render_chooses_among_named_templates(tmp_path: Path) -> None:
    template = pt.load(write_model(tmp_path))
    assert pt.render(template, MESSAGES) == "D<b>"
    assert pt.render(template, MESSAGES, tools=[{}]) == "T1"
    assert pt.render(template, MESSAGES, tools=[]) == "T0"
    assert pt.render(template, MESSAGES, tools=[{}], name="default") == "D<b>"
    with pytest.raises(RenderError, match="default, tool_use"):
        pt.render(template, MESSAGES, name="rag")


@pytest.mark.parametrize(
    "template, messages, options, words",
    [
        ("{{ raise_exception('no\n way') }}", MESSAGES, {}, "transformers refused: no way"),
        ("{{ a.b.c }}", MESSAGES, {}, "failed at line 1"),
        ("{{ a", MESSAGES, {}, "syntax"),
        (STRIP, MESSAGES, {"target": "minijinja-strict"}, "minijinja-strict failed at line 1"),
        (STRIP, [], {}, "the conversation is empty"),
        (STRIP, "Hi", {}, "messages: expected a list of messages, found str"),
        (STRIP, None, {}, "messages: expected a list of messages, found NoneType"),
        (STRIP, ["Hi"], {}, "messages: each is a dict, a dataclass or a pydantic model; found str"),
        (STRIP, [{"role": "user", "content": {"a": {(1, 2): "b"}}}], {"isolated": True}, "the conversation: "),
        (STRIP, MESSAGES, {"x": [{1: "b"}], "isolated": True}, "the key 1 is no text"),
        (STRIP, MESSAGES, {"tools": [3]}, "a tool must be a JSON schema or a function"),
        (STRIP, MESSAGES, {"tools": [lambda x: x]}, "docstring"),
        (STRIP, MESSAGES, {"documents": "text"}, "documents: each is a dict; found str"),
        (STRIP, MESSAGES, {"clock": "noon"}, "clock: expected"),
        (STRIP, MESSAGES, {"continue_final_message": True, "add_generation_prompt": True}, "exclude each other"),
        (STRIP, MESSAGES, {"continue_final_message": "thinking"}, 'no "thinking" to continue'),
    ],
)
def test_render_says_what_is_wrong_in_one_line(
    template: str, messages: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(RenderError, match=words) as caught:
        pt.render(template, messages, **options)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, PortableTplError)


def test_render_on_an_unknown_target() -> None:
    with pytest.raises(UnknownTarget):
        pt.render(STRIP, MESSAGES, target="no-such-engine")
