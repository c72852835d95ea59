"""minijinja gets native values, keeps its own words and lines, and survives what panics in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.workers._minijinja_literals import assignments
from tests.targets.conversations import ALL
from tests.targets.opening import opened

TARGETS = ("minijinja", "minijinja-strict")
PANICS = "3.0.5"  # the last version that reverses an empty slice by reading past its end


@pytest.fixture(scope="module", params=TARGETS)
def runtime(request: pytest.FixtureRequest) -> Iterator[WorkerRuntime]:
    with open_runtime(request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def strict() -> Iterator[WorkerRuntime]:
    with open_runtime("minijinja-strict") as opened:
        yield opened


def asking(**variables: Any) -> Conversation:
    return Conversation([{"role": "user", "content": "Hi"}], variables=variables)


def test_python_methods_fail_without_pycompat(strict: WorkerRuntime) -> None:
    answer = strict.render(Template("\n{{ d.items() }}"), asking(d={"a": 1}))
    assert answer == Failed("error", "unknown method: map has no method named items (in <string>:2)", 2)
    answer = strict.render(Template("{{ messages[0].content.strip() }}"), asking())
    assert isinstance(answer, Failed)
    assert "unknown method" in answer.message


def test_python_methods_work_with_pycompat() -> None:
    with open_runtime("minijinja") as runtime:
        template = Template("{{ d.items() }}|{{ messages[0].content.strip() }}")
        assert runtime.render(template, asking(d={"a": 1.0})) == Rendered("[('a', 1.0)]|Hi")


def test_values_are_printed_in_minijinjas_own_form(runtime: WorkerRuntime) -> None:
    value = {"a": [1.0, 1e20, -5, None, True], "b": "x'y", "c": {}}
    expected = "{'a': [1.0, 1e20, -5, None, True], 'b': \"x'y\", 'c': {}}"
    assert runtime.render(Template("{{ d }}"), asking(d=value)) == Rendered(expected)


@pytest.mark.parametrize(
    "value, text",
    [
        (1, "1"), (1.0, "1.0"), (-1.5, "-1.5"), (-0.0, "-0.0"), (True, "True"), (None, "None"),
        (2**63 - 1, "9223372036854775807"), (2**63, "9223372036854775808"), (2**64 - 1, "18446744073709551615"),
        (-(2**63), "-9223372036854775808"),
        # Beyond 64 bits, serde_json makes floats of integers, so that is what a Rust server's template sees.
        (2**64, "18446744073709552000.0"), (-(2**63) - 1, "-9223372036854776000.0"),
        (1e-7, "0.0000001"), (1e16, "10000000000000000.0"), (0.1, "0.1"), (123456789.12345679, "123456789.12345679"),
    ],
)  # fmt: skip
def test_numbers(runtime: WorkerRuntime, value: Any, text: str) -> None:
    assert runtime.render(Template("{{ v }}"), asking(v=value)) == Rendered(text)
    kind = "float" if "." in text else "integer"
    if value is not None and value is not True:
        assert runtime.render(Template(f"{{{{ v is {kind} }}}}"), asking(v=value)) == Rendered("True")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(value=_JSON)
def test_every_json_value_arrives_exactly(strict: WorkerRuntime, value: Any) -> None:
    answer = strict.render(Template("{{ v | tojson }}"), asking(v=value))
    assert isinstance(answer, Rendered), answer
    assert json.dumps(json.loads(answer.text)) == json.dumps(value)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])) | st.text("{%}#'\"\\-\n\r \x00abc", max_size=20))
def test_every_text_arrives_exactly(strict: WorkerRuntime, text: str) -> None:
    answer = strict.render(Template("{{ v }}|{{ v | length }}|{{ v == w[0] }}"), asking(v=text, w=[text]))
    assert answer == Rendered(f"{text}|{len(text)}|True")


def test_deep_values(runtime: WorkerRuntime) -> None:
    deep: Any = "end"
    for level in range(400):
        deep = [deep, level] if level % 2 else {"k": deep}
    assert runtime.render(Template("{{ v | tojson }}"), asking(v=deep)) == Rendered(json.dumps(deep))


def test_what_a_rust_program_cannot_hold(runtime: WorkerRuntime) -> None:
    for answer in (
        runtime.render(Template("{{ v }}"), asking(v="a\ud800")),
        runtime.render(Template("{{ v }}"), asking(v={"\udfff": 1})),
        runtime.render(Template("\ud800"), asking()),
    ):
        assert isinstance(answer, Failed)
        assert answer.kind == "unsupported"


def test_names_that_no_template_can_write_are_left_out(runtime: WorkerRuntime) -> None:
    variables = {"a-b": 1, "": 2, "1x": 3, "true": 4, "loop": 5, "é": 6, "x y": 7, "ok": 8, "range": 9}
    assert runtime.render(Template("{{ ok }}{{ range }}{{ true }}"), asking(**variables)) == Rendered("89True")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{{ 1 }}\n", "1"), ("{{ 1 }}\n\n", "1\n"), ("\n\n {{ 1 }} ", "\n\n 1 "), ("", ""), ("\n", ""),
        ("  {% if true %}\n  x\n  {% endif %}\ny", "  x\ny"), ("{%- if true %} a {%- endif -%}  ", " a"),
        ("\r\n{{ 1 }}\r\n", "\r\n1"), ("{# c #}\nx", "x"),
    ],
)  # fmt: skip
def test_layout_is_the_templates_own(runtime: WorkerRuntime, text: str, expected: str) -> None:
    assert runtime.render(Template(text), asking()) == Rendered(expected)


@pytest.mark.parametrize(
    "text", ["{{ 1 }}\n", "\r\n{{ 1 }}\r\n", "a\n{{ [1] }}\n\n", "{% set x %} a {% endset %}{{ x }}"]
)
def test_layout_is_that_of_the_engine_alone(strict: WorkerRuntime, text: str) -> None:
    import minijinja

    environment = minijinja.Environment(trim_blocks=True, lstrip_blocks=True, pycompat=False)
    assert strict.render(Template(text), asking()) == Rendered(environment.render_str(text))


def test_refusals(runtime: WorkerRuntime) -> None:
    def refusal(argument: str) -> Rendering:
        return runtime.render(Template(f"x{{{{ raise_exception({argument}) }}}}"), asking(d={"a": [1, None, True]}))

    assert refusal("'No <system> & \"role\"'") == Refused('No <system> & "role"')
    assert refusal("'a' | safe") == Refused("a")
    assert refusal("d") == Refused("{'a': [1, None, True]}")
    assert refusal("nope") == Refused("")
    answer = refusal("")
    assert isinstance(answer, Failed)


def test_errors_have_the_templates_line(runtime: WorkerRuntime) -> None:
    answer = runtime.render(Template("a\n{% macro f(x) %}\n{{ x + 1 }}{% endmacro %}\n{{ f('a') }}"), asking())
    assert isinstance(answer, Failed)
    assert answer.line == 3
    assert answer.message.startswith("invalid operation: tried to use + operator")


@pytest.mark.parametrize("target", TARGETS)
def test_a_panic_is_an_error_and_the_worker_goes_on(target: str) -> None:
    with opened(f"{target}@{PANICS}") as runtime:
        _survives_a_panic(runtime)


def _survives_a_panic(runtime: WorkerRuntime) -> None:
    pid = runtime.pid
    text = Template("{{ [][::-1] if messages[0].content == 'kill' }}ok{{ v }}")
    kill = Conversation([{"role": "user", "content": "kill"}])
    answers = runtime.render_all(text, [asking(v=1), kill, asking(v=2)])
    assert answers[0] == Rendered("ok1")
    assert isinstance(answers[1], Failed)
    assert answers[1].kind == "error"
    assert answers[1].message.startswith("panic: index out of bounds")
    assert answers[2] == Rendered("ok2")
    assert runtime.pid == pid


_OTHERS = [
    '{% include "<string>" %}',
    '{% include "main" %}',
    '{% extends "main" %}',
    '{% extends "<string>" %}',
    '{% import "<string>" as x %}',
    '{% from "case 0" import x %}',
    '{% include ["case0", "<string>"] %}',
]


@pytest.mark.parametrize("text", _OTHERS)
def test_no_other_template_can_be_reached(runtime: WorkerRuntime, text: str) -> None:
    answer = runtime.render(Template(text), asking())
    assert isinstance(answer, Failed)
    assert "not found" in answer.message


def test_an_include_that_may_be_missing(runtime: WorkerRuntime) -> None:
    assert runtime.render(Template('{% include "<string>" ignore missing %}ok'), asking()) == Rendered("ok")


def test_blocks_and_macros_see_the_context(runtime: WorkerRuntime) -> None:
    text = "{% block b %}{{ v }}{% endblock %}{{ self.b() }}{% macro m() %}{{ v }}{% endmacro %}{{ m() }}{% set v = 2 %}{{ v }}"
    assert runtime.render(Template(text), asking(v=1)) == Rendered("1112")


def test_conversations_do_not_see_each_other(runtime: WorkerRuntime) -> None:
    text = Template("{{ a is defined }}{{ b is defined }}{% set c = 1 %}{% set a = 2 %}{{ a }}")
    answers = runtime.render_all(text, [asking(a=1), asking(b=1), asking()])
    assert answers == [Rendered("TrueFalse2"), Rendered("FalseTrue2"), Rendered("FalseFalse2")]


class _StoppedError(Exception):
    pass


def _stop(message: str) -> None:
    raise _StoppedError(message)


def test_equals_the_engine_alone_on_some_real_templates(corpus_templates: list[Template]) -> None:
    """The case that extends the template, against the same assignments in front of the template's own text."""
    import minijinja

    from portable_tpl.targets.steps.reference import reference_context

    environment = minijinja.Environment(trim_blocks=True, lstrip_blocks=True, pycompat=True)
    environment.add_global("raise_exception", _stop)
    environment.add_global("strftime_now", lambda form: "")
    conversations = [conversation for name, conversation in ALL.items() if name != "surrogate"]
    with open_runtime("minijinja") as runtime:
        for template in corpus_templates[5::30]:
            if "strftime_now" in template.text:
                continue
            for conversation, answer in zip(conversations, runtime.render_all(template, conversations), strict=True):
                context = reference_context(conversation, template.special_tokens)
                try:
                    # The empty output keeps the template's first line from being trimmed after a block.
                    alone = environment.render_str(assignments(context) + "{{ '' }}" + template.text)
                except (_StoppedError, minijinja.TemplateError):
                    alone = None
                assert (answer.text if isinstance(answer, Rendered) else None) == alone, template.path
