"""The difference between two templates: each reason once, with its smallest conversation and the change behind it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from portable_tpl.differential.between.changes import change_of, stretches, without
from portable_tpl.differential.between.compare import difference_between
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.model.difference import Change, Place, TemplateDifference
from portable_tpl.model.errors import InputError, TemplateSyntaxError
from portable_tpl.model.rendering import Failed, Refused, Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import Limits, Runtime
from portable_tpl.targets.registry import open_runtime

Differ = Callable[..., TemplateDifference]

TEXT = """\
{%- if messages[0].role == 'system' %}{{- '<|system|>' + messages[0].content + '\\n' }}{% endif %}
{%- for m in messages %}
    {%- if m.role == 'user' %}
        {{- '<|user|>' + m.content + '\\n' }}
    {%- elif m.role == 'assistant' %}
        {{- '<|assistant|>' + (m.content or '') + '\\n' }}
        {%- for call in m.tool_calls or [] %}
            {{- call.function | tojson }}
        {%- endfor %}
    {%- elif m.role == 'tool' %}
        {{- '<|tool|>' ~ m.content ~ '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>' }}
{%- endif %}
"""


@pytest.fixture
def differ(reference: Runtime, tracer: Tracer) -> Differ:
    def between(old: str, new: str, **fields: object) -> TemplateDifference:
        other = Template(new, **fields)  # type: ignore[arg-type]
        return difference_between(Template(old), other, reference, tracer)

    return between


def changed(*changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    "old, new",
    [
        ("a\nb\nc\n", "a\nX\nc\nd\n"),
        ("", "new"),
        ("{% if a %}1{% else %}2{% endif %}", "{% if b %}1{% else %}2{% endif %}"),
        ("one\n" * 5, "two\n" * 3),
        (TEXT, TEXT[::-1]),
    ],
)
def test_what_is_undone_everywhere_is_the_old_text(old: str, new: str) -> None:
    found = stretches(old, new)
    assert without(found, old, new) == old
    assert all(old[each.start : each.end] != new[each.new_start : each.new_end] for each in found)


def test_lines_of_a_change_count_in_their_own_text() -> None:
    old, new = "a\nb\nc\n", "0\na\nb\nX\n"
    (_, last) = stretches(old, new)
    change = change_of(last, old, new)
    assert (change.old_line, change.old_text, change.new_line, change.new_text) == (3, "c\n", 4, "X\n")


def test_same_bytes(differ: Differ) -> None:
    difference = differ(TEXT, TEXT)
    assert (difference.likeness, difference.differences) == ("same-bytes", ())


def test_same_prompts(differ: Differ) -> None:
    difference = differ(TEXT, changed(("m.role == 'user'", "'user' == m.role")))
    assert (difference.likeness, difference.differences) == ("same-prompts", ())
    assert difference.cases > 100


def test_each_change_is_a_reason(differ: Differ) -> None:
    new = changed(("<|user|>", "<|human|>"), ("'<|tool|>' ~", "'<|result|>' ~"))
    difference = differ(TEXT, new)
    first, second = difference.differences
    assert [message["role"] for message in first.conversation.messages] == ["user"]
    text = "{{- '<|user|>' + m.content + '\\n' }}"
    assert first.change == Change(4, text, 4, text.replace("user", "human"))
    assert first.places == (Place(4, "m.role == 'user'"),) * 2
    assert [message["role"] for message in second.conversation.messages][-1] == "tool"
    # No result comes without a question, so that the old prompt parts from the new one before it.
    assert second.change is not None
    assert second.change.new_line == 11
    assert isinstance(second.without, Rendered)
    assert isinstance(second.new, Rendered)
    assert second.new.text[second.offset :].startswith("result|>")
    assert difference.differing == first.cases + second.cases + difference.several


def test_a_refusal_is_a_difference(differ: Differ) -> None:
    line = "{%- if m.role == 'user' %}"
    refusal = "{%- if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}"
    difference = differ(TEXT, changed((line, refusal + line)))
    (only,) = difference.differences
    assert only.new == Refused("no tools")
    assert only.offset is None
    assert only.change is not None
    assert "raise_exception" in only.change.new_text


def test_a_template_without_a_tokenizer_takes_the_other_ones_tokens(differ: Differ) -> None:
    text = "{{- bos_token }}" + TEXT
    difference = differ(text, text, special_tokens={"bos_token": "<bos>", "eos_token": "</s>"})
    assert difference.likeness == "same-bytes"


def test_tokens_of_two_tokenizers(reference: Runtime, tracer: Tracer) -> None:
    text = "{{- bos_token }}" + TEXT
    old, new = (Template(text, special_tokens={"bos_token": token}) for token in ("<s>", "<bos>"))
    (only,) = difference_between(old, new, reference, tracer).differences
    assert only.tokens == {"bos_token": ("<s>", "<bos>")}
    assert only.change is None


def test_templates_with_little_in_common_have_places(differ: Differ) -> None:
    difference = differ(TEXT, "{%- for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}")
    assert difference.likeness == "differs"
    (first, *_) = difference.differences
    assert first.change is None
    assert [place.line for place in first.places if place is not None] == [4, 1]


def test_a_training_twin_has_blocks(differ: Differ) -> None:
    inside = "{{- '<|assistant|>' + (m.content or '') + '\\n' }}"
    new = changed((inside, "{%- generation %}" + inside + "{%- endgeneration %}"))
    difference = differ(TEXT, new)
    assert difference.likeness == "same-prompts"
    assert difference.generation == (False, True)


def test_one_that_does_not_parse_is_an_error(differ: Differ) -> None:
    with pytest.raises(TemplateSyntaxError):
        differ(TEXT, "{% if %}")


def test_equal_runs_are_equal(differ: Differ) -> None:
    new = changed(("<|user|>", "<|human|>"))
    assert differ(TEXT, new) == differ(TEXT, new)


def test_templates_that_never_end_are_not_called_equal() -> None:
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    with open_runtime("transformers", Limits(seconds=0.3)) as runtime, closing(Tracer(Limits(seconds=0.3))) as tracer:
        settings = CompareSettings(examples=4, max_seconds=3)
        with pytest.raises(InputError, match="nothing could be compared"):
            difference_between(Template(loop), Template(loop + "x"), runtime, tracer, settings)


def test_conversation_that_failed_by_accident_has_no_prompt_to_be_kept(differ: Differ) -> None:
    failing = TEXT.replace("(m.content or '')", "m.content")
    difference = differ(failing, TEXT)
    assert (difference.likeness, difference.repaired) == ("same-prompts", difference.differing)
    assert difference.repaired > 0
    assert all(each.is_repair for each in difference.differences)
    back = differ(TEXT, failing)
    assert (back.likeness, back.repaired) == ("differs", 0)


def test_change_without_which_the_new_template_fails_as_well_is_no_reason(differ: Differ) -> None:
    old = TEXT.replace("{%- for m in messages %}", "{%- for m in messages %}{% set text = m.content or '' %}")
    old = old.replace("(m.content or '')", "text")
    new = TEXT.replace("(m.content or '')", "m.content")
    difference = differ(old, new)
    assert difference.likeness == "differs"
    for each in difference.differences:
        assert not (isinstance(each.before, Failed) and isinstance(each.new, Failed))
