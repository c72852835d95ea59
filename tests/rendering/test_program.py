"""A compiled template prints what jinja2's own sandbox prints, to the byte, errors and their lines included."""

from __future__ import annotations

import copy
import re
import warnings
from collections import Counter
from datetime import datetime
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

import portable_tpl as pt
from portable_tpl.model.errors import RenderError
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.rendering import program
from portable_tpl.template.syntax.environment import reference_environment, render_with_generation, strftime_function
from portable_tpl.template.syntax.failures import describe, outcome_of
from tests.rendering.adversarial import ESCAPES, SHAPES
from tests.rendering.calls import ADDRESS, KINDS, compare_prompts
from tests.targets.engines.test_reference import RealTransformers
from tests.template.grammar import templates

NOW = datetime(2026, 1, 1, 12)
REFERENCE = reference_environment(lambda: NOW)
CONTEXTS: list[dict[str, Any]] = [
    {
        "messages": [
            {"role": "user", "content": " é <b> ", "items": "own", "format": "{}"},
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "t"}],
                "tool_calls": [{"function": {"name": "f"}}],
            },
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "documents": None,
        "add_generation_prompt": True,
        "bos_token": "<s>",
    },
    {"messages": [{"role": "user", "content": "a"}] * 2, "x": {"y": (1, [2]), "role": 1.5}, "f": "text"},
    {"messages": ({"role": "tool", 1: 2},), "x": None, "nothing": [], "f": 3},
]


def outcome(text: str, spans: bool, environment: Any, context: dict[str, Any]) -> Any:
    """What a template makes of a context, in a form that can be compared."""
    given = copy.deepcopy(context)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if environment is None:
                made = program.compile_text(text)
                told: Any = made.render_with_spans(with_clock(given)) if spans else made.render(with_clock(given))
            else:
                template = environment.from_string(text)
                told = render_with_generation(template, given) if spans else template.render(given)
    except jinja2.TemplateSyntaxError as error:
        return "syntax", str(error)
    except RecursionError:
        return "recursion"
    except SyntaxError as error:
        return "python", error.msg
    except Exception as error:
        told = outcome_of(error) if error.__traceback__ is not None else describe(error)
    assert given == context or "nan" in repr(context)
    return ADDRESS.sub("0x", repr(told))


def with_clock(context: dict[str, Any]) -> dict[str, Any]:
    return {"strftime_now": strftime_function(lambda: NOW), **context}


@pytest.mark.parametrize("text", [*ESCAPES, *SHAPES])
def test_equals_the_sandbox(text: str) -> None:
    for context in CONTEXTS:
        for spans in (False, True):
            assert outcome(text, spans, None, context) == outcome(text, spans, REFERENCE, context)


@pytest.mark.parametrize(
    "text", ["{{ x | indent }}", "{{ [x] | map('indent', 2) | list }}", "{{ x | indent(nope=1) }}"]
)
def test_no_filter_changes_what_was_passed(text: str) -> None:
    """A list that ``indent`` fails on is as it was, as in transformers, which shows templates a copy."""
    value = [{"type": "text", "text": "a"}]
    with pytest.raises(RenderError) as raised:
        pt.render(text, [{"role": "user", "content": value}], x=value)
    assert value == [{"type": "text", "text": "a"}]
    with pytest.raises((AttributeError, TypeError), match=re.escape(str(raised.value).rpartition("Error: ")[2])):
        ImmutableSandboxedEnvironment().from_string(text).render(x=copy.deepcopy(value))


def test_the_adversarial_templates_do_what_they_are_for() -> None:
    """Most escapes are refused or print nothing, and each kind of outcome is among them."""
    outcomes = [outcome(text, False, None, CONTEXTS[0]) for text in (*ESCAPES, *SHAPES)]
    assert sum("SecurityError" in str(each) for each in outcomes) >= 20
    assert sum("UndefinedError" in str(each) for each in outcomes) >= 5
    assert not any("<class '" in str(each) or "__globals__" in str(each) for each in outcomes[: len(ESCAPES)])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | st.tuples(inner),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(templates(), st.fixed_dictionaries({"messages": VALUES, "x": VALUES, "tools": VALUES}))
def test_any_template_equals_the_sandbox(text: str, context: dict[str, Any]) -> None:
    if "random" in text or "lipsum" in text:
        return
    assert outcome(text, True, None, context) == outcome(text, True, REFERENCE, context)


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, max_size=3), VALUES, VALUES)
def test_anything_that_is_passed_gives_a_prompt_or_an_error_of_ours(messages: Any, tools: Any, variable: Any) -> None:
    chat = pt.compile(
        "{{ messages | tojson }}{% for m in messages %}{{ m.content.strip() }}{% endfor %}{{ x }}{{ tools }}"
    )
    try:
        assert isinstance(chat.render(messages, tools=tools, documents=variable, x=variable), str)
    except RenderError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - either is right


@pytest.mark.filterwarnings("ignore::portable_tpl.model.errors.PromptWarning")
def test_equals_transformers_on_some_real_templates(
    corpus_templates: list[Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``nox -s prompts`` does the same with all of them."""
    real = RealTransformers(monkeypatch)
    results = [compare_prompts(real, template, corpus_templates[0].text, 20) for template in corpus_templates[::20]]
    assert [difference for result in results for difference in result.differences] == []
    assert set(sum((result.rendered for result in results), Counter[str]())) == {kind.__name__ for kind in KINDS}
    assert sum(result.outcomes["Rendered"] for result in results) > 300
    real.apply = lambda *given, **arguments: Rendered("another")  # type: ignore[method-assign]
    assert len(compare_prompts(real, corpus_templates[0], "", 20).differences) == 20


@pytest.mark.parametrize(
    "text",
    [
        *SHAPES[-20:],
        "{% for m in messages %}{% generation %}<{{ m.role }}>{% endgeneration %}{{ m.content }}{% endfor %}",
    ],
)
def test_spans_are_those_of_transformers(text: str) -> None:
    utilities = pytest.importorskip("transformers.utils.chat_template_utils")
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    try:
        (expected,), (spans,) = utilities.render_jinja_template(
            [messages], chat_template=text, return_assistant_tokens_mask=True
        )
    except Exception:
        with pytest.raises(RenderError):
            pt.compile(text).render_with_spans(messages)
        return
    found = pt.compile(text).render_with_spans(messages)
    assert isinstance(found, Rendered)
    assert (ADDRESS.sub("", found.text), list(found.spans)) == (ADDRESS.sub("", expected), spans)
