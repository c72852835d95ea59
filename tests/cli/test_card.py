"""``portable-tpl card``: what a template can do, in three forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portable_tpl.cli import run

TEMPLATE = """\
{%- if messages[0].role == 'system' %}{{ raise_exception('no system messages') }}{% endif %}
{%- set effort = effort | default('high') %}
{%- for t in tools or [] %}{{ t | tojson }}{% endfor %}
{%- for m in messages %}
    {{- '<|im_start|>' + m.role + effort + '|' + (m.content or '') }}
    {%- for c in m.tool_calls or [] %}{{ c.function.name + c.function.arguments | tojson }}{% endfor %}
    {{- '<|im_end|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistanthigh|' }}{% endif %}
"""


@pytest.fixture
def template(tmp_path: Path) -> str:
    path = tmp_path / "t.jinja"
    path.write_text(TEMPLATE, "utf-8")
    return str(path)


def test_facts_as_json(template: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["card", template, "--format", "json"]) == 0
    (card,) = json.loads(capsys.readouterr().out)["templates"]
    answers = {group: {key: fact["answer"] for key, fact in card[group].items()} for group in ("roles", "tools")}
    assert answers["roles"]["system"] is False
    assert "no system messages" in card["roles"]["system"]["note"]
    assert answers["roles"]["system-later"] is True
    assert (
        answers["tools"]["schemas"] is answers["tools"]["arguments-mapping"] is answers["tools"]["parallel"] is True
    )
    assert card["tools"]["arguments-text"] == {"answer": False, "note": "encoded twice"}
    assert answers["tools"]["ids"] is False
    assert card["generation_prompt"] == "<|im_start|>assistanthigh|"
    assert card["variables"] == [{"name": "effort", "switch": False, "defaults": ["high"], "values": []}]
    assert card["training"]["mask"]["answer"] is False


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_facts_for_people(template: str, form: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["card", template, "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "✓" in shown
    assert "–" in shown
    assert "effort" in shown
    output = tmp_path / "card.txt"
    assert run(["card", template, "--format", form, "--output", str(output)]) == 0
    assert output.read_text("utf-8") == shown


def test_a_template_that_takes_nothing_has_no_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.jinja"
    path.write_text("{{ raise_exception('closed') }}", "utf-8")
    assert run(["card", str(path)]) == 2
    assert "closed" in capsys.readouterr().err
