"""Whole comparisons on real engines."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

import pytest

from portable_tpl.differential.compare import compare
from portable_tpl.differential.run.plain import from_plain, to_plain
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.rendering import Failed, Mismatch, Rendering
from portable_tpl.model.report import Comparison, Verdict, verdict
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Runtime

QUICK = CompareSettings(examples=50)


def run(
    text: str, target: Runtime, reference: Runtime, tracer: Tracer, settings: CompareSettings = QUICK
) -> tuple[Comparison, tuple[Mismatch, ...]]:
    comparison = compare(Template(text, path="t.jinja"), [target], reference, settings, tracer)
    return comparison, comparison.targets[target.id].mismatches


def verdicts(comparison: Comparison, tier: Tier = Tier.EVERYDAY) -> dict[str, Verdict]:
    return {target: verdict(found, tier) for target, found in comparison.targets.items()}


CAUSES = [
    ("{{ messages[-1].content.strip() }}", "method.str.strip", "PTL101", 1),
    (
        "{% for m in messages %}\n{% if m.content.startswith('a') %}a{% endif %}{% endfor %}",
        "method.str.startswith",
        "PTL101",
        2,
    ),
    (
        "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
        "statement.generation",
        None,
        1,
    ),
    (
        "{% if tools %}\n{% for k, v in tools[0].function.items() %}{{ k }}{% endfor %}{% endif %}x",
        "method.dict.items",
        "PTL101",
        2,
    ),
    ("{% set x = messages[0].content.split('a') %}\n{{ x[0] }}", "method.str.split", "PTL101", 1),
    (
        "{% macro f(m) %}{{ m.content.strip() }}{% endmacro %}\n{% for m in messages %}{{ f(m) }}{% endfor %}",
        "method.str.strip",
        "PTL101",
        1,
    ),
]


@pytest.mark.parametrize("text, cause, code, line", CAUSES)
def test_the_cause_of_an_error(
    text: str, cause: str, code: str | None, line: int, strict: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    comparison, mismatches = run(text, strict, reference, tracer)
    assert verdicts(comparison) == {"minijinja-strict": "fails"}
    assert [each.cause for each in mismatches] == [cause]
    assert mismatches[0].line == line
    assert mismatches[0].kind == "target-error"
    if code is not None:
        assert mismatches[0].code == code


def test_markup_in_tojson_is_one_bug_with_its_smallest_conversation(
    minijinja: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    text = "{% if tools %}\n{{ tools|tojson }}{% endif %}{{ messages[0].content }}"
    comparison, mismatches = run(text, minijinja, reference, tracer)
    assert verdicts(comparison) == {"minijinja": "differs"}
    (mismatch,) = mismatches
    assert mismatch.cause == "filter.tojson@html"
    assert mismatch.line == 2
    assert mismatch.origin == "template"
    assert mismatch.tier is Tier.ORDINARY
    assert mismatch.cases > 1
    function = mismatch.conversation.tools[0]["function"]  # type: ignore[index]
    assert sorted(function) == ["description", "name", "parameters"]
    assert function["parameters"] == {"type": "object"}
    assert len(function["description"]) + len(function["name"]) == 2


def test_two_bugs_in_one_template_stay_two(strict: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = (
        "{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content.strip() }}\n"
        "{% else %}{{ m.content }}{% endif %}{% endfor %}\n"
        "{% if tools %}{{ tools[0].function.name.title() }}{% endif %}"
    )
    _, mismatches = run(text, strict, reference, tracer)
    assert {(each.cause, each.line) for each in mismatches} == {("method.str.strip", 1), ("method.str.title", 3)}


def test_a_portable_template_is_portable(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '\\n' }}{% endfor %}"
    comparison, mismatches = run(text, minijinja, reference, tracer)
    assert mismatches == ()
    assert verdicts(comparison) == {"minijinja": "portable"}
    compared = comparison.targets["minijinja"]
    assert compared.identical + compared.failed == comparison.cases
    assert compared.identical > 0.9 * comparison.cases


def test_equal_seeds_give_equal_bytes(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = "{% for m in messages %}{{ m|tojson }}{% if m.role == 'judge' %}{{ m.score }}{% endif %}{% endfor %}"
    comparison, _ = run(text, minijinja, reference, tracer)
    first = to_plain(comparison)
    other = Tracer()
    assert to_plain(run(text, minijinja, reference, other)[0]) == first
    other.close()
    other_seed = CompareSettings(examples=50, seed=1)
    assert from_plain(Comparison, json.loads(json.dumps(first))) == comparison
    assert to_plain(run(text, minijinja, reference, tracer, other_seed)[0]) != first


def test_given_conversations_come_first_whatever_their_tier(
    minijinja: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    odd = Conversation([{"role": "user", "content": 7}])
    text = "{% if messages[0].content == 7 %}{{ 'a'.rsplit('b')[0] }}{% endif %}"
    settings = CompareSettings(examples=30, conversations=(odd,))
    comparison, mismatches = run(text, minijinja, reference, tracer, settings)
    assert [each.tier for each in mismatches] == [Tier.HOSTILE]
    assert mismatches[0].conversation.messages == [{"content": 7}]
    assert verdicts(comparison) == {"minijinja": "portable"}
    assert verdicts(comparison, Tier.HOSTILE) == {"minijinja": "fails"}


def test_stranger_tiers_find_more(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = "{% for m in messages %}{% if m.content is defined or m.tool_calls %}{{ m.content }}{% else %}{{ 'a,b'.rsplit(',')[0] }}{% endif %}{% endfor %}"
    everyday, _ = run(text, minijinja, reference, tracer)
    extended, mismatches = run(text, minijinja, reference, tracer, CompareSettings(examples=60, tier=Tier.EXTENDED))
    assert verdicts(everyday) == {"minijinja": "portable"}
    assert verdicts(extended, Tier.EXTENDED) == {"minijinja": "fails"}
    assert verdicts(extended, Tier.EVERYDAY) == {"minijinja": "portable"}
    assert {each.tier for each in mismatches} == {Tier.EXTENDED}


def test_what_is_only_in_a_stranger_tier_is_compared(reference: Runtime, tracer: Tracer) -> None:
    """However many everyday conversations come before: a target sees the big numbers, and the nulls."""
    asked: list[str] = []

    class Listening:
        id, engine, version = "listening", "jinja2", "1"

        def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
            asked.extend(each.key for each in conversations)
            return reference.render_all(template, conversations)

        def render(self, template: Template, conversation: Conversation) -> Rendering:
            return self.render_all(template, [conversation])[0]

        def close(self) -> None:
            pass

    text = "{% for m in messages %}{{ m.role ~ (m.tool_calls or tools)|tojson }}{% endfor %}"
    compare(Template(text), [Listening()], reference, CompareSettings(tier=Tier.HOSTILE), tracer)
    assert any(str(2**63) in key for key in asked)
    assert any('"tool_calls":null' in key for key in asked)


def test_refusals_are_compared_by_message(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = "{% if messages[0].role == 'system' %}{{ raise_exception('no ' ~ {'a': none}) }}{% endif %}x"
    same_text = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}x"
    assert run(same_text, minijinja, reference, tracer)[1] == ()
    comparison, mismatches = run(text, minijinja, reference, tracer)
    assert verdicts(comparison)["minijinja"] in ("differs", "portable")
    assert all(each.kind == "target-error" for each in mismatches)


def test_accidents_of_the_reference_do_not_decide(minijinja: Runtime, reference: Runtime, tracer: Tracer) -> None:
    text = "{% for d in documents %}{{ d.title }}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}"
    comparison, mismatches = run(text, minijinja, reference, tracer)
    accident = next(each for each in mismatches if each.kind == "reference-error")
    assert not accident.decides
    assert accident.cause == "for@none"
    assert verdicts(comparison) == {"minijinja": "portable"}


def test_the_command_names_the_file_and_holds_the_conversation(
    strict: Runtime, reference: Runtime, tracer: Tracer
) -> None:
    _, (mismatch,) = run("{{ messages[0].content.strip() }}", strict, reference, tracer)
    words = shlex.split(mismatch.reproduce)
    assert words[:3] == ["portable-tpl", "render", "t.jinja"]
    assert json.loads(words[words.index("--conversation") + 1]) == mismatch.conversation.to_json()
    assert words[words.index("--target") + 1] == "minijinja-strict"
    assert "\n" not in mismatch.reproduce


def test_requests_that_a_target_refuses_are_replaced(reference: Runtime, tracer: Tracer) -> None:
    """One that takes no pictures is compared on as many conversations as any other."""

    class Picky:
        id, engine, version = "picky", "jinja2", "1"

        def render(self, template: Template, conversation: Conversation) -> Rendering:
            return self.render_all(template, [conversation])[0]

        def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
            answers = reference.render_all(template, conversations)
            refusal = Failed("error", "unsupported content[].type")
            return [
                refusal if '"type":"image"' in conversation.key else answer
                for conversation, answer in zip(conversations, answers, strict=True)
            ]

        def close(self) -> None:
            pass

    text = (
        "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content or [] %}"
        "{% if p.type == 'image' %}<img>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}{% endfor %}"
    )
    comparison = compare(Template(text), [Picky()], reference, CompareSettings(), tracer)
    result = comparison.targets["picky"]
    (mismatch,) = result.mismatches
    assert (mismatch.origin, mismatch.decides) == ("stack", False)
    assert result.cases == comparison.cases
    assert result.identical == result.cases - result.failed
