"""What deployments do around a template, found on the reference."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import pytest

from portable_tpl.checking.pages import page_of
from portable_tpl.differential.attribute.attribution import Attribution
from portable_tpl.differential.attribute.bare_engines import BareEngines
from portable_tpl.differential.compare import compare
from portable_tpl.differential.grouping.identity import Identities
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.differential.subject import Subject
from portable_tpl.differential.triage import Case, Investigation
from portable_tpl.generation.tiers import TierJudge
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed, Mismatch, Rendered, Rendering
from portable_tpl.model.report import verdict
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime
from portable_tpl.targets.steps import all_steps, step
from portable_tpl.targets.steps.prepared import prepare
from portable_tpl.targets.steps.refusals import (
    CONVERSATION_REFUSED,
    REQUEST_REFUSED,
    TEMPLATE_REFUSED,
    UNSUPPORTED_INPUT,
)
from portable_tpl.template.syntax.parsing import parse
from tests.differential.defects import CHAT
from tests.targets.opening import opened

TEMPLATE = Template(CHAT)
PARTS = Conversation([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}])
LAST = Conversation([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "So"}])
TEXT_ARGUMENTS = Conversation(
    [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}],
        },
        {"role": "tool", "content": "x"},
    ]
)
DEVELOPED = Conversation([{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
NOTHING_SAID = Conversation([{"role": "system", "content": None}, {"role": "user", "content": "Hi"}])
IN_PARTS = Conversation(
    [{"role": "system", "content": [{"type": "text", "text": "Be brief."}]}, {"role": "user", "content": "Hi"}]
)
HI = Conversation([{"role": "user", "content": "Hi"}])


class Scripted:
    """A runtime that gives one answer, whatever it is asked."""

    engine, version = "scripted", "1"

    def __init__(self, target: str, answer: Rendering | None, reference: Runtime) -> None:
        self.id, self._answer, self._reference = target, answer, reference

    def render(self, template: Template, conversation: Conversation) -> Rendering:
        return self._answer or self._reference.render(template, conversation)

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        return [self.render(template, conversation) for conversation in conversations]

    def close(self) -> None:
        pass


def attribution(target: str, template: Template, reference: Runtime, tracer: Tracer) -> Attribution:
    return Attribution(Subject(parse(template), Scripted(target, None, reference), tracer))


@pytest.mark.parametrize(
    "conversation, names",
    [
        (PARTS, ("parts-joined",)),
        (HI, ("enable-thinking-set",)),
        (HI, ("enable-thinking-cleared",)),
        (LAST, ("final-assistant-prefilled",)),
        (TEXT_ARGUMENTS, ("null-content-to-empty", "arguments-parsed")),
        (TEXT_ARGUMENTS, ("null-content-to-empty", "arguments-parsed", "enable-thinking-set")),
        (DEVELOPED, ("developer-to-system", "system-merged")),
        (NOTHING_SAID, ("null-content-to-empty", "system-merged")),
        (IN_PARTS, ("parts-joined", "system-merged")),
    ],
)
def test_the_smallest_set_is_found(
    conversation: Conversation, names: tuple[str, ...], reference: Runtime, tracer: Tracer
) -> None:
    made = prepare(conversation, [step(name) for name in names])
    (told,) = tracer.trace(TEMPLATE, [made], "pieces")
    assert isinstance(told.rendering, Rendered)
    (found,) = attribution("llama.cpp", TEMPLATE, reference, tracer).explain([conversation], [told.rendering])
    assert found.complete
    assert set(found.names) == set(names)


def test_a_prefill_with_the_template_s_marks_of_reasoning(reference: Runtime, tracer: Tracer) -> None:
    text = (
        "{% for m in messages %}<{{ m.role }}>{% if m.reasoning_content %}[{{ m.reasoning_content }}]{% endif %}"
        "{{ m.content }}{% endfor %}"
    )
    stack = attribution("llama.cpp", Template(text), reference, tracer)
    (found,) = stack.explain([LAST], [Rendered("<user>Hi<assistant>[]So")])
    assert found.complete
    assert found.names == ("final-assistant-prefilled-with-reasoning",)


def test_a_condition_that_the_server_takes_out(reference: Runtime, tracer: Tracer) -> None:
    text = (
        '{% for message in messages %}{%- if "<|channel|>analysis<|message|>" in message.content or '
        '"<|channel|>final<|message|>" in message.content %}no{% endif %}{{ message.content }}{% endfor %}'
    )
    said = "<|channel|>final<|message|>"
    asked = [
        Conversation([{"role": "user", "content": said}]),
        Conversation([{"role": "user", "content": [{"type": "text", "text": said}]}]),
    ]
    stack = attribution("llama.cpp", Template(text), reference, tracer)
    found = stack.explain(asked, [Rendered(said), Rendered(said)])
    assert [each.complete for each in found] == [True, True]
    assert [set(each.names) for each in found] == [{"template-patched"}, {"parts-joined", "template-patched"}]


def test_what_explained_one_answer_is_known_of_others(reference: Runtime, tracer: Tracer) -> None:
    stack = attribution("llama.cpp", TEMPLATE, reference, tracer)
    told = tracer.trace(TEMPLATE, [prepare(PARTS, [step("parts-joined")])], "text")[0].rendering
    assert stack.explained([PARTS], [told]) == [False]
    assert stack.explain([PARTS], [told])[0].complete
    assert stack.explained([PARTS, HI, PARTS], [told, told, Rendered("x")]) == [True, False, False]


def test_equal_answers_need_no_explanation(reference: Runtime, tracer: Tracer) -> None:
    (told,) = tracer.trace(TEMPLATE, [HI], "pieces")
    assert attribution("llama.cpp", TEMPLATE, reference, tracer).explain([HI], [told.rendering])[0].same


def test_what_no_set_explains_gets_the_nearest_base(reference: Runtime, tracer: Tracer) -> None:
    (told,) = tracer.trace(TEMPLATE, [prepare(PARTS, [step("parts-joined")])], "pieces")
    assert isinstance(told.rendering, Rendered)
    answer = Rendered(told.rendering.text.replace("<|user|>a\nb", "<|user|>a\nB"))
    stack = attribution("llama.cpp", TEMPLATE, reference, tracer)
    (found,) = stack.explain([PARTS], [answer])
    assert not found.complete
    assert stack.base(PARTS, found.changes).messages[0]["content"] == "a\nb"


def test_engines_have_no_stack(reference: Runtime, tracer: Tracer) -> None:
    (found,) = attribution("minijinja", TEMPLATE, reference, tracer).explain([HI], [Rendered("x")])
    assert (found.same, found.complete, found.changes) == (False, False, ())


class OneTwin(BareEngines):
    def __init__(self, bare: Runtime) -> None:
        super().__init__()
        self._twin = bare

    def of(self, target: str) -> Runtime | None:
        return self._twin


def investigate(answer: Rendering, bare: Rendering | None, reference: Runtime, tracer: Tracer) -> list[Mismatch]:
    target = Scripted("llama.cpp", answer, reference)
    bare_engines = OneTwin(Scripted("llama.cpp-engine", bare, reference))
    investigation = Investigation(Subject(parse(TEMPLATE), target, tracer, bare_engines), TierJudge(), lambda: False)
    investigation.add([Case(HI, Tier.EVERYDAY, reference.render(TEMPLATE, HI), answer)])
    return list(investigation.mismatches)


def test_an_error_that_the_engine_does_not_make_is_the_stacks(reference: Runtime, tracer: Tracer) -> None:
    (mismatch,) = investigate(Failed("error", "no image here"), None, reference, tracer)
    assert (mismatch.origin, mismatch.cause, mismatch.decides) == ("stack", REQUEST_REFUSED, False)


def test_an_error_that_the_engine_makes_too_is_the_templates(reference: Runtime, tracer: Tracer) -> None:
    failure = Failed("error", "no such filter", 1)
    (mismatch,) = investigate(failure, failure, reference, tracer)
    assert (mismatch.origin, mismatch.decides) == ("template", True)


def test_text_that_the_engine_does_not_print_is_the_stacks(reference: Runtime, tracer: Tracer) -> None:
    (mismatch,) = investigate(Rendered("quite other"), None, reference, tracer)
    assert (mismatch.origin, mismatch.cause, mismatch.decides) == ("stack", None, False)


def test_what_cannot_be_given_does_not_decide(reference: Runtime, tracer: Tracer) -> None:
    (mismatch,) = investigate(Failed("unsupported", "no surrogates"), None, reference, tracer)
    assert (mismatch.origin, mismatch.cause, mismatch.decides) == ("stack", UNSUPPORTED_INPUT, False)


def test_what_does_not_come_back_is_no_mismatch(reference: Runtime, tracer: Tracer) -> None:
    target = Scripted("minijinja", None, reference)
    investigation = Investigation(Subject(parse(TEMPLATE), target, tracer), TierJudge(), lambda: False)
    investigation.add([Case(HI, Tier.EVERYDAY, Rendered("a"), Failed("timeout", "slow"))])
    assert investigation.mismatches == ()


# -- deployments, whose list of steps is known ---------------------------------------------------------------------------

WITH_CALL = Conversation(
    [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": "so",
            "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {}}}],
        },
        {"role": "tool", "content": "4"},
    ]
)
SHOWN = Template(
    "{% for m in messages %}{{ m.role }}:{{ m.content }}{% if m.tool_calls %}!{% endif %};{% endfor %}"
    "{% if add_generation_prompt %}go{% endif %}{{ x }}"
)


@pytest.mark.parametrize(
    "target, conversation, names",
    [
        ("tgi", WITH_CALL, ("messages-flattened", "generation-prompt-always")),
        ("tgi", Conversation([{"role": "user", "content": "Hi"}], variables={"x": 1}, add_generation_prompt=True),
         ("variables-not-passed",)),
        ("tgi", Conversation([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "so"}],
                             add_generation_prompt=True), ("cut-behind-answer",)),
        ("vllm", PARTS, ("messages-rebuilt-with-strings",)),
        ("dynamo", Conversation([{"role": "assistant", "content": "so", "reasoning_content": "hm"}]),
         ("reasoning-put-into-content",)),
        ("dynamo", WITH_CALL, ("fitting-request-required",)),
        ("smg", PARTS, ("unstructured-parts-joined", "generation-prompt-always")),
        ("mistral.rs", Conversation([{"role": "user", "content": "Hi"}], variables={"x": 1}), ("variables-limited",)),
    ],
)  # fmt: skip
def test_what_a_deployment_does_is_its_steps(
    target: str, conversation: Conversation, names: tuple[str, ...], reference: Runtime, tracer: Tracer
) -> None:
    with opened(target) as runtime, closing(BareEngines()) as engines:
        investigation = Investigation(Subject(parse(SHOWN), runtime, tracer, engines), TierJudge(), lambda: False)
        answer = runtime.render(SHOWN, conversation)
        investigation.add([Case(conversation, Tier.EVERYDAY, reference.render(SHOWN, conversation), answer)])
        (mismatch,) = investigation.mismatches
    assert (mismatch.origin, mismatch.decides) == ("stack", False)
    assert mismatch.cause is not None
    assert set(mismatch.cause.split("+")) <= set(names)


def test_what_the_engine_does_is_the_template_s(reference: Runtime, tracer: Tracer) -> None:
    """TGI's engine does not trim, whatever the steps around it do to the same conversation."""
    template = Template("{% for m in messages %}\n  {% if true %}\n{{ m.content }}\n  {% endif %}\n{% endfor %}")
    with opened("tgi") as runtime, closing(BareEngines()) as engines:
        investigation = Investigation(Subject(parse(template), runtime, tracer, engines), TierJudge(), lambda: False)
        answer = runtime.render(template, PARTS)
        investigation.add([Case(PARTS, Tier.EVERYDAY, reference.render(template, PARTS), answer)])
        (mismatch,) = investigation.mismatches
    assert (mismatch.origin, mismatch.decides) == ("template", True)
    assert mismatch.cause is not None
    assert mismatch.cause.startswith("layout.")


def test_a_case_without_a_part_of_the_engine_is_not_the_engine_s(reference: Runtime, tracer: Tracer) -> None:
    """smg makes parts of a text: both conversations print a list there, but of the text's the engine prints none."""
    template = Template(
        "{{ messages[0].content | trim }}{% for m in messages[1:] %}{% if m.content is not string %}"
        "{% for part in m.content %}{{ part.text }}{% endfor %}{% endif %}{% endfor %}"
    )
    text = Conversation([{"role": "user", "content": "a"}])
    parts = Conversation([{"role": "user", "content": [{"type": "text", "text": "a"}]}])
    with opened("smg") as runtime, closing(BareEngines()) as engines:
        identities = Identities(Subject(parse(template), runtime, tracer, engines))
        answers = runtime.render_all(template, [text, parts])
        assert answers[0] == answers[1] == Rendered('[{"type": "text", "text": "a"}]')
        (group,) = identities.of([parts], answers[1:])
        assert group is not None
        assert group.origin == "template"
        assert identities.hold(group, [text, parts], lambda: answers) == [False, True]


_CALLS_AS_PRINTED = (
    "{% for m in messages %}<|{{ m.role }}|>{% for c in m.tool_calls or [] %}\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments }}}{% endfor %}{{ m.content or "" }}'
    "<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_FIRST_OF_ALL = (
    "{% if messages[0].role != 'system' %}{{ raise_exception('System first') }}{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
)


@pytest.mark.parametrize(
    "text, cause", [(_CALLS_AS_PRINTED, "print@dict"), (_FIRST_OF_ALL, TEMPLATE_REFUSED)], ids=["calls", "raises"]
)
def test_a_template_that_the_server_does_not_start_with_serves_nobody(
    text: str, cause: str, reference: Runtime, tracer: Tracer
) -> None:
    """llama.cpp's server tries templates at its start; the engine alone renders these conversations."""
    asked = Conversation([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    settings = CompareSettings(examples=10, conversations=(asked,))
    with opened("llama.cpp") as runtime, closing(BareEngines()) as engines:
        compared = compare(Template(text), [runtime], reference, settings, tracer, engines).targets["llama.cpp"]
    assert verdict(compared) == "fails"
    (mismatch,) = [each for each in compared.mismatches if each.origin == "template"]
    assert (mismatch.cause, mismatch.decides, type(mismatch.reference)) == (cause, True, Rendered)


def test_every_cause_of_a_stack_has_a_page() -> None:
    refusals = (REQUEST_REFUSED, UNSUPPORTED_INPUT, CONVERSATION_REFUSED, TEMPLATE_REFUSED)
    for name in (*(each.name for each in all_steps()), *refusals):
        page = page_of(name)
        assert page is not None
        assert page.startswith(f"# {name}\n")
        assert "## Source" in page
    joined = page_of("parts-joined+enable-thinking-set")
    assert joined is not None
    assert "# parts-joined\n" in joined
    assert "# enable-thinking-set\n" in joined
    assert page_of("parts-joined+no-such-step") is None
