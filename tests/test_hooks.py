"""The hooks that pre-commit reads from this repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOOKS = Path(__file__).parents[1] / ".pre-commit-hooks.yaml"


def values(key: str) -> list[str]:
    found = re.findall(rf"^(?:- |  ){key}: '?(.*?)'?$", HOOKS.read_text("utf-8"), re.MULTILINE)
    assert found
    return found


def test_the_hooks_call_commands_of_the_program() -> None:
    assert values("id") == ["portable-tpl-check", "portable-tpl-fix"]
    assert values("entry") == [
        "portable-tpl check --skip-without-template",
        "portable-tpl fix --skip-without-template",
    ]


@pytest.mark.parametrize(
    "path, wanted",
    [
        ("chat_template.jinja", True),
        ("models/a/additional_chat_templates/tool_use.jinja", True),
        ("models/a/tokenizer_config.json", True),
        ("chat_template.json", True),
        ("models/a/processor_config.json", True),
        ("package.json", False),
        ("my_tokenizer_config.json", False),
        ("site/index.html.j2", False),
    ],
)
def test_the_hooks_take_templates_and_no_other_file(path: str, wanted: bool) -> None:
    assert [bool(re.search(pattern, path)) for pattern in values("files")] == [wanted, wanted]
