"""The ``transformers`` target says what the real transformers package says, and repeats recorded prompts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest

from portable_tpl.model.conversation import DEFAULT_CLOCK, Conversation
from portable_tpl.model.rendering import Failed, Refused, Rendered, Rendering
from portable_tpl.model.source import Template
from portable_tpl.targets.processes._worker import WorkerRuntime
from portable_tpl.targets.registry import find, open_runtime
from tests.targets.conversations import ALL

_ADDRESS = re.compile(r"0x[0-9a-f]+")


@pytest.fixture(scope="module")
def runtime() -> Iterator[WorkerRuntime]:
    with open_runtime("transformers") as opened:
        yield opened


class RealTransformers:
    """``apply_chat_template`` of the installed transformers package, with its clock held still."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        tokenizers = pytest.importorskip("tokenizers")
        transformers = pytest.importorskip("transformers", minversion="5.20")
        from transformers.utils import chat_template_utils

        words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
        self._class: Any = transformers.PreTrainedTokenizerFast
        self._words = words
        self._tokenizers: dict[tuple[tuple[str, str], ...], Any] = {}
        clock = self

        class Clock:
            @staticmethod
            def now() -> datetime:
                return clock.time

        self.time = datetime(2026, 1, 1)
        monkeypatch.setattr(chat_template_utils, "datetime", Clock)

    def render(self, template: Template, conversation: Conversation) -> Rendering:
        optional = {
            "tools": conversation.tools,
            "documents": conversation.documents,
            "add_generation_prompt": conversation.add_generation_prompt,
        }
        arguments: dict[str, Any] = {name: value for name, value in optional.items() if value is not None}
        arguments = {**conversation.variables, **arguments, "chat_template": template.text}
        tokens = conversation.tokens_for(template.special_tokens)
        return self.apply(conversation.messages, tokens, conversation.clock, **arguments)

    def apply(
        self,
        messages: Any,
        tokens: Mapping[str, str],
        clock: str,
        named: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Rendering:
        """One call; ``named`` are the templates of a tokenizer that has several."""
        key = tuple(tokens.items())
        if key not in self._tokenizers:
            self._tokenizers[key] = self._class(tokenizer_object=self._words, **tokens)
        tokenizer = self._tokenizers[key]
        tokenizer.chat_template = None if named is None else dict(named)
        self.time = datetime.fromisoformat(clock)
        try:
            text = tokenizer.apply_chat_template(messages, tokenize=False, **arguments)
        except jinja2.TemplateError as error:
            # Only `raise_exception` raises the class itself; jinja2's own errors are of subclasses.
            if type(error) is jinja2.TemplateError:
                return Refused(str(error))
            return Failed("error", f"{type(error).__name__}: {error}")
        except Exception as error:
            return Failed("error", f"{type(error).__name__}: {error}")
        return Rendered(text)


def differences(
    real: RealTransformers, runtime: WorkerRuntime, templates: Sequence[Template]
) -> list[tuple[str | None, str, Rendering, Rendering]]:
    """Template, conversation, what transformers says and what we say, where these differ in text or in refusal."""
    found = []
    for template in templates:
        ours = runtime.render_all(template, list(ALL.values()))
        for (name, conversation), answer in zip(ALL.items(), ours, strict=True):
            expected, answer = _plain(real.render(template, conversation)), _plain(answer)
            both_failed = (
                isinstance(expected, Failed)
                and isinstance(answer, Failed)
                and answer.kind in ("error", "syntax")
                and (_words(expected) == _words(answer) or "0x" in answer.message)
            )
            if not both_failed and expected != answer:
                found.append((template.path, name, expected, answer))
    return found


def _words(failed: Failed) -> str:
    """The message; of a recursion only the class, since the rest hangs on the depth of the caller's own frames."""
    return "RecursionError" if failed.message.startswith("RecursionError") else failed.message


def _plain(rendering: Rendering) -> Rendering:
    """Without the addresses of Python objects, which no two processes share."""
    return Rendered(_ADDRESS.sub("0x", rendering.text)) if isinstance(rendering, Rendered) else rendering


def test_there_are_everyday_and_odd_conversations() -> None:
    assert len(ALL) >= 40


def test_equals_transformers_on_some_real_templates(
    runtime: WorkerRuntime, corpus_templates: list[Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differences(RealTransformers(monkeypatch), runtime, corpus_templates[::15]) == []


@pytest.mark.sweep
def test_equals_transformers_on_all_real_templates(
    runtime: WorkerRuntime, corpus_templates: list[Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differences(RealTransformers(monkeypatch), runtime, corpus_templates) == []


TRICKY = [
    "{{ messages }}|{{ tools }}|{{ documents }}|{{ add_generation_prompt }}|{{ bos_token }}{{ eos_token }}{{ pad_token }}",
    "{{ messages|tojson(indent=2) }}{{ messages|tojson(ensure_ascii=true, sort_keys=true, separators=(',', ':')) }}",
    "{{ strftime_now('%A %d %B %Y %H:%M:%S|%Z|%j') }}",
    "{% set ns = namespace(_a=1) %}",
    "{% set ns = namespace(a=1) %}{% set ns._b = 2 %}{{ ns._b }}",
    "{{ dict(a=1) }}{{ dict.fromkeys(['a'], 1) }}{{ namespace }}{{ dict }}",
    "{{ raise_exception() }}",
    "{{ raise_exception(messages) }}",
    "{{ raise_exception(nope) }}",
    "{{ raise_exception(message='named') }}",
    "{% generation %} {{ messages|length }} {% endgeneration %}\n x",
    "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.role }}{% break %}{% endfor %}",
    "{{ messages.append(1) }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ range(1000000) }}",
    "{{ 'x' * 3 }}{{ 1 // 0 }}",
    "{{ cycler('a', 'b').next() }}{{ joiner() }}{{ lipsum is defined }}",
    "{{ messages[0].nope.nope }}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{{ enable_thinking is defined }}{{ tools is defined }}{{ documents is none }}",
    "{% if %}",
    "{{ 'unclosed",
    "{{ x | nofilter }}",
    "",
    "\n\n",
    "a\r\nb\r{{ 1 }}\r\n",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "  {% set x = 1 %}  \n  {{ x }}  \n",
]


@pytest.mark.parametrize("text", TRICKY)
def test_equals_transformers_on_tricky_templates(
    runtime: WorkerRuntime, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differences(RealTransformers(monkeypatch), runtime, [Template(text)]) == []


def test_the_engine_repeats_every_recorded_prompt(corpus_dir: Path) -> None:
    """The recorded contexts as they are, None-valued keys and missing flags included."""
    adapter, _ = find("transformers")
    count = 0
    with WorkerRuntime(replace(adapter, context=lambda conversation, _: conversation.variables)) as raw:
        wrong = []
        for golden, template in _goldens(corpus_dir):
            count += 1
            asked = Conversation([], variables=golden["context"], clock=_clock(golden))
            if raw.render(template, asked) != Rendered(golden["expected"]):
                wrong.append(golden["slug"])
    assert count > 0
    assert wrong == []


def test_the_target_repeats_recorded_prompts_as_transformers_does(
    runtime: WorkerRuntime, corpus_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some were recorded with contexts that ``apply_chat_template`` never makes: there, the real one is right."""
    real = RealTransformers(monkeypatch)
    unlike = 0
    for golden, template in _goldens(corpus_dir):
        conversation = _conversation(golden)
        answer = runtime.render(template, conversation)
        if answer != Rendered(golden["expected"]):
            unlike += 1
            assert _is_not_of_the_api(golden["context"]), golden["slug"]
            expected = real.render(template, conversation)
            assert type(answer) is type(expected)
            assert isinstance(answer, Failed) or answer == expected
    assert unlike < 10


def _goldens(corpus_dir: Path) -> Iterator[tuple[dict[str, Any], Template]]:
    for line in (corpus_dir / "goldens.jsonl").read_text("utf-8").splitlines():
        golden = json.loads(line)
        if golden["jinja2_matches"]:
            path = corpus_dir / "templates" / f"{golden['slug']}.jinja"
            yield golden, Template(path.read_bytes().decode("utf-8"))


def _clock(golden: dict[str, Any]) -> str:
    return (golden.get("now") or DEFAULT_CLOCK).removesuffix("Z")


def _conversation(golden: dict[str, Any]) -> Conversation:
    rest = dict(golden["context"])
    return Conversation(
        messages=rest.pop("messages"),
        tools=rest.pop("tools", None),
        documents=rest.pop("documents", None),
        add_generation_prompt=rest.pop("add_generation_prompt", None),
        special_tokens={key: rest.pop(key) for key in ("bos_token", "eos_token") if rest.get(key) is not None},
        variables=rest,
        clock=_clock(golden),
    )


def _is_not_of_the_api(context: dict[str, Any]) -> bool:
    has_none = any(value is None for message in context["messages"] for value in message.values())
    return has_none or "add_generation_prompt" not in context
