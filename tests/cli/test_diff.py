"""``portable-tpl diff``: what it says of two containers, in every format, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import portable_tpl as pt
from portable_tpl.reports import formats

from .conftest import PLAIN, STRIP, Cli

SCHEMA = json.loads((Path(__file__).parents[1] / "reports" / "schema_v1.json").read_text("utf-8"))
TAGGED = "{% for m in messages %}{{ m.role }}: {% generation %}{{ m.content }}\n{% endgeneration %}{% endfor %}"


@pytest.fixture(autouse=True)
def written(folder: Path) -> None:
    (folder / "same.jinja").write_text(PLAIN.replace("m in", "one in").replace("m.", "one."))
    (folder / "tagged.jinja").write_text(TAGGED)
    (folder / "named.json").write_text(
        json.dumps({"chat_template": [{"name": name, "template": PLAIN} for name in ("default", "rag")]})
    )


@pytest.mark.parametrize(
    "old, new, status, words",
    [
        ("plain.jinja", "plain.jinja", 0, "same bytes"),
        ("plain.jinja", "same.jinja", 0, "same prompts in "),
        ("plain.jinja", "strip.jinja", 1, "prompts differ in "),
        ("named.json", "plain.jinja", 1, "only the old one holds it"),
        ("plain.jinja", "named.json", 1, "only the new one holds it"),
        ("plain.jinja", "tagged.jinja", 0, "training: the prompts are the same; the new one has generation blocks"),
    ],
)
def test_status_and_words(cli: Cli, old: str, new: str, status: int, words: str) -> None:
    result = cli("diff", old, new)
    assert (result.status, result.stderr) == (status, "")
    assert words in " ".join(result.out.split())
    assert max(map(len, result.out.splitlines())) <= 80
    assert len(result.out.splitlines()) <= 40


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("plain.jinja", "nowhere.jinja"), "no such file"),
        (("unclosed.jinja", "plain.jinja"), "does not parse"),
        (("plain.jinja", "named.json", "--name", "rag"), "no template named 'rag'"),
        (("named.json", "plain.jinja", "--target", "nothing"), "nothing"),
        (("named.json", "named.json", "--name", "tool_use"), "no template named"),
        (("-", "-"), "standard input"),
    ],
)
def test_trouble_is_a_line(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    result = cli("diff", *arguments)
    assert result.status == 2
    (line,) = result.lines
    assert words in line


def test_json_is_documented(cli: Cli) -> None:
    result = cli("diff", "plain.jinja", "strip.jinja", "--format", "json")
    jsonschema.Draft202012Validator(SCHEMA).validate(result.json)
    (template,) = result.json["differences"]
    assert template["likeness"] == "differs"
    (difference,) = template["differences"]
    assert difference["change"]["old"]["text"] == "{{ m.content }}"
    assert difference["change"]["new"]["text"] == "{{ m.content.strip() }}"
    assert difference["old"]["text"][: difference["offset"]] == difference["new"]["text"][: difference["offset"]]


@pytest.mark.parametrize("form", formats())
def test_every_format_says_it(cli: Cli, form: str) -> None:
    result = cli("diff", "plain.jinja", "strip.jinja", "--format", form, "--output", "out")
    assert result.status == 1
    text = Path("out").read_text("utf-8")
    assert "strip.jinja" in text
    assert "m.content.strip()" in text


def test_a_name_is_compared_alone(cli: Cli) -> None:
    assert cli("diff", "named.json", "named.json", "--name", "rag").out.endswith("same bytes\n")


def test_another_target_renders_both(cli: Cli) -> None:
    result = cli("diff", "plain.jinja", "strip.jinja", "--target", "minijinja-strict", "--format", "json")
    (target,) = result.json["targets"]
    assert target["id"] == "minijinja-strict"
    (difference,) = result.json["differences"][0]["differences"]
    assert difference["new"]["error"]


def test_from_python() -> None:
    (difference,) = pt.diff("plain.jinja", pt.Template(STRIP), examples=20)
    assert difference.likeness == "differs"
    found: Any = difference.differences[0]
    assert found.change.new_text == "{{ m.content.strip() }}"
