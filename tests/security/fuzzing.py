"""Mutated templates and containers through everything: each attempt gives what went wrong, or nothing.

Right is an answer, or one line of bad input; any other exception and any hang is wrong.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.static import parsed_whole, static_findings
from portable_tpl.auditing.time_limit import TooSlow, time_limit
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.differential.run.tracer import Tracer
from portable_tpl.fixing import Prover, fix
from portable_tpl.model.conversation import Tier
from portable_tpl.model.errors import InputError, SourceError
from portable_tpl.model.source import Template
from portable_tpl.release._base import Subject
from portable_tpl.release._inquiry import Engines, Inquiry
from portable_tpl.release._run import inspect_template
from portable_tpl.sources import discover
from portable_tpl.sources.beside import ggufs_beside, tokenizer_of
from portable_tpl.targets.engines.transformers import Reference
from portable_tpl.targets.processes._base import REFERENCE, Limits
from portable_tpl.targets.registry import open_runtime
from portable_tpl.targets.reproduce import reproduce

from .mutations import mutated_bytes, mutated_json, mutated_template
from .test_files import _model, _pair, _text

STATIC = ("minijinja", "hf-jinja", "llama.cpp")
RUN = ("minijinja", "hf-jinja")
_SHORT = Limits(seconds=1)
TEXT = "{% for m in messages %}{{ m.role }}: {{ m.content | trim }}\n{% endfor %}"
CONFIG = {
    "chat_template": [{"name": "default", "template": TEXT}, {"name": "rag", "template": "{{ documents }}"}],
    "bos_token": {"content": "<s>", "lstrip": False},
    "eos_token": "</s>",
    "added_tokens_decoder": {"1": {"content": "<s>", "special": True}},
    "tokenizer_class": "LlamaTokenizer",
    "model_max_length": 10**30,
}
SIDE_FILES: dict[str, object] = {
    "tokenizer.json": {"added_tokens": [{"id": 1, "content": "<s>", "special": True}]},
    "generation_config.json": {"eos_token_id": [1, 2]},
    "special_tokens_map.json": {"bos_token": "<s>", "eos_token": {"content": "</s>"}},
}
GGUF = _model(
    _pair("general.alignment", 4, struct.pack("<I", 32)),
    _pair("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 3) + _text("<s>") + _text("</s>") + _text("a")),
    _pair("tokenizer.ggml.token_type", 9, struct.pack("<IQ3i", 5, 3, 3, 3, 1)),
    _pair("tokenizer.ggml.bos_token_id", 4, struct.pack("<I", 0)),
    _pair("tokenizer.chat_template", 8, _text(TEXT)),
    _pair("x", 9, struct.pack("<IQIQ", 9, 1, 4, 2) + bytes(8)),
)

# Takes the number of an attempt; the text or the bytes that it was about, and what went wrong.
Attempt: TypeAlias = "Callable[[int], tuple[object, str | None]]"


class _Wrong(Exception):
    """What an attempt must not do, in words."""


@contextmanager
def _only_bad_input(seconds: float) -> Iterator[None]:
    try:
        with time_limit(seconds, "mutated"):
            yield
    except TooSlow as error:
        raise _Wrong(f"a hang: {error}") from error
    except InputError as error:
        if "\n" in str(error):
            raise _Wrong(f"more than one line: {error!r}") from error
    except Exception as error:
        raise _Wrong(f"{type(error).__name__}: {error}") from error


def _on_text(
    work: Callable[[Template], object], seconds: float, sources: Sequence[str], seed: int, number: int
) -> tuple[object, str | None]:
    text = mutated_template(sources, number, seed)
    try:
        with _only_bad_input(seconds):
            work(Template(text))
    except _Wrong as wrong:
        return text, str(wrong)
    return text, None


def _check(template: Template) -> None:
    static_findings(parsed_whole(template), STATIC, Tier.EVERYDAY, Choice())


def _fix(prover: Prover, template: Template) -> None:
    parsed_whole(template)
    try:
        result = fix(template, targets=RUN, tier=Tier.EVERYDAY, prover=prover)
    except TooSlow:
        prover.restart()  # it may have been in the middle of an answer
        raise
    parsed_whole(Template(result.text))


@contextmanager
def checking(sources: Sequence[str], seed: int) -> Iterator[Attempt]:
    """Static findings on three targets."""
    yield partial(_on_text, _check, 120, sources, seed)


@contextmanager
def fixing(sources: Sequence[str], seed: int) -> Iterator[Attempt]:
    """All fixes on two engines, proved by one pair of warm references; what comes of them is a template again."""
    with Prover() as prover:
        yield partial(_on_text, partial(_fix, prover), 150, sources, seed)


@contextmanager
def comparing(sources: Sequence[str], seed: int) -> Iterator[Attempt]:
    """Eight conversations on two engines and on the reference."""
    settings = CompareSettings(examples=8, max_seconds=8)
    with Session(list(RUN)) as session:
        yield partial(_on_text, lambda template: session.compare(template, settings), 120, sources, seed)


class _Inspector:
    """The reference, its tracer and one engine, kept warm; opened anew after a hang."""

    def __init__(self) -> None:
        self._open()

    def _open(self) -> None:
        reference, self._tracer = open_runtime(REFERENCE, _SHORT), Tracer()
        assert isinstance(reference, Reference)
        self._running = (reference, open_runtime("minijinja", _SHORT))
        self._engines = Engines(reference, self._tracer, reproduce, {"minijinja": self._running[1]})

    def inspect(self, template: Template) -> None:
        parsed = parsed_whole(template)
        try:
            inspect_template(Subject(parsed), Inquiry(template, self._engines))
        except TooSlow:
            self.close()
            self._open()
            raise

    def close(self) -> None:
        for each in (*self._running, self._tracer):
            each.close()


@contextmanager
def inspecting(sources: Sequence[str], seed: int) -> Iterator[Attempt]:
    """All release checks, with an engine that is asked whether it shows the same."""
    inspector = _Inspector()
    try:
        yield partial(_on_text, inspector.inspect, 120, sources, seed)
    finally:
        inspector.close()


def _either(data: object, choose: random.Random) -> bytes:
    return mutated_json(data, choose) if choose.random() < 0.5 else mutated_bytes(json.dumps(data).encode(), choose)


CONTAINERS: dict[str, Callable[[random.Random], dict[str, bytes]]] = {
    "GGUF": lambda choose: {"x.gguf": mutated_bytes(GGUF, choose)},
    "raw file": lambda choose: {"x.jinja": mutated_bytes(TEXT.encode(), choose)},
    "tokenizer_config.json": lambda choose: {"tokenizer_config.json": _either(CONFIG, choose)},
    "chat_template.json": lambda choose: {"chat_template.json": _either({"chat_template": TEXT}, choose)},
    "processor_config.json": lambda choose: {"processor_config.json": _either({"chat_template": TEXT}, choose)},
    "model folder": lambda choose: {
        "tokenizer_config.json": mutated_json(CONFIG, choose),
        **{name: _either(data, choose) for name, data in SIDE_FILES.items()},
    },
}


def reading(kind: str, folder: Path, seed: int) -> Attempt:
    """A container of this kind is read whole, with what lies beside it, and written anew."""

    def attempt(number: int) -> tuple[object, str | None]:
        place = folder / f"{number}"
        place.mkdir()
        files = CONTAINERS[kind](random.Random(f"{kind}:{seed}:{number}"))
        for name, data in files.items():
            (place / name).write_bytes(data)
        try:
            with _only_bad_input(30):
                _read(place if kind == "model folder" else place / next(iter(files)))
        except _Wrong as wrong:
            return files, str(wrong)
        return files, None

    return attempt


def _read(path: Path) -> None:
    problems: list[SourceError] = []
    for container in discover([str(path)], on_error=problems.append):
        tokenizer_of(container)
        ggufs_beside(container)
        for template in container.templates:
            for chunks in container.contents({template.name: f"{template.text}!"}).values():
                b"".join(chunks)
    lines = [str(problem) for problem in problems if "\n" in str(problem)]
    if lines:
        raise _Wrong(f"more than one line: {lines[0]!r}")


def wrong_of(attempt: Attempt, numbers: Iterable[int]) -> Iterator[str]:
    """A line for each attempt that went wrong: its number, how, and on what."""
    for number in numbers:
        given, wrong = attempt(number)
        if wrong is not None:
            yield f"{number}: {wrong}: {given!r}"
