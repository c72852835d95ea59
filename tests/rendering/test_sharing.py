"""Forks and threads: each prompt is the caller's own, and nothing is raised that is not ours."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

import portable_tpl as pt
from portable_tpl.rendering.prompts import warm_runtime

TEXT = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{% if not loop.last %}|{% endif %}{% endfor %}"
    "{{ tools | tojson }}{{ strftime_now('%Y') }}{% generation %}{{ messages[0].content }}{% endgeneration %}"
)
CHAT = pt.compile(TEXT)
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


def check_prompts(who: str, rounds: int, render: Callable[..., str]) -> None:
    """Make prompts that tell who asked for them, at which time; raises at the first that is another's."""
    for number in range(rounds):
        content, year = f" {who} {number} ", str(1900 + number % 100)
        made = render([{"role": "user", "content": content}], clock=f"{year}-01-01")
        assert made == f"<user>{content.strip()}null{year}{content}", made


def in_children(work: Callable[[str], None], count: int = 4) -> list[int]:
    """The exit statuses of children that were forked and did the work."""
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            try:
                work(f"child {number} of {os.getpid()}")
            except BaseException:
                os._exit(1)
            os._exit(0)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


@forks
def test_children_and_parent_share_a_compiled_template() -> None:
    CHAT.render([{"role": "user", "content": "warm"}])
    for _ in range(5):
        assert in_children(lambda who: check_prompts(who, 300, CHAT.render)) == [0] * 4
        check_prompts("parent", 100, CHAT.render)


@forks
def test_children_do_not_share_a_worker() -> None:
    def isolated(messages: Any, **options: Any) -> str:
        return pt.render(TEXT, messages, isolated=True, **options)

    check_prompts("parent", 3, isolated)
    worker = warm_runtime("transformers")
    before = worker.pid  # type: ignore[attr-defined]
    for _ in range(3):
        assert in_children(lambda who: check_prompts(who, 20, isolated)) == [0] * 4
        check_prompts("parent", 20, isolated)
    assert worker.pid == before  # type: ignore[attr-defined]


def test_threads_share_a_compiled_template_and_a_worker() -> None:
    failures: list[BaseException] = []

    def run(who: str) -> None:
        try:
            check_prompts(who, 200, CHAT.render)
            check_prompts(who, 10, lambda messages, **options: pt.render(TEXT, messages, isolated=True, **options))
            for number in range(100):
                content = f"{who} {number}"
                prompt = CHAT.render_with_spans([{"role": "user", "content": content}], clock="2026-01-01")
                assert [prompt.text[start:end] for start, end in prompt.spans] == [content]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failures


def test_a_compiled_template_can_be_sent_to_another_process() -> None:
    template = pt.Template("x", special_tokens={"a": "b"}, tokenizer="K", container=("f", 3))
    copied = pickle.loads(pickle.dumps(template))
    assert (copied, copied.tokenizer, copied.container) == (template, "K", ("f", 3))
    named = {"default": pt.Template("D{{ bos_token }}", special_tokens={"bos_token": "<b>"})}
    template = pt.Template("T", "tool_use", named=named)
    messages = [{"role": "user", "content": "Hi"}]
    for chat, expected in ((pt.compile(template), "D<b>"), (pt.compile(template, "tool_use"), "T")):
        for each in (chat, pickle.loads(pickle.dumps(chat))):
            assert each.render(messages) == expected
