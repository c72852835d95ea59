"""Causes on a deployment that looks at templates, and causes of constructs with many values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jinja2 import nodes

from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.differential.compare import compare
from portable_tpl.differential.explain.cause import Causes
from portable_tpl.differential.explain.isolation import Alone
from portable_tpl.differential.explain.substitution import Rewriter
from portable_tpl.differential.grouping.divergence import locate
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.subject import Subject
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Mismatch
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.steps.prepared import prepare
from portable_tpl.targets.steps.refusals import REQUEST_REFUSED
from portable_tpl.template.syntax.parsing import parse
from tests.targets.opening import opened

WIDE = "\u3000a"
USER: dict[str, object] = {"role": "user", "content": "Hi"}
REASONED = {"role": "assistant", "content": "a", "reasoning_content": ""}

CALL = {"type": "function", "function": {"name": "f", "arguments": {"a": "b"}}}


@pytest.fixture(scope="module")
def llama() -> Iterator[Runtime]:
    runtime = opened("llama.cpp")
    yield runtime
    runtime.close()


@pytest.fixture(scope="module")
def bare_engines() -> Iterator[BareEngines]:
    engines = BareEngines()
    yield engines
    engines.close()


def found(
    text: str,
    messages: list[dict[str, object]],
    targets: list[Runtime],
    reference: Runtime,
    tracer: Tracer,
    bare_engines: BareEngines,
) -> list[Mismatch]:
    settings = CompareSettings(examples=1, conversations=(Conversation(messages),))
    compared = compare(Template(text), targets, reference, settings, tracer, bare_engines)
    return [each for target in compared.targets.values() for each in target.mismatches]


CASES = [
    # What the server does with a system message depends on whether the template prints its content.
    (
        "{% for m in messages %}{% if m.role == 'system' %}S{{ m.content|trim }}{% else %}U{{ m.content }}"
        "{% endif %}{% endfor %}",
        [{"role": "system", "content": WIDE}, USER],
        ("template", "filter.trim@unicode-spaced"),
    ),
    # One construct with two values, of which one is wrong.
    (
        "{% for m in messages %}{{ m.role + m.content|trim }}{% endfor %}",
        [USER, {"role": "assistant", "content": WIDE}, USER],
        ("template", "filter.trim@unicode-spaced"),
    ),
    (
        "{% macro show(c) %}{{ c }}{% endmacro %}{% for m in messages %}{% set c = show(m.content)|trim %}"
        "{{ m.role + c }}{% endfor %}",
        [USER, {"role": "assistant", "content": WIDE}, USER],
        ("template", "filter.trim@unicode-spaced"),
    ),
    # Refused before any template is run.
    (
        "{% for m in messages %}{{ m.content if m.content is string else 'parts' }}{% endfor %}",
        [{"role": "user", "content": [{"type": "image"}]}],
        ("stack", REQUEST_REFUSED),
    ),
    # The reference cannot print what is left, the engine can.
    (
        "{% for m in messages %}{{ m.role + m['from'] + m.content }}{% endfor %}",
        [{**USER, "from": "x"}],
        ("stack", "message-keys-dropped"),
    ),
    (
        "{% for m in messages %}{{ m.role }}{{ m.content }}{% if m.reasoning_content is defined %}"
        "<think>{{ m.reasoning_content }}</think>{% endif %}{% endfor %}",
        [USER, REASONED, USER],
        ("stack", "empty-reasoning-dropped"),
    ),
    (
        "{% for m in messages %}{{ m.content }}{% if m.thinking %}<think>{{ m.thinking }}{% endif %}{% endfor %}",
        [USER, {**REASONED, "reasoning_content": "b"}, USER],
        ("stack", "reasoning-alias-omitted"),
    ),
    (
        "{% for m in messages %}{% for p in m.content %}{{ p.extra|default(p.text) }}{% endfor %}{% endfor %}",
        [{"role": "user", "content": [{"type": "text", "text": "a", "extra": "b"}]}],
        ("stack", "part-keys-dropped"),
    ),
    # Texts in a template from which the server takes it for one of a family that it has ways of its own with.
    (
        "{#'<|tool_call>call:'#}{% for m in messages %}{{ m.role }}{{ m.content }}"
        "{% if m.tool_responses is defined %}{{ m.tool_responses[0].name }}{% endif %}{% endfor %}",
        [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, {"role": "tool", "content": "r"}],
        ("stack", "answers-gathered"),
    ),
    (
        "{#[SYSTEM_PROMPT][TOOL_CALLS][ARGS]#}{% for m in messages %}{% if m.content is string %}{{ m.content }}"
        "{% else %}{{ m.content[0].text }}{% endif %}{% endfor %}",
        [USER, {**REASONED, "reasoning_content": "b"}, USER],
        ("stack", "reasoning-as-part"),
    ),
    # The server begins an answer as the template's prompt does, which is not how the template prints an answer.
    (
        "{% for m in messages %}<|{{ m.role }}|>\n{% if m.role == 'assistant' %}"
        "<think>{{ m.reasoning_content or '' }}</think>\n{% endif %}{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}",
        [USER, {"role": "assistant", "content": "a"}],
        ("stack", "final-assistant-prefilled-with-reasoning"),
    ),
    # What it takes for the prompt of the template is what comes after the text that both kinds of prompt begin with.
    (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% else %}<|end|>{% endif %}",
        [USER, {"role": "assistant", "content": "a"}],
        ("stack", "final-assistant-prefilled-after-cut-prompt"),
    ),
    (
        "\n{% for m in messages %}{{ m.content }}{% endfor %}",
        [USER],
        ("template", "layout.first-newline.block"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("text, messages, expected", CASES)
def test_a_cause_is_confirmed_on_the_server(
    text: str,
    messages: list[dict[str, object]],
    expected: tuple[str, str],
    llama: Runtime,
    reference: Runtime,
    tracer: Tracer,
    bare_engines: BareEngines,
) -> None:
    causes = [(each.origin, each.cause) for each in found(text, messages, [llama], reference, tracer, bare_engines)]
    assert expected in causes
    assert None not in [name for _, name in causes]


def test_one_bug_in_a_loop_is_one_small_mismatch(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = "{% for m in messages if m.content is defined %}{{ m.role }} {{ m.content | tojson }}{% endfor %}"
    compared = compare(Template(text), [minijinja], reference, CompareSettings(), tracer)
    (mismatch,) = compared.targets["minijinja"].mismatches
    assert mismatch.cause == "filter.tojson@html"
    assert len(mismatch.conversation.messages) == 1
    assert len(mismatch.conversation.messages[0]["content"]) == 1


def test_an_engine_that_names_no_line_is_asked_for_every_construct(reference: Runtime, tracer: Tracer) -> None:
    hf = open_runtime("hf-jinja")
    text = "{% for a, b in {1: 2}.items() %}{{ a }}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}"
    try:
        compared = compare(Template(text), [hf], reference, CompareSettings(examples=5), tracer)
    finally:
        hf.close()
    assert all(each.cause is not None for each in compared.targets["hf-jinja"].mismatches)
    assert compared.targets["hf-jinja"].mismatches


@pytest.mark.parametrize("word", ["continue", "break"])
def test_text_that_is_lost_on_leaving_a_loop(word: str, reference: Runtime, tracer: Tracer) -> None:
    hf = open_runtime("hf-jinja")
    text = f"{{% for m in messages %}}{{% if m.role == 'user' %}}{{{{ m.content }}}}{{% {word} %}}{{% endif %}}{{% endfor %}}"
    try:
        compared = compare(Template(text), [hf], reference, CompareSettings(examples=5), tracer)
    finally:
        hf.close()
    causes = {each.cause for each in compared.targets["hf-jinja"].mismatches}
    assert causes == {f"statement.{word}.after-output-in-block"}


def test_an_operator_with_several_values_is_named_by_the_wrong_one(
    llama: Runtime, reference: Runtime, tracer: Tracer, bare_engines: BareEngines
) -> None:
    # Only what the caller says comes to it, not what the server tries at start.
    text = (
        "{% macro has(field) %}{% if field in ['role'] %}yes{% endif %}{% endmacro %}{% for m in messages %}"
        "{{ m.content }}{% if m.content == 'now' %}{{ has('role') }}{{ has(m.nothing) }}{% endif %}{% endfor %}"
    )
    mismatches = found(text, [{"role": "user", "content": "now"}], [llama], reference, tracer, bare_engines)
    assert {each.cause for each in mismatches if each.origin == "template"} == {"in@undefined,list"}


def of_engine(
    text: str, message: dict[str, object], reference: Runtime, tracer: Tracer, target: str = "llama.cpp-engine"
) -> list[Mismatch]:
    engine = opened(target)
    settings = CompareSettings(examples=1, conversations=(Conversation([message]),))
    try:
        return list(compare(Template(text), [engine], reference, settings, tracer).targets[target].mismatches)
    finally:
        engine.close()


def test_an_undefined_value_is_known_by_what_it_was_missing_in(reference: Runtime, tracer: Tracer) -> None:
    # Set at two places, so that no one of them can stand for the name.
    text = (
        "{% for m in messages %}{% set c = m.content %}{% if m.name %}{% set c = m.name %}{% endif %}"
        "{{ m.role + c }}{% endfor %}"
    )
    mismatches = of_engine(text, {"role": "user"}, reference, tracer)
    assert {each.cause for each in mismatches} == {"add@plain,undefined"}


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1])
def test_a_number_that_is_wrong_as_it_is_given(
    number: int, minijinja: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    for text in ("{{ big }}", "{% for k, v in box.items() %}{{ v }}{% endfor %}", "{{ box.big }}"):
        given = Conversation([USER], variables={"big": number, "box": {"big": number}})
        settings = CompareSettings(examples=1, tier=Tier.HOSTILE, conversations=(given,))
        compared = compare(Template(text), [minijinja], reference, settings, tracer)
        found = [each for each in compared.targets["minijinja"].mismatches if each.kind == "output"]
        assert {each.cause for each in found} == {"print@int"}


def test_a_value_that_only_fails_where_it_is_decided_on(reference: Runtime, tracer: Tracer) -> None:
    (mismatch,) = of_engine(
        "{% for m in messages %}{{ m.content }}{% if m['items'] %}!{% endif %}{% endfor %}", USER, reference, tracer
    )
    assert (mismatch.kind, mismatch.cause) == ("target-error", "truthy@function")


def test_an_error_of_the_reference_on_a_lazy_value(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = "{% if tools %}{{ messages | map(attribute='role') | tojson }}{% endif %}{{ messages[0].role }}"
    compared = compare(Template(text), [minijinja], reference, CompareSettings(examples=40), tracer)
    assert {each.cause for each in compared.targets["minijinja"].mismatches} == {"filter.tojson"}


def test_a_call_with_effects_is_known_by_its_fix(reference: Runtime, tracer: Tracer) -> None:
    # What the macro writes to the namespace would be lost if the call's value stood in its place.
    text = (
        "{% set ns = namespace(found=false) %}{% macro ask(value, key=none, strict=false) %}"
        "{% if key is not none %}{% set ns.found = key in value %}{% else %}{% set ns.found = strict %}{% endif %}"
        "{% endmacro %}{% set _ = ask(messages, strict=true) %}{{ ns.found ~ messages[0].role }}"
    )
    (mismatch,) = of_engine(text, USER, reference, tracer)
    assert (mismatch.kind, mismatch.cause, mismatch.code) == ("target-error", "macro.keyword-skips", "PTL506")


def test_an_error_of_the_reference_above_the_operator(reference: Runtime, tracer: Tracer) -> None:
    text = "{% for m in messages %}{% set p = 'a\n' + m.role + '\n' + (m if m.name else '') %}{{ p }}{% endfor %}"
    mismatches = of_engine(text, {**USER, "name": "a"}, reference, tracer, "hf-jinja")
    assert {each.cause for each in mismatches} == {"add@plain,dict"}


def test_a_construct_fails_alone_whichever_of_many_values_it_fails_on(tracer: Tracer) -> None:
    # The ninth mapping is the first without the key; of the key's own values, "missing" is the second.
    parsed = parse(Template("{% for t in tools %}{{ t.name }}{{ t.kind|upper }}{% endfor %}"))
    tools = [{"name": str(number), "kind": "x"} for number in range(8)]
    base = prepare(Conversation([USER], tools=[*tools, {"name": "last"}]))
    hf = open_runtime("hf-jinja")
    try:
        answer = hf.render(parsed.template, base)
        rewriter = Rewriter(parsed, tracer.trace(parsed.template, [base], "values")[0])
        alone = Alone(Subject(parsed, hf, tracer))
        upper = next(node for node in parsed.nodes if isinstance(node, nodes.Filter))
        assert alone.fails(upper, answer, rewriter)
    finally:
        hf.close()


# What cures beside what is wrong: a part of the variable's next value, and a later trim of a text that was trimmed.
_CURED_BESIDE = {
    "part": "{% set c = m.content|trim %}{% if '|' in c %}{% set c = c.split('|')[-1] %}{% endif %}{{ m.role + c }}",
    "later": "{% set c = show(m.content)|trim %}{% if '|' in c %}{% set c = c.split('|')|join('')|trim %}{% endif %}"
    "{% if m.role == 'assistant' %}{{ 'A' + c }}{% endif %}",
}


@pytest.mark.parametrize("body", _CURED_BESIDE.values(), ids=_CURED_BESIDE)
def test_what_is_wrong_itself_goes_before_what_cures(body: str, tracer: Tracer) -> None:
    macro = "{% macro show(c) %}{{ c }}{% endmacro %}"
    parsed = parse(Template(f"{macro}{{% for m in messages %}}{body}{{% endfor %}}"))
    base = prepare(Conversation([USER, {"role": "assistant", "content": "a|\u3000"}, USER]))
    trace = tracer.trace(parsed.template, [base], "values")[0]
    engine = opened("llama.cpp-engine")
    try:
        answer = engine.render(parsed.template, base)
        locus = locate(parsed.text, trace, answer)
        assert locus is not None
        cause = Causes(Subject(parsed, engine, tracer)).find(base, base, answer, locus, Tier.EVERYDAY)
    finally:
        engine.close()
    assert cause.name == "filter.trim@unicode-spaced"
    assert cause.span == parsed.span(next(node for node in parsed.nodes if isinstance(node, nodes.Filter)))


def test_a_dash_that_reaches_over_a_generation_tag(reference: Runtime, tracer: Tracer) -> None:
    # Taking the line breaks after the tags out cures it, too; but this engine does drop those.
    text = (
        "{% for m in messages %}\n{%- if m.content %}{{ m.role }}{% endif %}\n\n  {% generation %}\n\n  {%- if true %}\n"
        "{{- m.content }}\n  {%- endif %}\n{% endgeneration %}\n{%- endfor %}"
    )
    mismatches = of_engine(text, USER, reference, tracer, "hf-jinja")
    assert {(each.cause, each.code) for each in mismatches} == {("layout.generation.before-dash", "PTL703")}


def test_a_method_in_the_place_of_a_key_is_the_cause_of_what_reads_it(
    minijinja: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    text = (
        "{% macro show(p) %}{% if p.type == 'array' %}{{ show(p['items']) }}[]{% else %}{{ p.type }}{% endif %}"
        "{% endmacro %}{% for t in tools or [] %}{{ show(t.function.parameters.properties.x) }}{% endfor %}"
    )
    bare = {"type": "object", "properties": {"x": {"type": "array"}}}
    tool = {"type": "function", "function": {"name": "f", "description": "d", "parameters": bare}}
    settings = CompareSettings(examples=1, conversations=(Conversation([USER], tools=[tool]),))
    compared = compare(Template(text), [minijinja], reference, settings, tracer)
    causes = {each.cause for each in compared.targets["minijinja"].mismatches if each.kind == "target-error"}
    assert "item.shadowed.items.attribute" in causes
    assert None not in causes
