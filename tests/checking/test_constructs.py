"""``check`` says of each construct of a chat template what the engines make of it in a few plain conversations.

``constructs.json`` has loop controls, macros and call blocks, filters and tests with all sorts of arguments, namespaces,
slices, methods, blocks and white-space control; what each prints depends little on what is said, so that three
conversations are enough to see whether an engine agrees.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from portable_tpl.checking.linting import lint
from portable_tpl.model.conversation import Conversation
from portable_tpl.model.rendering import Failed, Rendering, same
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._base import REFERENCE
from portable_tpl.targets.registry import open_runtime
from portable_tpl.template.syntax.parsing import ParsedTemplate, parse
from tests.targets.opening import expect

TEMPLATES: tuple[str, ...] = tuple(json.loads(Path(__file__).with_name("constructs.json").read_text("utf-8")))
_CALL = {"type": "function", "id": "c1", "function": {"name": "f", "arguments": {"a": "b"}}}
_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
CONVERSATIONS = (
    Conversation([{"role": "user", "content": "Hi"}], add_generation_prompt=True),
    Conversation(
        [
            {"role": "system", "content": "It's <b>\n"},
            {"role": "user", "content": "é 中"},
            {"role": "assistant", "content": "a\nb"},
            {"role": "user", "content": "  q "},
        ],
        add_generation_prompt=True,
    ),
    Conversation(
        [
            {"role": "user", "content": "x & y"},
            {"role": "assistant", "content": "", "tool_calls": [_CALL]},
            {"role": "tool", "content": "r", "name": "f", "tool_call_id": "c1"},
        ],
        tools=[{"type": "function", "function": {"name": "f", "description": "d", "parameters": _SCHEMA}}],
    ),
)


@cache
def cases() -> list[tuple[ParsedTemplate, list[Rendering]]]:
    """Each template with what the reference makes of the conversations."""
    with open_runtime(REFERENCE) as reference:
        every = [parse(Template(text)) for text in TEMPLATES]
        return [(parsed, list(reference.render_all(parsed.template, CONVERSATIONS))) for parsed in every]


@pytest.mark.parametrize("target", ["minijinja", "hf-jinja", "llama.cpp-engine", "minja-engine"])
def test_check_agrees_with_the_engine(target: str) -> None:
    expect(target)
    wrong = []
    with open_runtime(target) as engine:
        for parsed, expected in cases():
            answers = engine.render_all(parsed.template, CONVERSATIONS)
            breaks = any(
                not isinstance(right, Failed) and not same(right, answer)
                for right, answer in zip(expected, answers, strict=True)
            )
            said = sorted({finding.feature for finding in lint(parsed, (target,))})
            if breaks != bool(said):
                wrong.append(f"{'missed' if breaks else f'said {said} of'}: {parsed.text}")
    assert not wrong, "\n".join(wrong)
