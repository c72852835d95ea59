"""What holds on the reference is asked again on the engines that run, by its meaning and not by its text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from portable_tpl.model.conversation import Conversation, Tier
from portable_tpl.model.findings import Severity
from portable_tpl.model.rendering import Failed, Rendered, Rendering, Sample
from portable_tpl.model.source import Template
from portable_tpl.release._base import Subject
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.release._run import inspect_template
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import parse
from tests.release.conftest import Inspect

_END = """\
{%- for m in messages %}{{ '<|' ~ m.role ~ '|>' ~ m.content }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}
"""
_LAST = """\
{%- for m in messages %}{{ '<|' ~ m.role ~ '|>' ~ m.content ~ '<|end|>' }}
    {%- if loop.last %}{{ eos_token }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}
"""
# The reference prints True.
_PYTHON = """\
{%- for m in messages %}
    {{- m.content | tojson }}
    {%- for call in m.tool_calls or [] %}{{ call.function.arguments.place_name }}{% endfor %}
{%- endfor %}
"""


@pytest.fixture(scope="module")
def with_minijinja(engines: Engines) -> Iterator[Engines]:
    runtime = open_runtime("minijinja")
    yield replace(engines, targets={"minijinja": runtime})
    runtime.close()


def test_a_fault_that_an_engine_shows_names_it(inspect: Inspect, with_minijinja: Engines) -> None:
    (finding,) = inspect(_END, "REL101", engines=with_minijinja).findings
    assert finding.targets == ("transformers", "minijinja")
    assert "not on" not in finding.message


class _Json:
    """An engine that prints values as JSON."""

    id = engine = "json"
    version = "1"

    def render(self, _template: Template, conversation: Conversation) -> Rendering:
        return Rendered(json.dumps(conversation.messages))

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        return [self.render(template, conversation) for conversation in conversations]

    def close(self) -> None:
        """Nothing runs."""


def test_a_fault_that_an_engine_does_not_show_says_so(inspect: Inspect, engines: Engines) -> None:
    (finding,) = inspect(_PYTHON, "REL115", engines=replace(engines, targets={"json": _Json()})).findings
    assert finding.targets == ("transformers",)
    assert finding.message.endswith("; not on json")


def test_a_server_that_writes_the_answer_itself_is_in_neither_list(inspect: Inspect, engines: Engines) -> None:
    # llama.cpp's server never shows a final assistant's turn to the template: its prompt proves nothing of that.
    never = "{%- for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endfor %}"
    for name, says in (("llama.cpp", ""), ("json", "; not on json")):
        (finding,) = inspect(never, "REL102", engines=replace(engines, targets={name: _Json()})).findings
        assert finding.targets == ("transformers",)
        assert finding.message.endswith(says or "is missing there")


class _Broken(_Json):
    """An engine that takes no template."""

    def render(self, _template: Template, conversation: Conversation) -> Rendering:
        return Failed("error", "it does not know that")


def test_an_engine_that_gives_no_prompt_is_in_neither_list(inspect: Inspect, engines: Engines) -> None:
    for text, code in ((_PYTHON, "REL115"), (_END, "REL101")):
        (finding,) = inspect(text, code, engines=replace(engines, targets={"broken": _Broken()})).findings
        assert finding.targets == ("transformers",)
        assert "not on" not in finding.message


def test_the_branch_that_went_another_way_is_named(inspect: Inspect) -> None:
    (finding,) = inspect(_LAST, "REL101").findings
    assert finding.witness is not None
    assert finding.witness.condition == "loop.last"
    assert finding.witness.line == finding.location.line == 2
    shorter, longer = (exhibit.rendering.text for exhibit in finding.witness.exhibits[:2])  # type: ignore[union-attr]
    assert finding.witness.difference is not None
    assert shorter[: finding.witness.difference] == longer[: finding.witness.difference]


def test_a_branch_that_both_prompts_took_is_not_named(inspect: Inspect) -> None:
    # Both end without the generation prompt: it is the loop that goes on.
    (finding,) = inspect(_END, "REL101").findings
    assert finding.witness is not None
    assert finding.witness.condition is None
    assert "another way" not in finding.message
    assert finding.witness.line == finding.location.line == 2


def test_a_header_that_ends_every_prompt_stands_where_it_is_printed(inspect: Inspect) -> None:
    always = (
        "{%- for m in messages %}\n{{- '<|' + m.role + '|>' + m.content }}\n{%- endfor %}\n{{- '<|assistant|>' }}"
    )
    (finding,) = inspect(always, "REL102").findings
    assert (finding.location.line, finding.witness and finding.witness.line) == (4, 4)


def test_one_place_that_breaks_several_turns_is_one_finding(inspect: Inspect) -> None:
    calls = "{% for call in m.tool_calls or [] %}{{ call.function | tojson }}{% endfor %}"
    (finding,) = inspect(_END.replace("{% endfor %}", calls + "{% endfor %}"), "REL101").findings
    assert finding.severity is Severity.ERROR
    # The end of text is printed once, after a reply and after a call.
    assert "tool's result" in finding.message


def test_what_cannot_be_asked_is_said(inspect: Inspect) -> None:
    inspection = inspect("{{ raise_exception('nothing is taken') }}", "REL101", "REL113")
    assert not inspection.findings
    assert [each.code for each in inspection.unasked] == ["REL101", "REL113"]
    assert "nothing is taken" in inspection.unasked[0].reason


def test_tags_are_offered_only_where_the_branch_is_clear(inspect: Inspect) -> None:
    branch = (
        "{%- for m in messages %}{% if m.role == 'assistant' %}{{ '<|a|>' + m.content + '<|e|>' }}"
        "{% else %}{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|a|>' }}{% endif %}"
    )
    (finding,) = inspect(branch, "REL104").findings
    assert finding.fix is not None
    (edit, _) = finding.fix.edits
    assert edit.text == " }}{% generation %}{{ "
    (unclear,) = inspect(
        "{%- for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}", "REL104"
    ).findings
    assert unclear.fix is None


def test_failures_count_in_the_conversations_of_the_tier_that_are_for_the_template(engines: Engines) -> None:
    template = Template("{%- for m in messages %}{{ m.role + m.content }}{% endfor %}")
    call = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}
    strange = Conversation([{"role": "user"}])
    sample = [
        Sample(conversation, tier, engines.reference.render(template, conversation))
        for conversation, tier in ((Conversation([call]), Tier.EVERYDAY), (strange, Tier.EXTENDED))
    ]
    for tier, count in ((Tier.EVERYDAY, 0), (Tier.EXTENDED, 1)):
        inquiry = Inquiry(template, engines, sample, tier)
        findings = inspect_template(Subject(parse(template)), inquiry, ["REL107"]).findings
        assert [finding.affected.affected for finding in findings if finding.affected] == [1] * count
        assert [finding.severity for finding in findings] == [Severity.WARNING] * count


class _Loaded(_Json):
    """An engine of a loaded machine: the first answer to each batch comes too late."""

    def render_all(self, template: Template, conversations: Sequence[Conversation]) -> list[Rendering]:
        answers = super().render_all(template, conversations)
        return [Failed("timeout", "too late"), *answers[1:]] if len(answers) > 1 else answers


def test_an_answer_that_came_too_late_is_asked_for_again(engines: Engines) -> None:
    template = Template("{{ messages }}")
    conversations = [Conversation([{"role": "user", "content": text}]) for text in ("one", "two")]
    inquiry = Inquiry(template, replace(engines, targets={"json": _Loaded()}))
    assert all(isinstance(answer, Rendered) for answer in inquiry.replay("json", conversations))
