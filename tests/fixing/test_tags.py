"""Generation tags are put in where they are asked for by name, and change no prompt."""

from __future__ import annotations

from portable_tpl.fixing import fix
from portable_tpl.model.source import Template

BRANCHES = """\
{%- for m in messages %}
    {%- if m.role == 'assistant' %}
        {{- '<|assistant|>' + m.content + '<|end|>' }}
    {%- else %}
        {{- '<|' + m.role + '|>' + m.content + '<|end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}
"""


def test_tags_go_after_the_header_where_they_are_asked_for() -> None:
    result = fix(Template(BRANCHES), ["hf-jinja"], unsafe=True, select=["REL104"])
    assert [finding.code for finding in result.applied] == ["REL104"]
    assert "{{- '<|assistant|>' }}{% generation %}{{ m.content + '<|end|>' }}{% endgeneration %}" in result.text
    again = fix(Template(result.text), ["hf-jinja"], unsafe=True, select=["REL104"])
    assert (again.text, again.applied, again.refused) == (result.text, (), ())


def test_nobody_gets_tags_unasked() -> None:
    assert "generation %}" not in fix(Template(BRANCHES), ["hf-jinja"], unsafe=True).text
    assert fix(Template(BRANCHES), ["hf-jinja"], select=["REL104"]).text == BRANCHES
