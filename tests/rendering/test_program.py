"""A compiled template prints what jinja2's own sandbox prints, to the byte, errors and their lines included."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import portable_tpl as pt
from portable_tpl.generation.choices import SeededChoices
from portable_tpl.generation.generate import conversation
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.errors import RenderError, TemplateSyntaxError
from portable_tpl.model.rendering import Failed, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.rendering import program
from portable_tpl.rendering.chat_template import ChatTemplate
from portable_tpl.rendering.rows import row_call
from portable_tpl.template.syntax.environment import reference_environment, render_with_generation, strftime_function
from portable_tpl.template.syntax.failures import describe, outcome_of
from portable_tpl.template.syntax.parsing import parse
from portable_tpl.template.usage.shape import shape_of
from tests.rendering.adversarial import ESCAPES, SHAPES
from tests.targets.engines.test_reference import RealTransformers
from tests.template.grammar import templates

NOW = datetime(2026, 1, 1, 12)
REFERENCE = reference_environment(lambda: NOW)
ADDRESS = re.compile(r"0x[0-9a-f]+")
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


# Against the real package, over real templates and generated conversations.


def conversations(template: Template, count: int) -> Iterator[Conversation]:
    shape = shape_of(parse(template).tree)
    tiers = tuple(Tier)
    for number in range(count):
        yield conversation(SeededChoices(f"{template.path} {number}", tiers[number % len(tiers)]), shape)


def odd_ways(made: Conversation, number: int) -> Conversation:
    """Some with tuples in place of lists; arguments that come as variables of no use to anybody are left out."""
    flags = ("continue_final_message", "add_generation_prompt", "tools", "documents")
    variables = {name: x for name, x in made.variables.items() if name not in flags or isinstance(x, bool)}
    made = made.with_changes(variables=variables)
    if number % 3:
        return made
    return made.with_changes(messages=as_tuples(made.messages), variables=as_tuples(made.variables, top=True))


def as_tuples(value: Any, top: bool = True) -> Any:
    if isinstance(value, list):
        return [as_tuples(item, False) for item in value] if top else tuple(as_tuples(item, False) for item in value)
    return {key: as_tuples(item, False) for key, item in value.items()} if isinstance(value, dict) else value


def is_same(expected: Rendering, found: Rendering) -> bool:
    if isinstance(expected, Failed) or isinstance(found, Failed):
        return isinstance(expected, Failed) and isinstance(found, Failed)
    return ADDRESS.sub("0x", repr(expected)) == ADDRESS.sub("0x", repr(found))


def differences(real: RealTransformers, chosen: Sequence[Template], count: int) -> tuple[int, list[Any]]:
    wrong, total = [], 0
    for template in chosen:
        try:
            chat = ChatTemplate(template)
        except TemplateSyntaxError:
            continue
        for number, made in enumerate(conversations(template, count)):
            asked = odd_ways(made, number)
            expected = real.render(template, asked)
            try:
                found = chat.rendering(row_call({**asked.to_json(), "clock": asked.clock}))
            except RenderError as error:
                found = Failed("error", str(error))
            total += 1
            if not is_same(expected, found):
                wrong.append((template.path, number, expected, found))
    return total, wrong


@pytest.mark.filterwarnings("ignore::portable_tpl.model.errors.PromptWarning")
def test_equals_transformers_on_some_real_templates(
    corpus_templates: list[Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    total, wrong = differences(RealTransformers(monkeypatch), corpus_templates[::12], 12)
    assert wrong == []
    assert total > 400


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore::portable_tpl.model.errors.PromptWarning")
def test_equals_transformers_on_all_real_templates(
    corpus_templates: list[Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    total, wrong = differences(RealTransformers(monkeypatch), corpus_templates, 200)
    assert wrong == []
    assert total > 100_000


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
