"""Deployment profiles: every fact has its source, every transform its test, and the real engine runs behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.deployments import all_profiles, mistral_rs, smg, tgi
from portable_tpl.targets.deployments._source import with_json_filter, without_loop_controls
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import availability, find, known_targets, open_runtime
from portable_tpl.targets.steps.detection import iterates_content, looks_structured

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
    state = availability(target)
    if not state.ok:
        pytest.skip(f"{target}: {state.reason}; get it with: {state.remedy}")
    if target not in _OPEN:
        _OPEN[target] = open_runtime(target)
    return _OPEN[target].render(Template(text, path=path), Conversation(list(messages or [_USER]), **given))


# -- what all of them have in common -----------------------------------------------------------------------------------


def test_the_contract_s_deployments_are_there() -> None:
    assert {profile.id for profile in all_profiles()} == {"tgi", "mistral.rs", "dynamo", "smg", "vllm"}
    assert {profile.id for profile in all_profiles()} <= {target.id for target in known_targets()}


@pytest.mark.parametrize("profile", all_profiles(), ids=lambda profile: profile.id)
def test_each_says_what_is_real_and_what_is_modelled(profile: Any) -> None:
    assert all(fact.text and fact.source for fact in profile.facts)
    assert any(note.startswith("real engine: ") for note in profile.notes)
    assert any(note.startswith("modelled: ") for note in profile.notes)
    assert find(profile.id)[0].notes == profile.notes
    assert all(patch.description and patch.source for patch in profile.patches)


@pytest.mark.parametrize("profile", all_profiles(), ids=lambda profile: profile.id)
def test_the_pinned_engine_runs(profile: Any) -> None:
    assert isinstance(render(profile.id, "{{ messages[0].role }}"), Rendered)
    if profile.pinned is not None:
        assert _OPEN[profile.id].version == profile.pinned


# -- changes of the source ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "patched, text, expected",
    [
        (tgi.PROFILE.patched, "{{ messages[0]['content'][0]['text'] }}", "{{ messages[0]['content'] }}"),
        (tgi.PROFILE.patched, "{{ x[::-1] }}", "{{ x|reverse }}"),
        (tgi.PROFILE.patched, "{% generation %}x{% endgeneration %}", "x"),
        (tgi.PROFILE.patched, "{%- generation %}", "{%- generation %}"),
        (mistral_rs.PROFILE.patched, "range(a - 1, -1, -1)", "range(a - 1)|reverse"),
        (mistral_rs.PROFILE.patched, "range(3, 0, -1)", "range(3, 0, -1)"),
        (mistral_rs.PROFILE.patched, "{%- generation -%}x{%-endgeneration%}", "x"),
        (mistral_rs.PROFILE.patched, '{%- set meta = message.get("metadata", "") %}a{{ meta }}b', "ab"),
        (mistral_rs.PROFILE.patched, '{%- set meta = message.get("metadata", "") %}', '{%- set meta = message.get("metadata", "") %}'),
    ],
)  # fmt: skip
def test_patches(patched: Callable[[str], str], text: str, expected: str) -> None:
    assert patched(text) == expected


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
        ("{% for m in messages[1:] %}{% for p in m.content | reverse %}{% endfor %}{% endfor %}", True, False),
        ("{% set rest = messages[1:] %}{% for m in rest %}{% for p in m.content %}{% endfor %}{% endfor %}", True, False),
        ("{% for m in messages %}{% set c = m.content %}{% for p in c %}{% endfor %}{% endfor %}", True, False),
        ("{% for m in messages %}{% set content = m.content %}{{ content }}{% endfor %}", False, True),
        ("{% for m in messages %}{{ m.content[0] }}{% endfor %}", False, True),
        ("{% for m in messages %}{% if m.content | length > 1 %}{% endif %}{% endfor %}", False, True),
        ("{% for m in messages %}{% if m.content is string %}{% endif %}{% endfor %}", False, False),
        ("{% macro f(c) %}{% if c is string %}{% else %}{% for p in c %}{% endfor %}{% endif %}{% endmacro %}", False, True),
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
    assert refused.kind == "unsupported"


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
    assert tgi.reads_tools(Template(text)) is reads


# -- mistral.rs --------------------------------------------------------------------------------------------------------


def test_mistral_rs_has_no_loop_controls() -> None:
    answer = render("mistral.rs", "{% for i in [1] %}\n{% continue %}{% endfor %}")
    assert answer == Failed("syntax", "unknown statement continue", 2)


def test_mistral_rs_prints_json_like_python() -> None:
    text = "{{ v | tojson }}{{ v | tojson(ensure_ascii=true, x=1) }}{{ v | tojson(indent=1) }}"
    answer = render(
        "mistral.rs", text, variables={"v": 1}, tools=[{"function": {"name": "<é>", "parameters": {"n": 1.0}}}]
    )
    assert answer == Rendered("nullnullnull")
    answer = render(
        "mistral.rs", "{{ tools | tojson }}", tools=[{"function": {"name": "<é>", "parameters": {"n": 1.0}}}]
    )
    assert answer == Rendered('[{"function": {"name": "<é>", "parameters": {"n": 1.0}}}]')


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
                    variables=chosen, tools=[_TOOL, {"function": {"name": "python"}}])  # fmt: skip
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
        "dynamo", "{{ tools | tojson }}", tools=[{"function": {"name": "f", "parameters": {}}}]
    ) == Rendered('[{"function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]')
    assert render("dynamo", "{{ tools | length }}{{ nope | length }}{{ 'é😀' | length }}") == Rendered("002")
    assert render("dynamo", "{{ {'b': '<', 'a': 1.0} | tojson }}") == Rendered('{"b": "<", "a": 1.0}')


def test_dynamo_lets_the_caller_win() -> None:
    text = "{{ bos_token }}{{ eos_token is none }}{{ unk_token is none }}{{ documents is defined }}"
    answer = render("dynamo", text, variables={"bos_token": "mine"}, special_tokens={})
    assert answer == Rendered("minetruetruefalse")


# -- smg ---------------------------------------------------------------------------------------------------------------


def test_smg_has_no_strftime_now_and_leaves_things_undefined() -> None:
    assert isinstance(render("smg", "{{ strftime_now('%Y') }}"), Failed)
    text = "{{ tools is defined }}{{ documents is defined }}{{ bos_token is defined }}"
    assert render("smg", text, special_tokens={}) == Rendered("FalseFalseFalse")
    assert render("smg", text, tools=[], documents=[], special_tokens={"bos_token": ""}) == Rendered("TrueTrueTrue")


def test_smg_knows_more_of_tojson() -> None:
    text = "{{ {'b': 'é<', 'a': 1.0} | tojson(ensure_ascii=true, sort_keys=true, separators=(',', ':')) }}"
    assert render("smg", text) == Rendered('{"a": 1.0, "b": "\\u00e9<"}')


def test_smg_wraps_or_joins() -> None:
    parts = {"role": "user", "content": _PARTS}
    assert render("smg", "{{ messages[0].content }}", parts) == Rendered("a b")
    text = "{% for m in messages %}{% for p in m.content %}[{{ p.text if p.text else p }}]{% endfor %}{% endfor %}"
    assert render("smg", text, _USER, {"role": "tool", "content": "x"}) == Rendered("[Hi][x]")


def test_smg_trims_files() -> None:
    assert smg.as_file(Template(" a\\nb ", path="x.jinja")) == "a\nb"
    assert smg.as_file(Template(" a\\nb ", path="tokenizer_config.json")) == " a\\nb "
    assert render("smg", "\n\n{{ messages[0].content }} ", path="chat_template.jinja") == Rendered("Hi")


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
