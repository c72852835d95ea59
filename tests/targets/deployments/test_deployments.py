"""Deployments: every fact has its source, every step its place in one list, and the real engine runs behind them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments import all_deployments
from portable_tpl.targets.deployments._build import with_json_filter, without_loop_controls
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import find, known_targets
from portable_tpl.targets.steps import step
from portable_tpl.targets.steps.detection import iterates_content, looks_structured
from portable_tpl.targets.steps.offered_tools import reads_tools
from portable_tpl.targets.steps.prepared import prepare, rewritten, steps_for
from tests.targets.opening import opened

_OPEN: dict[str, WorkerRuntime] = {}
_USER = {"role": "user", "content": "Hi"}
_CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"b": 1.0, "a": 2}'}}
_TOOL = {"type": "function", "function": {"parameters": {"zeta": 1, "type": "object"}, "name": "f"}}
_PARTS = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


@pytest.fixture(scope="module", autouse=True)
def _closing() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.popitem()[1].close()


def render(target: str, text: str, *messages: Any, path: str | None = None, **given: Any) -> Rendering:
    if target not in _OPEN:
        _OPEN[target] = opened(target)
    return _OPEN[target].render(Template(text, path=path), Conversation(list(messages or [_USER]), **given))


# -- what all of them have in common -----------------------------------------------------------------------------------


def test_the_contract_s_deployments_are_there() -> None:
    assert {each.id for each in all_deployments()} == {
        *("tgi", "mistral.rs", "dynamo", "smg", "vllm"),
        *("transformers.js", "lm-studio", "llama-cpp-python"),
    }
    assert {each.id for each in all_deployments()} <= {target.id for target in known_targets()}


@pytest.mark.parametrize("deployment", all_deployments(), ids=lambda deployment: deployment.id)
def test_each_says_what_is_real_and_what_is_modelled(deployment: Any) -> None:
    assert all(fact.text and fact.source for fact in (*deployment.facts, *deployment.limits))
    assert any(note.startswith("real engine: ") for note in deployment.notes)
    modelled = [note.split(": ")[1] for note in deployment.notes if note.startswith("modelled: ")]
    assert modelled == list(deployment.steps)
    assert set(deployment.notes) <= set(find(deployment.id)[0].notes)


@pytest.mark.parametrize("deployment", all_deployments(), ids=lambda deployment: deployment.id)
def test_a_deployment_does_nothing_but_its_steps(deployment: Any) -> None:
    """The engine alone, given what the steps make of a conversation, prints what the deployment prints."""
    text = "{{ messages }}{{ tools }}{{ bos_token }}{{ x }}{% for m in messages[::-1] %}{{ m.content }}{% endfor %}"
    messages: list[Any] = [
        _USER,
        {"role": "assistant", "content": "so", "tool_calls": [_CALL], "reasoning_content": "hm"},
    ]
    given = Conversation(messages, tools=[_TOOL], variables={"x": 1})
    answer = render(deployment.id, text, *messages, tools=[_TOOL], variables={"x": 1})
    with closing(BareEngines()) as engines:
        engine = engines.of(deployment.id)
        assert engine is not None
        steps = steps_for(Template(text), [step(name) for name in deployment.steps], engine.render_all)
        prepared = prepare(given, steps)
        assert engine.render(rewritten(Template(text), steps), prepared) == answer


@pytest.mark.parametrize("deployment", all_deployments(), ids=lambda deployment: deployment.id)
def test_the_pinned_engine_runs(deployment: Any) -> None:
    assert isinstance(render(deployment.id, "{{ messages[0].role }}"), Rendered)
    if deployment.pinned is not None:
        assert _OPEN[deployment.id].version == deployment.pinned


# -- changes of the source ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{{ a | tojson }}", "{{ a | tojson|portable_tpl_json }}"),
        ("{{ a|tojson() }}", "{{ a|tojson|portable_tpl_json }}"),
        ("{{ a|tojson(indent=2) ~ b }}", "{{ a|tojson(indent=2)|portable_tpl_json ~ b }}"),
        ("{{ a|tojson(ensure_ascii=false, indent=f(1, 2)) }}", "{{ a|tojson(indent=f(1, 2))|portable_tpl_json }}"),
        ("{{ a|tojson(separators=(',', ':')) }}", "{{ a|tojson|portable_tpl_json }}"),
        ("{{ a|tojson|b|tojson }}", "{{ a|tojson|portable_tpl_json|b|tojson|portable_tpl_json }}"),
        ("{% filter tojson %}x{% endfilter %}", "{% filter tojson|portable_tpl_json %}x{% endfilter %}"),
        ("{{ 'a|tojson' }}{{ a.tojson }}{{ tojson }} |tojson", "{{ 'a|tojson' }}{{ a.tojson }}{{ tojson }} |tojson"),
        ("{{ a|map('tojson') }}", "{{ a|map('tojson') }}"),
        ("a\r\n{{ b|tojson }}\r\n{{ c|tojson }}", "a\r\n{{ b|tojson|portable_tpl_json }}\r\n{{ c|tojson|portable_tpl_json }}"),
        ("{{ a|tojson", "{{ a|tojson|portable_tpl_json"),
    ],
)  # fmt: skip
def test_the_json_filter_is_put_behind_every_tojson(text: str, expected: str) -> None:
    assert with_json_filter(text) == expected


def test_honoured_arguments_move_to_the_json_filter() -> None:
    changed = with_json_filter("{{ a|tojson(sort_keys=true, indent=2, x=1) }}", ("sort_keys",))
    assert changed == "{{ a|tojson(indent=2)|portable_tpl_json(sort_keys=true) }}"


def test_loop_controls_are_found_where_they_are_statements() -> None:
    found = without_loop_controls(Template("{% for a in b %}\n{%- break -%}\n{% endfor %}"))
    assert found == Failed("syntax", "unknown statement break", 2)
    assert (
        without_loop_controls(Template("{{ break }}{# {% break %} #}{% set continue = 1 %} {% if x.continue %}"))
        is None
    )


# -- the format of content ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, iterates, structured",
    [
        ("{% for m in messages %}{{ m.content }}{% endfor %}", False, False),
        ("{% for m in messages %}{% for p in m['content'] %}{{ p }}{% endfor %}{% endfor %}", True, True),
        ("{% for m in messages[1:] %}{% for p in m.content | reverse %}{% endfor %}{% endfor %}", True, True),
        ("{% set rest = messages[1:] %}{% for m in rest %}{% for p in m.content %}{% endfor %}{% endfor %}", True, True),
        ("{% for m in messages %}{% set c = m.content %}{% for p in c %}{% endfor %}{% endfor %}", True, False),
        ("{% for m in messages %}{% set content = m.content %}{{ content }}{% endfor %}", False, False),
        ("{% for m in messages %}{{ m.content[0] }}{% endfor %}", False, False),
        ("{% for m in messages %}{% if m.content | length > 1 %}{% endif %}{% endfor %}", False, False),
        ("{% for m in messages %}{% if m.content is string %}{% endif %}{% endfor %}", False, False),
        ("{% macro f(c) %}{% if c is string %}{% else %}{% for p in c %}{% endfor %}{% endif %}{% endmacro %}", False, False),
        ("{% for t in tools %}{% for p in t.content %}{% endfor %}{% endfor %}", False, False),
        ("{% if %}", False, False),
    ],
)  # fmt: skip
def test_content_formats_are_guessed_as_the_servers_do(text: str, iterates: bool, structured: bool) -> None:
    assert iterates_content(Template(text)) is iterates
    assert looks_structured(Template(text)) is structured


# -- text-generation-inference -----------------------------------------------------------------------------------------


def test_tgi_has_no_trimming_and_its_own_printing() -> None:
    assert render("tgi", "{% if true %}\n  x\n  {% endif %}\n") == Rendered("\n  x\n  ")
    assert render("tgi", "{{ none }}{{ true }}{{ ['<', 1.0] | tojson }}") == Rendered('nonetrue["\\u003c",1.0]')
    assert isinstance(render("tgi", "{{ 'x' | tojson(ensure_ascii=false) }}"), Failed)
    assert render("tgi", "{{ ' x '.strip() }}{% for i in [1] %}{% break %}{% endfor %}") == Rendered("x")


def test_tgi_flattens_messages_and_sorts_keys() -> None:
    messages = ({"role": "user", "content": _PARTS, "name": "n"}, {"role": "assistant", "tool_calls": [_CALL]})
    answer = render("tgi", "{{ messages | tojson }}{{ tools }}", *messages, _USER)
    assert isinstance(answer, Rendered)
    assert answer.text.startswith('[{"content":"ab","role":"user"},{"content":"[{\\"id\\":\\"c\\"')
    assert answer.text.endswith("none")
    refused = render("tgi", "x", {"role": "assistant", "content": None})
    assert isinstance(refused, Failed)
    assert refused.kind == "error"


def test_tgi_always_asks_for_an_answer_and_loses_variables() -> None:
    text = "{{ add_generation_prompt }}|{{ v is defined }}|{{ documents is defined }}|{{ eos_token }}"
    answer = render("tgi", text, add_generation_prompt=False, variables={"v": 1}, documents=[{}], special_tokens={})
    assert answer == Rendered("true|false|false|none")


def test_tgi_puts_tools_into_the_last_message() -> None:
    unread = render("tgi", "{{ messages[0].content }}", tools=[_TOOL])
    assert isinstance(unread, Rendered)
    assert unread.text.startswith('Hi\n---\n[{"type":"function","function":{"description":null,"name":"f"')
    assert unread.text.endswith("Do not use variables.\n")
    read = render("tgi", "{{ messages[0].content }}{{ tools[0].function.arguments.zeta }}", tools=[_TOOL])
    assert isinstance(read, Rendered)
    assert read.text.startswith("Hi\n---\n\nGiven the functions")
    assert read.text.endswith("\n1")


def test_tgi_cuts_behind_a_final_answer() -> None:
    text = "{% for m in messages %}<{{ m.content }}>{% endfor %}"
    assert render("tgi", text, _USER, {"role": "assistant", "content": "so far "}) == Rendered("<Hi><so far")


@pytest.mark.parametrize(
    "text, reads",
    [("{{ tools }}", True), ("{% set tools = 1 %}{{ tools }}", False), ("{{ x | no_such }}{{ tools }}", True), ("{% if %}", True)],
)  # fmt: skip
def test_tgi_looks_for_a_free_variable(text: str, reads: bool) -> None:
    assert reads_tools(Template(text)) is reads


# -- mistral.rs --------------------------------------------------------------------------------------------------------


def test_mistral_rs_has_no_loop_controls() -> None:
    answer = render("mistral.rs", "{% for i in [1] %}\n{% continue %}{% endfor %}")
    assert answer == Failed("syntax", "unknown statement continue", 2)


def test_mistral_rs_prints_json_like_python() -> None:
    text = "{{ v | tojson }}{{ v | tojson(ensure_ascii=true, x=1) }}{{ v | tojson(indent=1) }}"
    tool = {"type": "function", "function": {"name": "<é>", "parameters": {"n": 1.0}}}
    assert render("mistral.rs", text, variables={"v": 1}, tools=[tool]) == Rendered("nullnullnull")
    shown = '[{"type": "function", "function": {"name": "<é>", "parameters": {"n": 1.0}}}]'
    assert render("mistral.rs", "{{ tools | tojson }}", tools=[tool]) == Rendered(shown)
    assert isinstance(render("mistral.rs", "x", tools=[{"function": tool["function"]}]), Failed)


def test_mistral_rs_has_a_context_of_its_own() -> None:
    text = (
        "{{ date_string }}|{{ strftime_now('%H') }}|{{ enable_thinking }}|{{ reasoning_effort }}|{{ tools is defined }}"
        "|{{ unk_token is none }}|{{ v is defined }}|{{ documents is defined }}"
    )
    assert render("mistral.rs", text, variables={"v": 1, "date_string": "x"}) == Rendered(
        "01, January, 2026|12|true|medium|false|true|false|false"
    )
    chosen = {"enable_thinking": False, "reasoning_effort": "low"}
    answer = render("mistral.rs", "{{ enable_thinking }}{{ reasoning_effort }}{{ xml_tools == tools }}{{ builtin_tools }}",
                    variables=chosen, tools=[_TOOL, {"type": "function", "function": {"name": "python"}}])  # fmt: skip
    assert answer == Rendered('falselowtrue["python"]')


def test_mistral_rs_parses_arguments_and_reorders_tools() -> None:
    text = "{{ messages[0].tool_calls[0].function.arguments.b }}{{ tools | tojson }}"
    answer = render("mistral.rs", text, {"role": "assistant", "tool_calls": [_CALL]}, tools=[_TOOL])
    assert answer == Rendered(
        '1.0[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "zeta": 1}}}]'
    )


def test_mistral_rs_counts_down_one_too_low() -> None:
    assert render("mistral.rs", "{% for i in range(3, -1, -1) %}{{ i }}{% endfor %}") == Rendered("210")


# -- dynamo ------------------------------------------------------------------------------------------------------------


def test_dynamo_joins_parts_unless_only_parts_are_rendered() -> None:
    parts = {"role": "user", "content": _PARTS}
    assert render("dynamo", "{{ messages[0].content }}", parts) == Rendered("a\nb")
    text = "{% for m in messages %}{% for p in m.content %}{{ p.text }}.{% endfor %}{% endfor %}"
    assert render("dynamo", text, parts) == Rendered("a.b.")


def test_dynamo_completes_tools_and_measures_nothing() -> None:
    assert render(
        "dynamo", "{{ tools | tojson }}", tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}]
    ) == Rendered(
        '[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}, "description": ""}}]'
    )
    assert render("dynamo", "{{ tools | length }}{{ nope | length }}{{ 'é😀' | length }}") == Rendered("002")
    assert render("dynamo", "{{ {'b': '<', 'a': 1.0} | tojson }}") == Rendered('{"b": "<", "a": 1.0}')


def test_dynamo_lets_the_caller_win_but_over_its_own() -> None:
    text = "{{ bos_token is none }}{{ eos_token is none }}{{ unk_token is none }}{{ documents is defined }}{{ x }}"
    answer = render("dynamo", text, variables={"bos_token": "mine", "x": 1}, special_tokens={})
    assert answer == Rendered("TrueTrueTrueFalse1")


def test_dynamo_reshapes_what_a_template_refuses() -> None:
    text = (
        "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('no') }}{% endif %}"
        "{{ m.role[0] }}{{ m.content }} {% endfor %}"
    )
    system = {"role": "system", "content": "S"}
    assert render("dynamo", text, system, system, _USER, system, _USER) == Rendered("sS\n\nS uHi uS uHi ")
    plain = "{% for m in messages %}{{ m.role[0] }}{{ m.content }} {% endfor %}"
    assert render("dynamo", plain, system, system, _USER) == Rendered("sS sS uHi ")


def test_dynamo_takes_reasoning_and_text_arguments_for_templates_that_do_not() -> None:
    answer = {"role": "assistant", "content": "so", "reasoning_content": "hm", "tool_calls": [_CALL]}
    assert render("dynamo", "{{ messages[1].content }}", _USER, answer) == Rendered("<think>hm</think>so")
    text = "{{ messages[1].content }}{{ messages[1].reasoning_content }}{{ messages[1].tool_calls[0].function.arguments.b }}"
    assert render("dynamo", text, _USER, answer) == Rendered("sohm1.0")


def test_dynamo_mends_what_its_engine_cannot_read() -> None:
    text = "{{ messages.0.content }}{% for k, v in {'items': 1}.items() %}{{ k }}{{ '.items()' }}{% endfor %}"
    assert render("dynamo", text) == Rendered("Hiitems.items()")
    assert render("dynamo", "{% generation %}{% set x = 1 %}{%- endgeneration %}{{ x is defined }}") == Rendered(
        "False"
    )


# -- smg ---------------------------------------------------------------------------------------------------------------


def test_smg_has_the_names_of_transformers_and_nulls() -> None:
    assert render("smg", "{{ strftime_now('%Y') }}{{ dict(a=1) }}") == Rendered("2026{'a': 1}")
    assert render("smg", "{%- generation %}\n{% set x = 1 %}{% endgeneration %}{{ x }}") == Rendered("1")
    text = "{{ tools is none }}{{ documents is none }}{{ bos_token is defined }}{{ add_generation_prompt }}"
    assert render("smg", text, special_tokens={}) == Rendered("TrueTrueFalseTrue")
    given = render("smg", text, tools=[], documents=[{"a": 1}], special_tokens={"bos_token": ""})
    assert given == Rendered("TrueTrueTrueTrue")


def test_smg_reads_a_request_into_types() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"b": 1}'}}
    asked = {"role": "assistant", "tool_calls": [call], "thinking": "hm", "prefix": True}
    answer = {"role": "tool", "content": "r", "tool_call_id": "a", "name": "f"}
    shown = render("smg", "{{ messages[1:]|tojson }}", _USER, asked, answer)
    parsed = '{"id": "a", "type": "function", "function": {"name": "f", "arguments": {"b": 1}}}'
    kept = f'{{"role": "assistant", "tool_calls": [{parsed}], "content": null}}'
    assert shown == Rendered(f'[{kept}, {{"role": "tool", "content": "r", "tool_call_id": "a"}}]')
    tool = {"type": "function", "function": {"name": "f", "description": None, "return": 1}, "x": 1}
    described = '[{"type": "function", "function": {"name": "f", "parameters": {}, "return": 1}}]'
    assert render("smg", "{{ tools|tojson }}", _USER, tools=[tool]) == Rendered(described)
    for message in ({"role": "other", "content": "x"}, {"role": "user"}, {"role": "tool", "content": "x"}):
        assert isinstance(render("smg", "x", message), Failed)
    for arguments in ("", "text"):
        broken = {**call, "function": {"name": "f", "arguments": arguments}}
        assert isinstance(render("smg", "x", _USER, {"role": "assistant", "tool_calls": [broken]}), Failed)


def test_smg_gives_parts_where_a_loop_runs_over_content() -> None:
    text = "{% for m in messages %}{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endfor %}"
    assert render("smg", text, _USER) == Rendered("[Hi]")
    plain = "{{ messages[0].content }}"
    assert render("smg", plain, _USER) == Rendered("Hi")


def test_smg_knows_more_of_tojson() -> None:
    text = "{{ {'b': 'é<', 'a': 1.0} | tojson(ensure_ascii=true, sort_keys=true, separators=(',', ':')) }}"
    assert render("smg", text) == Rendered('{"a":1.0,"b":"\\u00e9<"}')


def test_smg_joins_parts_where_none_are_read() -> None:
    parts = {"role": "user", "content": [*_PARTS, {"type": "image_url", "image_url": {"url": "u"}}]}
    assert render("smg", "{{ messages[0].content }}", parts) == Rendered("a\nb")
    text = "{% for m in messages %}{% for p in m.content %}[{{ p.text or p.type }}]{% endfor %}{% endfor %}"
    assert render("smg", text, parts) == Rendered("[a][b][image]")
    assert render("smg", "{{ messages[0].content is none }}", {"role": "assistant"}) == Rendered("True")


def test_smg_trims_files() -> None:
    assert render("smg", "\n\n{{ messages[0].content }} ", path="chat_template.jinja") == Rendered("Hi")
    assert render("smg", "\n\n{{ messages[0].content }} ", path="tokenizer_config.json") == Rendered("\n\nHi ")


# -- vLLM --------------------------------------------------------------------------------------------------------------


def test_vllm_rebuilds_messages() -> None:
    shown = "{{ messages[0] }}"
    call = {"role": "assistant", "content": None, "tool_calls": [_CALL], "weight": 1}
    arguments = "{'name': 'f', 'arguments': {'b': 1.0, 'a': 2}}"
    assert render("vllm", shown, call) == Rendered(
        f"{{'role': 'assistant', 'content': '', 'tool_calls': [{{'id': 'c', 'type': 'function', 'function': {arguments}}}]}}"
    )
    assert render("vllm", shown, {"role": "user", "content": _PARTS}) == Rendered(
        "{'role': 'user', 'content': 'a\\nb'}"
    )
    text = "{% for m in messages %}{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endfor %}"
    assert render("vllm", text, _USER, {"role": "user", "content": _PARTS}) == Rendered("[Hi][a][b]")
    assert isinstance(render("vllm", "x", variables={}), Rendered)


def test_vllm_drops_empty_calls_and_fills_arguments() -> None:
    assert render("vllm", "{{ messages[0] }}", {"role": "assistant", "content": "x", "tool_calls": []}) == Rendered(
        "{'role': 'assistant', 'content': 'x'}"
    )
    for arguments in (None, ""):
        call = {"type": "function", "function": {"name": "f", "arguments": arguments}}
        text = "{{ messages[0].tool_calls[0].function }}"
        shown = render("vllm", text, {"role": "assistant", "content": "x", "tool_calls": [call]})
        assert shown == Rendered("{'name': 'f', 'arguments': {}}")
