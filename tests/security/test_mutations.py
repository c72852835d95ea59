"""Mutated templates and containers: no exception but our own, and no hang.

The suite draws few; ``nox -s fuzz`` draws as many as ``PORTABLE_TPL_FUZZ`` says, from another seed where
``PORTABLE_TPL_FUZZ_SEED`` names one.
"""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portable_tpl.auditing.choice import Choice
from portable_tpl.auditing.static import parsed_whole, static_findings
from portable_tpl.auditing.time_limit import TooSlow, time_limit
from portable_tpl.differential.run.session import Session
from portable_tpl.differential.run.settings import CompareSettings
from portable_tpl.model.conversation import Tier
from portable_tpl.model.errors import InputError, SourceError
from portable_tpl.model.source import Template
from portable_tpl.sources import discover
from portable_tpl.sources.beside import ggufs_beside, tokenizer_of

from .mutations import mutated_bytes, mutated_json, templates
from .test_files import _model, _pair, _text

COUNT = int(os.environ.get("PORTABLE_TPL_FUZZ", "60"))
SEED = int(os.environ.get("PORTABLE_TPL_FUZZ_SEED", "0"))
SOURCES = [path.read_text("utf-8") for path in sorted((Path(__file__).parents[2] / "corpus").rglob("*.jinja"))][:40]
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


@contextmanager
def _expect_only_bad_input(text: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        if "\n" in str(error) or isinstance(error, TooSlow):
            raise AssertionError(f"{error}: {text}") from error


def test_check_takes_any_text() -> None:
    assert len(SOURCES) > 10
    targets = ("minijinja", "hf-jinja", "llama.cpp")
    for text in templates(SOURCES, COUNT, SEED):
        with _expect_only_bad_input(text), time_limit(20, "mutated"):
            static_findings(parsed_whole(Template(text)), targets, Tier.EVERYDAY, Choice())


def test_compare_takes_any_text() -> None:
    with Session(["minijinja", "hf-jinja"]) as session:
        for text in templates(SOURCES, COUNT // 10, SEED + 1):
            with _expect_only_bad_input(text), time_limit(40, "mutated"):
                session.compare(Template(text), CompareSettings(examples=8, max_seconds=8))


def _either(data: object, choose: random.Random) -> bytes:
    return mutated_json(data, choose) if choose.random() < 0.5 else mutated_bytes(json.dumps(data).encode(), choose)


KINDS: dict[str, Callable[[random.Random], dict[str, bytes]]] = {
    "GGUF": lambda choose: {"x.gguf": mutated_bytes(GGUF, choose)},
    "raw file": lambda choose: {"x.jinja": mutated_bytes(TEXT.encode(), choose)},
    "configuration": lambda choose: {"tokenizer_config.json": _either(CONFIG, choose)},
    "chat_template.json": lambda choose: {"chat_template.json": _either({"chat_template": TEXT}, choose)},
    "model folder": lambda choose: {
        "tokenizer_config.json": mutated_json(CONFIG, choose),
        **{name: _either(data, choose) for name, data in SIDE_FILES.items()},
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_sources_take_any_bytes(kind: str, tmp_path: Path) -> None:
    choose = random.Random(f"{kind}:{SEED}")
    for number in range(COUNT):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in KINDS[kind](choose).items():
            (folder / name).write_bytes(data)
        problems: list[SourceError] = []
        path = folder if kind == "model folder" else next(folder.iterdir())
        for container in discover([str(path)], on_error=problems.append):
            tokenizer_of(container)
            ggufs_beside(container)
            for template in container.templates:
                for chunks in container.contents({template.name: f"{template.text}!"}).values():
                    assert b"".join(chunks)
        assert all("\n" not in str(problem) for problem in problems)
