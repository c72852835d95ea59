"""What every adapter promises, whatever its engine; a new adapter is found through the registry."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Limits
from portable_tpl.targets.processes._limits import resident
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import known_targets
from tests.targets.opening import opened
from tests.targets.processes import killers

# node-llama-cpp takes no template that does not print every message of a chat: its promises are tested with ones that
# do (tests/targets/engines/test_node_llama_cpp.py), its engine's here.
TARGETS = [target.id for target in known_targets() if target.id != "node-llama-cpp"]
# Deployments rewrite messages and drop variables: what passes through them unchanged is the text of a conversation.
ENGINES = [target.id for target in known_targets() if target.bare is None and not target.notes]

_OPEN: dict[str, WorkerRuntime] = {}


def warm(target: str) -> WorkerRuntime:
    """One worker a target for the whole module, as a program would keep it."""
    if target not in _OPEN:
        _OPEN[target] = opened(target)
    return _OPEN[target]


@pytest.fixture(scope="module", autouse=True)
def _closing() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.popitem()[1].close()


def asking(content: Any = "Hi", **variables: Any) -> Conversation:
    return Conversation([{"role": "user", "content": content}], variables=variables)


each_target = pytest.mark.parametrize("target", TARGETS)
each_engine = pytest.mark.parametrize("target", ENGINES)

_TEXTS = [
    "Hello",
    "  leading and trailing \t",
    "quotes ' \" ` and \\ back\\nslash",
    "<b>&amp;</b> </s> <|im_start|>",
    "{{ x }} {% if %} {# c #} %} }}",
    "two\nlines\r\nand \r three",
    "Grüße ñ 中文 العربية हिन्दी 한국어",
    "😀 👩‍👩‍👧 𝒳 \U0010ffff",
    "\u00a0\u2028\u2029\ufeff\u200b",
    "é decomposed e\u0301",
    "x" * 100_000,
]


@each_target
@pytest.mark.parametrize("text", _TEXTS, ids=lambda text: ascii(text[:20]))
def test_text_comes_through_exactly(target: str, text: str) -> None:
    template = Template("[{{ messages[0]['content'] }}]")
    assert warm(target).render(template, asking(text)) == Rendered(f"[{text}]")


@each_target
def test_a_template_with_a_lone_surrogate_comes_through_or_is_not_taken(target: str) -> None:
    answer = warm(target).render(Template("[\ud800]"), asking("a"))
    if isinstance(answer, Failed):
        assert (answer.kind, "surrogate" in answer.message) == ("unsupported", True)
    else:
        assert answer == Rendered("[\ud800]")


_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2**31, -(2**31), 2**53 - 1, 0.5, -2.25, "", "x", [], {}, [[], {}, [None]],
    {"b": 1, "a": {"z": [1, 2, {"y": True}]}, "": "empty", "a b": "space", "é": "ü"}, ["a'b", 'c"d', "\n\t"],
]  # fmt: skip


@each_engine
@pytest.mark.parametrize("value", _VALUES, ids=repr)
def test_values_of_every_json_type_reach_the_engine(target: str, value: Any) -> None:
    answer = warm(target).render(Template("{{ v | tojson }}"), asking(v=value))
    assert isinstance(answer, Rendered), answer
    assert json.dumps(json.loads(answer.text)) == json.dumps(value)


@each_engine
def test_kinds_are_told_apart(target: str) -> None:
    template = Template(
        "{% for v in values %}{% if v is none %}n{% elif v is boolean %}b{% elif v is string %}s"
        "{% elif v is number %}i{% elif v is mapping %}m{% else %}l{% endif %}{% endfor %}"
    )
    values = [None, True, "x", 1, 0.5, {}, {"a": 1}, [], [1], "1", False]
    assert warm(target).render(template, asking(values=values)) == Rendered("nbsiimmllsb")


@each_engine
def test_keys_keep_their_order(target: str) -> None:
    template = Template("{% for key in v %}{{ key }},{% endfor %}")
    assert warm(target).render(template, asking(v={"z": 1, "a": 2, "m": 3})) == Rendered("z,a,m,")


@each_engine
def test_what_is_not_given_is_none_as_in_the_reference(target: str) -> None:
    template = Template(
        "{{ 'yes' if tools is defined and tools is none }}{{ 'no' if add_generation_prompt else 'off' }}"
        "{{ 'gone' if enable_thinking is not defined }}{{ bos_token }}{{ eos_token }}"
    )
    # To google/minja and its fork a variable that is none is one that is not there.
    given = "" if target in ("minja-engine", "onnxruntime-engine") else "yes"
    assert warm(target).render(template, asking()) == Rendered(f"{given}offgone<s></s>")


@each_engine
def test_special_tokens_of_the_container(target: str) -> None:
    template = Template("{{ bos_token }}", special_tokens={"bos_token": "<|bos|>"})
    runtime = warm(target)
    assert runtime.render(template, asking()) == Rendered("<|bos|>")
    own = Conversation([{"role": "user", "content": "Hi"}], special_tokens={"bos_token": "[B]"})
    assert runtime.render(template, own) == Rendered("[B]")


@each_target
def test_a_refusal_has_its_message(target: str) -> None:
    # Not for every conversation: llama.cpp tries a template at start, and would not start with it.
    template = Template(
        "{% if messages[0]['content'] == 'Hi' %}{{ raise_exception('Only \"user\" & <b> roles, é!') }}{% endif %}"
    )
    assert warm(target).render(template, asking()) == Refused('Only "user" & <b> roles, é!')


@each_target
def test_a_refusal_inside_a_macro_and_a_loop(target: str) -> None:
    template = Template(
        "{% macro check(m) %}{% if m['content'] == 'bad' %}{{ raise_exception('bad ' + m['role']) }}{% endif %}ok"
        "{% endmacro %}{% for m in messages %}{{ check(m) }}{% endfor %}"
    )
    runtime = warm(target)
    answers = runtime.render_all(template, [asking("good"), asking("bad"), asking("fine")])
    assert answers == [Rendered("ok"), Refused("bad user"), Rendered("ok")]


@each_target
def test_an_error_is_a_value_with_words(target: str) -> None:
    runtime = warm(target)
    answer = runtime.render(Template("a\nb\n{{ messages | no_such_filter_at_all }}"), asking())
    assert isinstance(answer, Failed), answer
    assert answer.kind in ("error", "syntax")
    assert answer.message.strip()
    assert answer.line in (None, 3)
    assert runtime.render(Template("fine"), asking()) == Rendered("fine")


@pytest.mark.parametrize("target", ["transformers", "minijinja", "minijinja-strict"])
@pytest.mark.parametrize("text", ["a\nb\n{{ messages | nope }}", "a\nb\n{{ 'a' + 1 }}", "a\nb\n{% if %}"])
def test_the_line_of_an_error(target: str, text: str) -> None:
    answer = warm(target).render(Template(text), asking())
    assert isinstance(answer, Failed)
    assert answer.line == 3


@each_target
@pytest.mark.parametrize("text", ["{% if true %}", "{{ 'unclosed", "{% for %}{% endfor %}", "{% endif %}"])
def test_a_template_that_does_not_parse(target: str, text: str) -> None:
    answers = warm(target).render_all(Template(text), [asking("a"), asking("b")])
    assert all(isinstance(answer, Failed) and answer.message.strip() for answer in answers), answers


@each_target
def test_the_clock_is_the_conversations(target: str) -> None:
    template = Template("{{ strftime_now('%Y-%m-%d %H:%M') }}")
    leap = Conversation([{"role": "user", "content": "Hi"}], clock="2024-02-29T23:59:58")
    answers = warm(target).render_all(template, [asking(), leap, asking()])
    assert answers == [Rendered("2026-01-01 12:00"), Rendered("2024-02-29 23:59"), Rendered("2026-01-01 12:00")]


@each_target
def test_answers_come_in_order(target: str) -> None:
    template = Template("{{ messages[0]['content'] }}")
    many = [asking(f"text {number}") for number in range(300)]
    assert warm(target).render_all(template, many) == [Rendered(f"text {number}") for number in range(300)]
    assert warm(target).render_all(template, []) == []


@each_target
def test_a_worker_that_dies_between_renders_is_replaced(target: str) -> None:
    runtime = warm(target)
    assert runtime.render(Template("a"), asking()) == Rendered("a")
    assert runtime.pid is not None
    os.killpg(runtime.pid, signal.SIGKILL)
    time.sleep(0.1)
    answers = [runtime.render(Template("b"), asking()) for _ in range(2)]
    assert answers[1] == Rendered("b")


@each_engine  # stacks and deployments share their workers
@pytest.mark.parametrize("killer", killers.ALL, ids=lambda killer: killer.name)
def test_a_killer_is_named_and_the_run_goes_on(target: str, killer: killers.Killer) -> None:
    cases = [asking(content) for content in ("one", "two", "kill", "four", "five")]
    with opened(target, Limits(seconds=2.0, megabytes=512)) as runtime:
        answers = runtime.render_all(killer.template, cases)
        others = [answer for index, answer in enumerate(answers) if index != 2]
        if killer.at_load:
            assert len(set(map(type, answers))) == 1, answers
        else:
            assert others == [Rendered("ok")] * 4, answers
        if not isinstance(answers[2], Rendered):
            assert isinstance(answers[2], Failed)
            assert answers[2].message
        if killer.kills_everywhere:
            assert isinstance(answers[2], Failed), answers[2]
        assert runtime.render(Template("alive"), asking()) == Rendered("alive")


@each_target
def test_a_template_of_two_megabytes(target: str) -> None:
    runtime = warm(target)
    answers = runtime.render_all(
        Template("x" * 2_000_000 + "{{ messages[0]['content'] }}"), [asking("a"), asking("b")]
    )
    for letter, answer in zip("ab", answers, strict=True):
        assert isinstance(answer, Failed) or answer == Rendered("x" * 2_000_000 + letter)
    if target in ("transformers", "minijinja", "minijinja-strict"):
        assert isinstance(answers[0], Rendered)
    assert runtime.render(Template("alive"), asking()) == Rendered("alive")


@each_engine
def test_a_thousand_templates_do_not_grow_the_worker(target: str) -> None:
    if target.startswith("llama.cpp"):
        pytest.skip("a server start a template: see the sweep")
    _render_a_thousand(warm(target))


@pytest.mark.sweep
def test_a_thousand_servers_do_not_grow_the_worker() -> None:
    _render_a_thousand(warm("llama.cpp-engine"))


# A collected heap breathes: V8 collects late while it is far from its limit.
_BREATH = {"hf-jinja": 96 << 20, "node-llama-cpp-engine": 96 << 20}


def _render_a_thousand(runtime: WorkerRuntime) -> None:
    def render(first: int, last: int) -> int:
        for number in range(first, last):
            text = f"{{% for m in messages %}}{number}{{{{ m['content'] }}}}{{% endfor %}}" + "{# padding #}" * 50
            cases = [asking(f"{number} {letter}" + "x" * 500) for letter in "abc"]
            answers = runtime.render_all(Template(text), cases)
            assert answers[0] == Rendered(f"{number}{number} a" + "x" * 500)
        assert runtime.pid is not None
        size = resident(runtime.pid)
        if size is None:
            pytest.skip("needs /proc to read a process's memory")
        return size

    before = render(0, 400)
    after = render(400, 1000)
    assert after - before < _BREATH.get(runtime.id, 16 << 20), f"grew from {before} to {after} bytes"
