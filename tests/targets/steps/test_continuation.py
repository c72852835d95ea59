"""Continuing the final message gives the prompts, and the refusals, of transformers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portable_tpl.model.conversation import Conversation
from portable_tpl.model.errors import RenderError
from portable_tpl.model.rendering import Rendered
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.steps.continuation import cut_after_final_message, mark_final_message

_KEEPS = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}"
_TRIMS = "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</>{% endfor %}"
_PARTS = "{% for m in messages %}{% for p in m.content %}{{ p.text | default('?') }};{% endfor %}</>{% endfor %}"
_THINKS = "{% for m in messages %}<think>{{ m.reasoning_content }}</think>{{ m.content }}</>{% endfor %}"
_OLD_THINKS = "{% for m in messages %}<think>{{ m.thinking }}</think>{{ m.content }}</>{% endfor %}"
_DROPS = "{% for m in messages %}{{ m.role }}{# content #}{% endfor %}"
_REPEATS = "{% for m in messages %}{{ m.content }}{% endfor %}|{{ messages[-1].content }}</>"

USER = {"role": "user", "content": "Hi"}


def assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


CASES: list[tuple[str, list[dict[str, Any]], bool | str]] = [
    (_KEEPS, [USER, assistant("Hello th")], True),
    (_KEEPS, [USER, assistant("Hello th  ")], True),
    (_KEEPS, [USER, assistant("")], True),
    (_TRIMS, [USER, assistant("Hello th  ")], True),
    (_TRIMS, [USER, assistant("  Hello")], "content"),
    (_PARTS, [USER, assistant([{"type": "text", "text": "A"}, {"type": "text", "text": "B "}])], True),
    (_PARTS, [USER, assistant([{"type": "text", "text": "A"}, {"type": "image"}])], True),
    (_PARTS, [USER, assistant([{"type": "image"}])], True),
    (_THINKS, [assistant("x", reasoning_content="hm")], "reasoning_content"),
    (_THINKS, [assistant("x", thinking="hm")], "thinking"),
    (_THINKS, [assistant("x", thinking="hm")], "reasoning_content"),
    (_OLD_THINKS, [assistant("x", reasoning="hm ")], "reasoning"),
    (_OLD_THINKS, [assistant("x", reasoning="hm", thinking="other")], "thinking"),
    (_KEEPS, [assistant("x", reasoning_content="hm")], "reasoning_content"),
    (_KEEPS, [USER, assistant(None)], True),
    (_KEEPS, [USER, {"role": "assistant"}], True),
    (_KEEPS, [], True),
    (_KEEPS, [USER, assistant(5)], True),
    (_DROPS, [USER, assistant("Hello")], True),
    (_REPEATS, [USER, assistant("Hello")], True),
    (_KEEPS, [USER], True),
]


@pytest.fixture(scope="module")
def runtime() -> Iterator[WorkerRuntime]:
    with open_runtime("transformers") as opened:
        yield opened


def continued(runtime: WorkerRuntime, template: Template, conversation: Conversation, name: bool | str) -> str | None:
    try:
        marked, continuation = mark_final_message(conversation, template.text, name)
        answer = runtime.render(template, marked)
        assert isinstance(answer, Rendered), answer
        return cut_after_final_message(answer.text, continuation)
    except RenderError:
        return None


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_transformers(runtime: WorkerRuntime, case: tuple[str, list[dict[str, Any]], bool | str]) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    text, messages, name = case
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words)
    try:
        expected = tokenizer.apply_chat_template(
            messages, chat_template=text, tokenize=False, continue_final_message=name
        )
    except (ValueError, TypeError):
        expected = None
    assert continued(runtime, Template(text), Conversation(messages), name) == expected


def test_cases_hold_prompts_and_refusals(runtime: WorkerRuntime) -> None:
    prompts = [continued(runtime, Template(text), Conversation(messages), name) for text, messages, name in CASES]
    assert "<user>Hi</><assistant>Hello th" in prompts
    assert prompts.count(None) >= 5


def test_excludes_a_generation_prompt() -> None:
    with pytest.raises(RenderError, match="exclude each other"):
        mark_final_message(Conversation([USER], add_generation_prompt=True), _KEEPS)


def test_leaves_the_conversation_alone() -> None:
    conversation = Conversation([USER, assistant([{"type": "text", "text": "A"}], thinking="t")])
    before = conversation.to_json()
    mark_final_message(conversation, _KEEPS)
    assert conversation.to_json() == before
    assert conversation.messages[1]["content"][0]["text"] == "A"
